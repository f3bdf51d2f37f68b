// What login remembers, as a part of the house's store, in one text for both databases. Each question has its index, so that
// its cost does not grow with how much is stored.
//
// A version that was released never changes: what is new is an upgrade, and stands at the end of `schemaIn` as well.
import { PRIMARY_KEYS } from './tables.ts'

/** The words in which SQLite and PostgreSQL differ, as the store of the house has them. */
export interface SchemaWords {
  /** For what one of them cannot do, and does otherwise. */
  readonly database: 'sqlite' | 'postgresql'
  readonly integer: string
  /** Compared octet by octet. */
  readonly text: string
  readonly octets: string
  /** Behind the columns of a table whose rows are longer than a kilobyte. */
  readonly strict: string
  /** Behind those of any other. */
  readonly withoutRowid: string
}

/** A part of the house's store that is not its own. */
export interface StorePart {
  readonly name: string
  readonly version: number
  schemaIn(words: SchemaWords): string
  /** By the version that each leads on from. */
  readonly upgrades: Readonly<Record<number, (words: SchemaWords) => string>>
  /** For either database: ends what may have been ended since a backup was made. @param version Of the part in it. */
  restored(version: number): string
  /** By what each row is found, for who copies a store. */
  readonly primaryKeys: Readonly<Record<string, readonly string[]>>
}

/** Accounts, and what leads to them. */
const ACCOUNTS = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE login_account (
  -- The party that it is of.
  account ${text} PRIMARY KEY,
  door ${text} NOT NULL,
  name ${text} NOT NULL,
  -- Where notices go; it proves nothing.
  email ${text},
  -- Of OPAQUE, base64url. It has no password in it, and is worth nothing without the secret of the door.
  record ${text},
  -- Encrypted under the secret of the door.
  totp_secret ${octets},
  opened_at ${integer},
  password_at ${integer},
  -- A JWE that the server cannot open. The last: SQLite reads all that is before a column.
  of_password ${text},
  CHECK (opened_at IS NULL OR (record IS NOT NULL AND of_password IS NOT NULL AND password_at IS NOT NULL))
) ${withoutRowid};
CREATE INDEX login_account_door ON login_account (door, account);

CREATE TABLE login_invitation (
  -- SHA-256 of what stands in the fragment of its address, which is not kept.
  id ${octets} PRIMARY KEY,
  account ${text} NOT NULL,
  door ${text} NOT NULL,
  email ${text},
  -- Whether there is an account, in whose place the new one comes.
  is_again ${integer} NOT NULL DEFAULT 0 CHECK (is_again IN (0, 1)),
  created_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  spent_at ${integer},
  CHECK (expires_at > created_at)
) ${withoutRowid};
CREATE INDEX login_invitation_account ON login_invitation (account, created_at);
CREATE INDEX login_invitation_expires ON login_invitation (expires_at);

CREATE TABLE login_set_up (
  id ${text} PRIMARY KEY,
  -- One at a time: whoever begins anew ends the one before.
  invitation ${octets} NOT NULL UNIQUE REFERENCES login_invitation (id),
  device ${text} NOT NULL,
  -- JSON, encrypted under the secret of the door.
  state ${octets} NOT NULL,
  expires_at ${integer} NOT NULL
) ${withoutRowid};
CREATE INDEX login_set_up_expires ON login_set_up (expires_at);
`

/** Devices that are known. */
const DEVICE = ({ integer, text, withoutRowid }: SchemaWords): string => `
CREATE TABLE login_device (
  -- RFC 7638 thumbprint of the key that signs.
  device ${text} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES login_account (account),
  name ${text} NOT NULL,
  signing ${text} NOT NULL,
  agreement ${text} NOT NULL,
  how ${text} NOT NULL,
  is_phone ${integer} NOT NULL DEFAULT 0 CHECK (is_phone IN (0, 1)),
  added_at ${integer} NOT NULL,
  last_seen_at ${integer} NOT NULL,
  removed_at ${integer},
  -- A JWE that only this device can open; NULL until it has made it. The last, as there.
  of_device ${text}
) ${withoutRowid};
CREATE INDEX login_device_account ON login_device (account, added_at);
`

/** What else somebody proves an account with. */
const PROOFS = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE login_passkey (
  passkey ${text} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES login_account (account),
  name ${text} NOT NULL,
  public_key ${octets} NOT NULL,
  counter ${integer} NOT NULL,
  added_at ${integer} NOT NULL,
  removed_at ${integer}
) ${withoutRowid};
CREATE INDEX login_passkey_account ON login_passkey (account, added_at);

CREATE TABLE login_recovery_code (
  -- HMAC-SHA-256 of account and code under the secret of the door.
  code ${octets} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES login_account (account),
  made_at ${integer} NOT NULL,
  used_at ${integer}
) ${withoutRowid};
CREATE INDEX login_recovery_code_account ON login_recovery_code (account, made_at);

CREATE TABLE login_used (
  kind ${text} NOT NULL,
  value ${text} NOT NULL,
  -- From when on it may be forgotten.
  until ${integer} NOT NULL,
  PRIMARY KEY (kind, value)
) ${withoutRowid};
CREATE INDEX login_used_until ON login_used (until);

CREATE TABLE login_failure (
  -- As in \`hour:unknown:carol\`, whether or not there is a carol.
  about ${text} PRIMARY KEY,
  count ${integer} NOT NULL CHECK (count >= 0),
  first_at ${integer} NOT NULL,
  last_at ${integer} NOT NULL
) ${withoutRowid};
CREATE INDEX login_failure_last ON login_failure (last_at);
`

