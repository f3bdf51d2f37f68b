// AlgorithmIdentifier, RFC 5280 §4.1.1.2, and the ones that we write.
import { readAny } from './der/any.ts'
import { type DerCursor, enter, leave } from './der/cursor.ts'
import { readOid } from './der/oid.ts'
import { TAG } from './der/tag.ts'
import { writeNull, writeOid, writeSequence } from './der/write.ts'
import type { AlgorithmIdentifier, Oid } from './model.ts'
import { OID } from './oid.ts'

const withoutParameters = (algorithm: Oid): AlgorithmIdentifier => Object.freeze({ algorithm })
const withNull = (algorithm: Oid): AlgorithmIdentifier => Object.freeze({ algorithm, parameters: writeNull() })

/** Signature algorithms that we write. */
export type AlgorithmName =
  | 'ecdsaWithSHA256'
  | 'ecdsaWithSHA384'
  | 'ecdsaWithSHA512'
  | 'Ed25519'
  | 'Ed448'
  | 'id-ml-dsa-44'
  | 'id-ml-dsa-65'
  | 'id-ml-dsa-87'
  | 'sha256WithRSAEncryption'
  | 'sha384WithRSAEncryption'
  | 'sha512WithRSAEncryption'

/**
 * Signature algorithms with the parameters that their RFC asks for: NULL for RSA, absent for all others.
 * @see RFC 5758 §3.2, RFC 8410 §3, RFC 4055 §5, RFC 9881 §2
 */
export const ALGORITHM: Readonly<Record<AlgorithmName, AlgorithmIdentifier>> = {
  ecdsaWithSHA256: withoutParameters(OID.ecdsaWithSHA256),
  ecdsaWithSHA384: withoutParameters(OID.ecdsaWithSHA384),
  ecdsaWithSHA512: withoutParameters(OID.ecdsaWithSHA512),
  Ed25519: withoutParameters(OID.Ed25519),
  Ed448: withoutParameters(OID.Ed448),
  'id-ml-dsa-44': withoutParameters(OID['id-ml-dsa-44']),
  'id-ml-dsa-65': withoutParameters(OID['id-ml-dsa-65']),
  'id-ml-dsa-87': withoutParameters(OID['id-ml-dsa-87']),
  sha256WithRSAEncryption: withNull(OID.sha256WithRSAEncryption),
  sha384WithRSAEncryption: withNull(OID.sha384WithRSAEncryption),
  sha512WithRSAEncryption: withNull(OID.sha512WithRSAEncryption),
}

/** Reads an AlgorithmIdentifier at the cursor. */
export function readAlgorithmIdentifierAt(c: DerCursor): AlgorithmIdentifier {
  const outer = enter(c, TAG.sequence)
  const algorithm = readOid(c)
  const value = c.at < c.end ? { algorithm, parameters: readAny(c) } : { algorithm }
  leave(c, outer)
  return value
}

/** Writes an AlgorithmIdentifier. */
export function writeAlgorithmIdentifier({ algorithm, parameters }: AlgorithmIdentifier): Uint8Array {
  return parameters === undefined ? writeSequence(writeOid(algorithm)) : writeSequence(writeOid(algorithm), parameters)
}
