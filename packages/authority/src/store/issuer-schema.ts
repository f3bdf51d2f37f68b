// The part of the schema that is of issuers.
import type { Words } from './words.ts'

/** The tables, and an index for each question. */
export const ISSUERS = ({ integer, text, octets, withoutRowid }: Words): string => `
CREATE TABLE issuer (
  name ${text} PRIMARY KEY,
  kind ${text} NOT NULL,
  -- By which its certificates know it: the row of its own; of one for SSH, which has none, 0 or less. NULL while it waits
  -- for its certificate.
  id ${integer} UNIQUE,
  state ${text} NOT NULL,
  -- A file of the authority's folder, or a PKCS #11 URI; NULL where the key is elsewhere.
  key_place ${text},
  spki_sha256 ${octets} NOT NULL UNIQUE,
  -- Where no certificate has it.
  public_key ${octets},
  created_at ${integer} NOT NULL
) ${withoutRowid};
CREATE INDEX issuer_state ON issuer (state, name);

-- What each may sign. Of a profile, one issuer signs.
CREATE TABLE issuer_profile (
  issuer ${text} NOT NULL REFERENCES issuer (name),
  profile ${text} NOT NULL,
  signs ${integer} NOT NULL,
  PRIMARY KEY (issuer, profile)
) ${withoutRowid};
CREATE UNIQUE INDEX issuer_profile_signs ON issuer_profile (profile) WHERE signs = 1;

-- Further certificates of an issuer's key, by other roots.
CREATE TABLE cross_certificate (
  sha256 ${octets} PRIMARY KEY,
  issuer ${text} NOT NULL REFERENCES issuer (name),
  der ${octets} NOT NULL,
  not_after ${integer} NOT NULL
) ${withoutRowid};
CREATE INDEX cross_certificate_issuer ON cross_certificate (issuer);

CREATE INDEX certificate_event ON certificate (revoked_by) WHERE revoked_at IS NOT NULL;
`
