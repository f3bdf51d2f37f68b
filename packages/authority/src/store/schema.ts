// What the authority remembers, in one schema for both databases. Each statement's cost is independent of how much is
// stored: every question has its index.
//
// A part that was released never changes: older stores got it by an upgrade. What is new is another part behind it, here
// and in both lists of `upgrades.ts`.
import { ISSUERS } from './issuer-schema.ts'
import { PARTS } from './parts.ts'
import { IN_FORCE, NEWEST_LISTS, WATCHING } from './watch-schema.ts'
import { POSTGRESQL, SQLITE, type Words } from './words.ts'

/** The version of the schema below. */
export const SCHEMA_VERSION = 14

/** What certificates are searched by, and whose a key is. */
export const NAMES_AND_KEYS = ({ integer, text, octets, withoutRowid }: Words): string => `
CREATE TABLE certificate_name (
  certificate ${integer} NOT NULL REFERENCES certificate (id),
  kind ${text} NOT NULL,
  value ${text} NOT NULL,
  PRIMARY KEY (certificate, kind, value)
) ${withoutRowid};
CREATE INDEX certificate_name_value ON certificate_name (value, certificate);

CREATE TABLE party_key (
  spki_sha256 ${octets} PRIMARY KEY,
  party ${text} NOT NULL,
  first_seen ${integer} NOT NULL,
  -- Of the first of its certificates that was revoked.
  revoked_at ${integer}
) ${withoutRowid};
CREATE INDEX party_key_party ON party_key (party, first_seen);
`

/** What is searched for, in the order of its pages. */
export const SEARCHES = `
CREATE INDEX certificate_profile ON certificate (profile, not_after, id);
CREATE INDEX certificate_issuer ON certificate (issuer, not_after, id);
`

/** Everybody who was invited or certified. */
export const PARTIES = ({ integer, text, withoutRowid }: Words): string => `
CREATE TABLE party (
  name ${text} PRIMARY KEY,
  kind ${text},
  owner ${text},
  -- What it may do as an administrator.
  role ${text},
  created_at ${integer} NOT NULL,
  locked_at ${integer},
  lock_reason ${text},
  lock_until ${integer},
  CHECK (locked_at IS NOT NULL OR (lock_reason IS NULL AND lock_until IS NULL))
) ${withoutRowid};
CREATE INDEX party_kind ON party (kind, name);
CREATE INDEX party_owner ON party (owner, name);
CREATE INDEX party_role ON party (role, name);
CREATE INDEX party_locked ON party (name) WHERE locked_at IS NOT NULL;

CREATE TABLE party_label (
  party ${text} NOT NULL REFERENCES party (name),
  label ${text} NOT NULL,
  PRIMARY KEY (party, label)
) ${withoutRowid};
CREATE INDEX party_label_label ON party_label (label, party);
`

/** What was done, on its way to the ledger. */
export const LEDGER = ({ sequence, integer, octets, strict }: Words): string => `
CREATE TABLE ledger_entry (
  id ${sequence},
  octets ${octets} NOT NULL,
  -- Its number in the ledger, without gaps; NULL until it is given.
  position ${integer} UNIQUE
) ${strict};
CREATE INDEX ledger_entry_waiting ON ledger_entry (id) WHERE position IS NULL;
`

/** What happened, in one order for those who follow; and what was answered to whom, for those who ask again. */
export const HAPPENED = ({ integer, text, octets, strict }: Words): string => `
-- Its number among all that happened, from 1, without gaps but those of a restored backup; NULL until it is given.
ALTER TABLE ledger_entry ADD COLUMN number ${integer};
-- 0 for what is told and is no act: that is not in the tree.
ALTER TABLE ledger_entry ADD COLUMN in_tree ${integer} NOT NULL DEFAULT 1;
UPDATE ledger_entry SET number = position + 1;
CREATE UNIQUE INDEX ledger_entry_number ON ledger_entry (number);
DROP INDEX ledger_entry_waiting;
CREATE INDEX ledger_entry_waiting ON ledger_entry (id) WHERE number IS NULL;

-- Rows of ledger_entry.
ALTER TABLE certificate ADD COLUMN issued_entry ${integer};
ALTER TABLE certificate ADD COLUMN revoked_entry ${integer};

CREATE TABLE answer (
  caller ${text} NOT NULL,
  -- Of the key that the caller gave, which is not kept.
  key_sha256 ${octets} NOT NULL,
  request_sha256 ${octets} NOT NULL,
  at ${integer} NOT NULL,
  status ${integer} NOT NULL,
  -- Encrypted under the caller's key.
  body ${octets} NOT NULL,
  -- 0 while the act is durable and its whole answer is not known yet.
  is_whole ${integer} NOT NULL,
  PRIMARY KEY (caller, key_sha256)
) ${strict};
CREATE INDEX answer_at ON answer (at);
CREATE INDEX answer_caller ON answer (caller, at);
`

