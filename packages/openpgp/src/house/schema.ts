// What is kept of OpenPGP, as a part of the house's store, in one text for both databases. Each question has its index.
//
// A version that was released never changes: what is new is an upgrade, and stands at the end of `schemaIn` as well.
import { PRIMARY_KEYS } from './tables.ts'

/** The words in which SQLite and PostgreSQL differ, as the store of the house has them. */
export interface SchemaWords {
  readonly integer: string
  /** Compared octet by octet. */
  readonly text: string
  readonly octets: string
  /** Behind the columns. */
  readonly withoutRowid: string
}

/** A part of the house's store that is not its own. */
export interface StorePart {
  readonly name: string
  readonly version: number
  schemaIn(words: SchemaWords): string
  /** By the version that each leads on from. */
  readonly upgrades: Readonly<Record<number, (words: SchemaWords) => string>>
  /** By what each row is found, for who copies a store. */
  readonly primaryKeys: Readonly<Record<string, readonly string[]>>
}

const AUTHORITY_KEYS = ({ integer, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE openpgp_authority_key (
  -- Of OpenPGP: 4 or 6.
  version ${integer} NOT NULL,
  -- From 1; the last of a version certifies.
  generation ${integer} NOT NULL,
  created_at ${integer} NOT NULL,
  -- Where it is.
  revoked_at ${integer},
  -- With what the others say of it. What of it is secret is in the custody of the authority.
  public_key ${octets} NOT NULL,
  PRIMARY KEY (version, generation)
) ${withoutRowid};
`

const PEOPLES_KEYS = ({ integer, text, octets, withoutRowid }: SchemaWords): string => `
CREATE TABLE openpgp_key (
  -- Hexadecimal. Whose a key is, is for good.
  fingerprint ${text} PRIMARY KEY,
  party ${text} NOT NULL,
  version ${integer} NOT NULL,
  certified_at ${integer} NOT NULL,
  -- With the authority's certifications.
  public_key ${octets} NOT NULL
) ${withoutRowid};
CREATE INDEX openpgp_key_party ON openpgp_key (party, certified_at);

CREATE TABLE openpgp_address (
  -- Local part as it stands, domain in lower case.
  address ${text} NOT NULL,
  certified_at ${integer} NOT NULL,
  fingerprint ${text} NOT NULL REFERENCES openpgp_key (fingerprint),
  PRIMARY KEY (address, certified_at, fingerprint)
) ${withoutRowid};
`

/** The tables of OpenPGP, for a store to take up. */
export const OPENPGP_PART: StorePart = {
  name: 'openpgp',
  version: 2,
  schemaIn: (words) => `${AUTHORITY_KEYS(words)}${PEOPLES_KEYS(words)}`,
  upgrades: {
    // There was one of each version.
    1: (words) => `${AUTHORITY_KEYS(words)}
INSERT INTO openpgp_authority_key (version, generation, created_at, public_key)
  SELECT version, 1, created_at, public_key FROM openpgp_authority;
DROP TABLE openpgp_authority;
`,
  },
  primaryKeys: PRIMARY_KEYS,
}