/** Sign-ins under way. */
const SIGN_IN = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE login_sign_in (
  id ${text} PRIMARY KEY,
  -- As it was typed: a name that nobody has stands here as well.
  account ${text},
  device ${text},
  is_known ${integer} NOT NULL CHECK (is_known IN (0, 1)),
  -- A word of \`signin/core.ts\`.
  step ${text} NOT NULL,
  -- JSON, encrypted under the secret of the door.
  state ${octets} NOT NULL,
  began_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL
) ${withoutRowid};
CREATE INDEX login_sign_in_expires ON login_sign_in (expires_at);
CREATE INDEX login_sign_in_account ON login_sign_in (account) WHERE account IS NOT NULL;
CREATE INDEX login_sign_in_device ON login_sign_in (device) WHERE device IS NOT NULL;
`

/** What they lead to. */
const SESSION = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE login_session (
  id ${text} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES login_account (account),
  door ${text} NOT NULL,
  device ${text},
  certificate ${text},
  -- SHA-256 of what the cookie has, and of what it had before.
  secret ${octets} NOT NULL,
  previous ${octets},
  rotated_at ${integer} NOT NULL,
  -- When the secret of now first came back; until then it may have been lost on its way.
  seen_at ${integer},
  opened_at ${integer} NOT NULL,
  ends_at ${integer} NOT NULL,
  -- JSON, these three.
  proofs ${text} NOT NULL,
  confirmed ${text} NOT NULL,
  meeting ${text} NOT NULL,
  ended_at ${integer},
  ended_by ${text},
  CHECK (device IS NOT NULL OR certificate IS NOT NULL),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL))
) ${withoutRowid};
CREATE INDEX login_session_account ON login_session (account, opened_at) WHERE ended_at IS NULL;
CREATE INDEX login_session_device ON login_session (device) WHERE ended_at IS NULL;
CREATE INDEX login_session_ends ON login_session (ends_at);
`

/** What waits for somebody to look at it, or to be sent. */
const WAITING = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE login_waiting (
  id ${text} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES login_account (account),
  kind ${text} NOT NULL CHECK (kind IN ('device', 'code', 'matter', 'recovery', 'invitation')),
  number ${text} NOT NULL,
  -- JSON of what is read.
  matter ${text} NOT NULL,
  -- Encrypted under the secret of the door.
  code ${octets},
  sign_in ${text},
  state ${text} NOT NULL,
  created_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  ready_at ${integer},
  CHECK ((kind = 'recovery') = (ready_at IS NOT NULL))
) ${withoutRowid};
CREATE INDEX login_waiting_account ON login_waiting (account, created_at);
CREATE INDEX login_waiting_sign_in ON login_waiting (sign_in, kind) WHERE sign_in IS NOT NULL;
CREATE INDEX login_waiting_expires ON login_waiting (expires_at);

CREATE TABLE login_notice (
  id ${text} PRIMARY KEY,
  account ${text} NOT NULL,
  email ${text} NOT NULL,
  kind ${text} NOT NULL,
  -- JSON of what the text is made of.
  facts ${text} NOT NULL,
  created_at ${integer} NOT NULL,
  next_at ${integer} NOT NULL,
  tries ${integer} NOT NULL DEFAULT 0,
  sent_at ${integer}
) ${withoutRowid};
CREATE INDEX login_notice_next ON login_notice (next_at, id) WHERE sent_at IS NULL;
CREATE INDEX login_notice_account ON login_notice (account, kind, created_at);
CREATE INDEX login_notice_created ON login_notice (created_at);
`

/** The first version. */
export const VERSION_1 = (words: SchemaWords): string =>
  [ACCOUNTS, DEVICE, PROOFS, SIGN_IN, SESSION, WAITING].map((part) => part(words)).join('')

/**
 * Of version 2: columns that nobody read are gone. What a sign-in knows of its device is in its state; when a password was set
 * is in the ledger.
 */
const WITHOUT_UNREAD = (words: SchemaWords): string => `
${words.database === 'sqlite' ? ACCOUNT_ANEW(words) : ACCOUNT_CHANGED}
ALTER TABLE login_sign_in DROP COLUMN is_known;
DROP INDEX login_recovery_code_account;
ALTER TABLE login_recovery_code DROP COLUMN made_at;
CREATE INDEX login_recovery_code_account ON login_recovery_code (account);
`

