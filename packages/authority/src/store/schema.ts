// What the authority remembers. Times are epoch milliseconds, hashes and DER are octets, names are JSON.
// Each statement's cost is independent of how much is stored: every question has its index.

/** `PRAGMA user_version` of the schema below. */
export const SCHEMA_VERSION = 2

export const SCHEMA = `
CREATE TABLE certificate (
  id INTEGER PRIMARY KEY,
  -- The row of the issuer; the root's own for the root.
  issuer INTEGER NOT NULL,
  -- Hexadecimal, two digits for each octet, without leading zero octets.
  serial TEXT NOT NULL,
  sha256 BLOB NOT NULL UNIQUE,
  spki_sha256 BLOB NOT NULL,
  party TEXT NOT NULL,
  profile TEXT NOT NULL,
  names TEXT NOT NULL,
  der BLOB NOT NULL,
  not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  -- How its holder was proved, and what shows it.
  method TEXT NOT NULL,
  evidence TEXT NOT NULL,
  revoked_at INTEGER,
  reason TEXT,
  -- The event that told it.
  revoked_by INTEGER REFERENCES event (sequence),
  CHECK ((revoked_at IS NULL) = (reason IS NULL) AND (revoked_at IS NULL) = (revoked_by IS NULL)),
  UNIQUE (issuer, serial)
) STRICT;
CREATE INDEX certificate_serial ON certificate (serial);
CREATE INDEX certificate_key ON certificate (spki_sha256);
CREATE INDEX certificate_party ON certificate (party, id);
CREATE INDEX certificate_current ON certificate (not_after, id) WHERE revoked_at IS NULL;
CREATE INDEX certificate_revoked ON certificate (issuer, not_after) WHERE revoked_at IS NOT NULL;
CREATE INDEX certificate_told ON certificate (issuer, revoked_by) WHERE revoked_at IS NOT NULL;
CREATE INDEX certificate_revoked_id ON certificate (id) WHERE revoked_at IS NOT NULL;

CREATE TABLE invitation (
  -- HMAC-SHA256 of the token's secret; the secret itself is not kept.
  id BLOB PRIMARY KEY,
  -- Secret; erased when the invitation has expired.
  mac_key BLOB,
  party TEXT NOT NULL,
  profile TEXT NOT NULL,
  names TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  spent_at INTEGER,
  -- SHA-256 of the request that spent it, and what it got: the same request may ask again.
  request_sha256 BLOB,
  certificate INTEGER REFERENCES certificate (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_expires ON invitation (expires_at) WHERE mac_key IS NOT NULL;
CREATE INDEX invitation_party ON invitation (party) WHERE mac_key IS NOT NULL;

CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('status', 'crl', 'policy', 'trust'))
) STRICT;
CREATE INDEX event_status ON event (sequence) WHERE kind = 'status';

CREATE TABLE crl (
  issuer INTEGER NOT NULL REFERENCES certificate (id),
  number INTEGER NOT NULL,
  der BLOB NOT NULL,
  this_update INTEGER NOT NULL,
  next_update INTEGER NOT NULL,
  -- The newest status event that it knows.
  covers INTEGER NOT NULL,
  PRIMARY KEY (issuer, number)
) STRICT;

CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

/** From the version before each: what it lacks. Version 1 knew two kinds of events; what refers to them goes on to. */
export const SCHEMA_UPGRADES: Readonly<Record<number, string>> = {
  1: `
PRAGMA defer_foreign_keys = ON;
CREATE TABLE event_1 AS SELECT sequence, at, kind FROM event;
DROP TABLE event;
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('status', 'crl', 'policy', 'trust'))
) STRICT;
INSERT INTO event SELECT sequence, at, kind FROM event_1 ORDER BY sequence;
CREATE INDEX event_status ON event (sequence) WHERE kind = 'status';
DROP TABLE event_1;
`,
}
