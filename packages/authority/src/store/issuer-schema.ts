// The part of the schema that is of issuers.

/** What differs between the databases. */
type Words = Readonly<Record<'integer' | 'text' | 'octets' | 'withoutRowid', string>>

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

const LEAF_PROFILES = [
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
export const KNOWN_ISSUERS: string = `
INSERT INTO issuer (name, kind, id, state, key_place, spki_sha256, created_at)
  SELECT profile, CASE profile WHEN 'root' THEN 'root' ELSE 'intermediate' END, id, 'active', profile || '.key',
    spki_sha256, issued_at
  FROM certificate WHERE id <= 2 AND profile IN ('root', 'issuing');
INSERT INTO issuer_profile SELECT name, 'intermediate', 1 FROM issuer WHERE kind = 'root';
${LEAF_PROFILES.map((profile) => `INSERT INTO issuer_profile SELECT name, '${profile}', 1 FROM issuer WHERE kind = 'intermediate';`).join('\n')}
`

/** Of SQLite: lists refer to issuers that have no certificate, too, and a reference cannot be taken away. */
export const LISTS_OF_ALL: string = `
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