/** The check that named the column goes with it. */
const ACCOUNT_CHANGED = `
ALTER TABLE login_account DROP COLUMN password_at;
ALTER TABLE login_account ADD CHECK (opened_at IS NULL OR (record IS NOT NULL AND of_password IS NOT NULL));`

/** No column can be taken from a check of the table; what refers to accounts goes on to. */
const ACCOUNT_ANEW = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
PRAGMA defer_foreign_keys = ON;
CREATE TABLE login_account_1 AS
  SELECT account, door, name, email, record, totp_secret, opened_at, of_password FROM login_account;
DROP TABLE login_account;
CREATE TABLE login_account (
  account ${text} PRIMARY KEY,
  door ${text} NOT NULL,
  name ${text} NOT NULL,
  email ${text},
  record ${text},
  totp_secret ${octets},
  opened_at ${integer},
  of_password ${text},
  CHECK (opened_at IS NULL OR (record IS NOT NULL AND of_password IS NOT NULL))
) ${withoutRowid};
INSERT INTO login_account SELECT account, door, name, email, record, totp_secret, opened_at, of_password FROM login_account_1;
DROP TABLE login_account_1;
CREATE INDEX login_account_door ON login_account (door, account);`

/**
 * Of version 3, for SQLite: tables of long rows have a number for each. A search in a table without reads a row that is longer
 * than a quarter of a page whole wherever it compares with it, pictures and all. PostgreSQL keeps what is long elsewhere.
 */
const NUMBERED = (words: SchemaWords): string => {
  if (words.database !== 'sqlite') return ''
  const numbered = { ...words, withoutRowid: words.strict }
  return `
${ACCOUNT_ANEW(numbered)}
ALTER TABLE login_device RENAME TO login_device_2;
DROP INDEX login_device_account;
${DEVICE(numbered)}
INSERT INTO login_device SELECT * FROM login_device_2;
DROP TABLE login_device_2;
ALTER TABLE login_session RENAME TO login_session_2;
DROP INDEX login_session_account;
DROP INDEX login_session_device;
DROP INDEX login_session_ends;
${SESSION(numbered)}
INSERT INTO login_session SELECT * FROM login_session_2;
DROP TABLE login_session_2;
`
}

/** Of version 4: numbers that codes go to by SMS, and the codes. */
const SMS = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE login_sms (
  account ${text} PRIMARY KEY REFERENCES login_account (account),
  -- Encrypted under the secret of the door.
  number ${octets} NOT NULL,
  added_at ${integer} NOT NULL
) ${withoutRowid};

CREATE TABLE login_sms_code (
  -- What it is for, as in \`sign-in:ID\`: one at a time.
  about ${text} PRIMARY KEY,
  account ${text} NOT NULL REFERENCES login_account (account),
  -- HMAC-SHA-256 of what it is for, account and code under the secret of the door.
  code ${octets} NOT NULL,
  -- Where it went, encrypted, of a number that is to be enrolled.
  number ${octets},
  created_at ${integer} NOT NULL,
  expires_at ${integer} NOT NULL,
  CHECK (expires_at > created_at)
) ${withoutRowid};
CREATE INDEX login_sms_code_account ON login_sms_code (account);
CREATE INDEX login_sms_code_expires ON login_sms_code (expires_at);
`

/**
 * Of version 5: public keys of devices, which nobody read, are gone: a device is known by the thumbprint of one, and seals for
 * itself. What is soon worth nothing is found among what stays for longer.
 */
const SOON_OVER = (): string => `
ALTER TABLE login_device DROP COLUMN signing;
ALTER TABLE login_device DROP COLUMN agreement;
DROP INDEX login_used_until;
CREATE INDEX login_used_until ON login_used (kind, until);
CREATE INDEX login_sign_in_begun ON login_sign_in (expires_at) WHERE step IN ('start', 'finish');
`

/**
 * What was under way when a backup was made: somebody has signed out since, said no to a recovery, or used an invitation, and
 * nothing in the store says so any more. That of each version has these columns.
 */
const RESTORED = `UPDATE login_session SET ended_at = opened_at, ended_by = 'ERR_SESSION_OVER' WHERE ended_at IS NULL;
DELETE FROM login_sign_in;
UPDATE login_waiting SET state = 'denied', code = NULL WHERE state = 'open';
DELETE FROM login_set_up;
UPDATE login_invitation SET spent_at = created_at WHERE spent_at IS NULL;
`
/** From version 4 on. */
const SMS_RESTORED = 'DELETE FROM login_sms_code;\n'

/** The tables of login, for a store to take up. */
export const LOGIN_PART: StorePart = {
  name: 'login',
  version: 5,
  schemaIn: (words) => VERSION_1(words) + WITHOUT_UNREAD(words) + NUMBERED(words) + SMS(words) + SOON_OVER(),
  upgrades: { 1: WITHOUT_UNREAD, 2: NUMBERED, 3: SMS, 4: SOON_OVER },
  restored: (version) => (version < 4 ? RESTORED : RESTORED + SMS_RESTORED),
  primaryKeys: PRIMARY_KEYS,
}