const schemaIn = (words: Words): string => {
  const { id, sequence, integer, text, octets, strict, withoutRowid } = words
  return `
CREATE TABLE event (
  sequence ${sequence},
  at ${integer} NOT NULL,
  -- Which words there are, \`status.ts\` has and checks.
  kind ${text} NOT NULL,
  -- Which of several authorities on one store added it.
  node ${text}
) ${strict};
CREATE INDEX event_status ON event (sequence) WHERE kind = 'status';

CREATE TABLE certificate (
  id ${id},
  -- The row of the issuer; the root's own for the root.
  issuer ${integer} NOT NULL,
  -- Hexadecimal, two digits for each octet, without leading zero octets.
  serial ${text} NOT NULL,
  sha256 ${octets} NOT NULL UNIQUE,
  spki_sha256 ${octets} NOT NULL,
  party ${text} NOT NULL,
  profile ${text} NOT NULL,
  -- JSON, in their order.
  names ${text} NOT NULL,
  der ${octets} NOT NULL,
  not_before ${integer} NOT NULL,
  not_after ${integer} NOT NULL,
  issued_at ${integer} NOT NULL,
  -- How its holder was proved, and what shows it.
  method ${text} NOT NULL,
  evidence ${text} NOT NULL,
  -- JSON, in their order; absent where all that was asked for was granted.
  denied ${text},
  revoked_at ${integer},
  reason ${text},
  -- The event that told it.
  revoked_by ${integer} REFERENCES event (sequence),
  CHECK ((revoked_at IS NULL) = (reason IS NULL) AND (revoked_at IS NULL) = (revoked_by IS NULL)),
  UNIQUE (issuer, serial)
) ${strict};
CREATE INDEX certificate_serial ON certificate (serial);
CREATE INDEX certificate_key ON certificate (spki_sha256, id);
CREATE INDEX certificate_party ON certificate (party, id);
CREATE INDEX certificate_current ON certificate (not_after, id) WHERE revoked_at IS NULL;
CREATE INDEX certificate_revoked ON certificate (issuer, not_after) WHERE revoked_at IS NOT NULL;
CREATE INDEX certificate_told ON certificate (issuer, revoked_by) WHERE revoked_at IS NOT NULL;
CREATE INDEX certificate_revoked_id ON certificate (id) WHERE revoked_at IS NOT NULL;

CREATE TABLE invitation (
  -- HMAC-SHA256 of the token's secret; the secret itself is not kept.
  id ${octets} PRIMARY KEY,
  -- Secret; erased when the invitation has expired.
  mac_key ${octets},
  party ${text} NOT NULL,
  profile ${text} NOT NULL,
  names ${text} NOT NULL,
  created_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  spent_at ${integer},
  -- SHA-256 of the request that spent it, and what it got: the same request may ask again.
  request_sha256 ${octets},
  certificate ${integer} REFERENCES certificate (id)
) ${withoutRowid};
CREATE INDEX invitation_expires ON invitation (expires_at) WHERE mac_key IS NOT NULL;
CREATE INDEX invitation_party ON invitation (party) WHERE mac_key IS NOT NULL;

CREATE TABLE crl (
  -- As certificates have it; of an issuer for SSH the list is a KRL.
  issuer ${integer} NOT NULL,
  number ${integer} NOT NULL,
  der ${octets} NOT NULL,
  this_update ${integer} NOT NULL,
  next_update ${integer} NOT NULL,
  -- The newest status event that it knows.
  covers ${integer} NOT NULL,
  PRIMARY KEY (issuer, number)
) ${strict};

CREATE TABLE setting (key ${text} PRIMARY KEY, value ${text} NOT NULL) ${withoutRowid};
${NAMES_AND_KEYS(words)}${SEARCHES}${PARTIES(words)}${LEDGER(words)}${HAPPENED(words)}${WATCHING(words)}${ISSUERS(words)}${NEWEST_LISTS}${IN_FORCE}${PARTS(words)}`
}

/** For a new database. */
export const SCHEMA: { readonly sqlite: string; readonly postgresql: string } = {
  sqlite: schemaIn(SQLITE),
  postgresql: schemaIn(POSTGRESQL),
}
