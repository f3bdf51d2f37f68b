// What stores of earlier versions lack, by the version. What was released never changes. Tables and columns are the parts of
// the schema, the same as in a new store; what becomes of rows that are there already stands here.
import { ISSUERS } from './issuer-schema.ts'
import { PARTS } from './parts.ts'
import { HAPPENED, LEDGER, NAMES_AND_KEYS, PARTIES, SEARCHES } from './schema.ts'
import { IN_FORCE, NEWEST_LISTS, WATCHING } from './watch-schema.ts'
import { POSTGRESQL, SQLITE } from './words.ts'

/** Who had a certificate or an invitation before there was a table of parties. */
const KNOWN_PARTIES = `
INSERT INTO party (name, created_at)
  SELECT party, min(at)
  FROM (SELECT party, issued_at AS at FROM certificate UNION ALL SELECT party, created_at FROM invitation) AS seen
  GROUP BY party;
`

/** Those that there were in that version, whatever there are now. */
const PROFILES_OF_10 = [
  'client',
  'server',
  'service',
  'device',
  'person',
  'person-encryption',
  'short-lived',
  'admin',
  'ocsp-responder',
] as const

/** The root and the one that issued, before there could be others. */
const KNOWN_ISSUERS: string = `
INSERT INTO issuer (name, kind, id, state, key_place, spki_sha256, created_at)
  SELECT profile, CASE profile WHEN 'root' THEN 'root' ELSE 'intermediate' END, id, 'active', profile || '.key',
    spki_sha256, issued_at
  FROM certificate WHERE id <= 2 AND profile IN ('root', 'issuing');
INSERT INTO issuer_profile SELECT name, 'intermediate', 1 FROM issuer WHERE kind = 'root';
${PROFILES_OF_10.map((profile) => `INSERT INTO issuer_profile SELECT name, '${profile}', 1 FROM issuer WHERE kind = 'intermediate';`).join('\n')}
`

/** Of SQLite: lists refer to issuers that have no certificate, too, and a reference cannot be taken away. */
const LISTS_OF_ALL: string = `
CREATE TABLE crl_9 (
  issuer INTEGER NOT NULL,
  number INTEGER NOT NULL,
  der BLOB NOT NULL,
  this_update INTEGER NOT NULL,
  next_update INTEGER NOT NULL,
  covers INTEGER NOT NULL,
  warn_at INTEGER,
  PRIMARY KEY (issuer, number)
) STRICT;
INSERT INTO crl_9 SELECT issuer, number, der, this_update, next_update, covers, warn_at FROM crl;
DROP TABLE crl;
ALTER TABLE crl_9 RENAME TO crl;
CREATE INDEX crl_warn ON crl (warn_at) WHERE warn_at IS NOT NULL;
`

/**
 * Of what is there already. Until now it was not written what took whose place: of one party and profile, each renewal is
 * held for that of the certificate before it. What had ended before the newest was issued is told of no more.
 */
const WATCHED_SO_FAR = `
UPDATE certificate SET succeeded_by = line.following
  FROM (
    SELECT id, lead(id) OVER own AS following, lead(method) OVER own AS method, lead(revoked_at) OVER own AS revoked_at
    FROM certificate WINDOW own AS (PARTITION BY party, profile ORDER BY id)
  ) AS line
  WHERE line.id = certificate.id AND line.method IN ('certificate', 'local', 'self') AND line.revoked_at IS NULL;
UPDATE certificate SET warn_at = not_before + (not_after - not_before) * 3 / 4
  WHERE revoked_at IS NULL AND succeeded_by IS NULL AND profile <> 'ssh-user'
    AND not_after > (SELECT max(issued_at) FROM certificate);
UPDATE party_key SET
  ends_at = coalesce((SELECT max(not_after) FROM certificate WHERE certificate.spki_sha256 = party_key.spki_sha256), 0),
  compromised_at = (
    SELECT min(revoked_at) FROM certificate
    WHERE certificate.spki_sha256 = party_key.spki_sha256 AND reason = 'keyCompromise'
  );
UPDATE crl SET warn_at = this_update + (next_update - this_update) * 3 / 4
  WHERE number = (SELECT max(number) FROM crl AS newest WHERE newest.issuer = crl.issuer);
`

/** Who certifies the authority's own responders certifies its time-stamps. */
const TIME_STAMPING = `
INSERT INTO issuer_profile
  SELECT issuer, 'time-stamping', signs FROM issuer_profile WHERE profile = 'ocsp-responder';
`

const DENIED = 'ALTER TABLE certificate ADD COLUMN denied TEXT'

/**
 * For SQLite, from the version before each: what it lacks.
 *
 * Version 1 knew two kinds of events; what refers to them goes on to. Versions 1 and 2 had names as JSON alone, and found
 * the owner of a key among the certificates.
 */
export const SQLITE_UPGRADES: Readonly<Record<number, string>> = {
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
  2: `
${NAMES_AND_KEYS(SQLITE)}
INSERT OR IGNORE INTO certificate_name
  SELECT certificate.id, json_extract(name.value, '$.kind'), json_extract(name.value, '$.value')
  FROM certificate, json_each(certificate.names) AS name;
INSERT INTO party_key
  SELECT spki_sha256, min(party), min(issued_at), min(revoked_at) FROM certificate GROUP BY spki_sha256;
ALTER TABLE event ADD COLUMN node TEXT;
DROP INDEX certificate_key;
CREATE INDEX certificate_key ON certificate (spki_sha256, id);
`,
  3: SEARCHES,
  // Events have any kind that the program knows.
  4: `
PRAGMA defer_foreign_keys = ON;
CREATE TABLE event_4 AS SELECT sequence, at, kind, node FROM event;
DROP TABLE event;
CREATE TABLE event (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  node TEXT
) STRICT;
INSERT INTO event SELECT sequence, at, kind, node FROM event_4 ORDER BY sequence;
CREATE INDEX event_status ON event (sequence) WHERE kind = 'status';
DROP TABLE event_4;
${PARTIES(SQLITE)}${KNOWN_PARTIES}`,
  5: DENIED,
  // What was done before is in no ledger.
  6: LEDGER(SQLITE),
  7: HAPPENED(SQLITE),
  8: `${WATCHING(SQLITE)}${WATCHED_SO_FAR}`,
  9: `${LISTS_OF_ALL}${ISSUERS(SQLITE)}${KNOWN_ISSUERS}`,
  10: NEWEST_LISTS,
  11: IN_FORCE,
  12: PARTS(SQLITE),
  13: TIME_STAMPING,
}

/** For PostgreSQL, which begins with version 3. */
export const POSTGRESQL_UPGRADES: Readonly<Record<number, string>> = {
  3: SEARCHES,
  4: `ALTER TABLE event DROP CONSTRAINT event_kind_check;${PARTIES(POSTGRESQL)}${KNOWN_PARTIES}`,
  5: DENIED,
  6: LEDGER(POSTGRESQL),
  7: HAPPENED(POSTGRESQL),
  8: `${WATCHING(POSTGRESQL)}${WATCHED_SO_FAR}`,
  9: `ALTER TABLE crl DROP CONSTRAINT crl_issuer_fkey;${ISSUERS(POSTGRESQL)}${KNOWN_ISSUERS}`,
  10: NEWEST_LISTS,
  11: IN_FORCE,
  12: PARTS(POSTGRESQL),
  13: TIME_STAMPING,
}
