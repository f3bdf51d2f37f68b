// RSASSA-PSS-params, RFC 4055 §3.1: of a signature, and of a key that is for such signatures only.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import type { HashName } from '../crypto-step.ts'
import { closeDer, type DerCursor, enter, leave, openDer, peekTag } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readUnsigned } from '../der/primitive.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { writeExplicit, writeInteger, writeNull, writeSequence } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { OID } from '../oid.ts'
import { digestAlgorithmOf, hashOf, readParameters } from '../parameters.ts'

/** What a PSS signature is made with. The trailer field has one value only. */
export interface PssParameters {
  readonly hash: HashName
  /** The digest within the mask generation, MGF1. */
  readonly maskHash: HashName
  /** In octets. */
  readonly saltLength: number
}

/** Four fields, some 70 octets. */
const LIMITS = { maxOctets: 256, maxElements: 32, maxDepth: 8 }

/**
 * Reads the parameters of RSASSA-PSS from their whole DER. What is absent is SHA-1, MGF1 with SHA-1, 20 octets, trailer 1;
 * as DER has it, these DEFAULTs never stand, although RFC 4055 would have readers recognize them.
 * @throws {DerError | X509Error} when they are not exactly that, or a digest or a mask is one that we do not know.
 * @see RFC 4055 §3.1
 */
export function readPssParameters(parameters: Uint8Array): PssParameters {
  const c = openDer(parameters, LIMITS)
  const outer = enter(c, TAG.sequence)
  const hash = readDefault<HashName>(c, 0, 'SHA-1', readHash)
  const maskHash = readDefault<HashName>(c, 1, 'SHA-1', readMask)
  const saltLength = readDefault(c, 2, 20, (inner) => readUnsigned(inner))
  readDefault(c, 3, 1, (inner) => {
    const at = inner.at
    // "The value MUST be 1": which is the DEFAULT.
    if (readUnsigned(inner) !== 1) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', at)
    return 1
  })
  leave(c, outer)
  closeDer(c)
  return { hash, maskHash, saltLength }
}

function readDefault<T>(c: DerCursor, number: number, byDefault: T, read: (c: DerCursor) => T): T {
  if (peekTag(c) !== constructedContextTag(number)) return byDefault
  const at = c.at
  const outer = enter(c, constructedContextTag(number))
  const value = read(c)
  leave(c, outer)
  if (value === byDefault) throw new DerError('ERR_DER_DEFAULT', at)
  return value
}

/** §2.1: "All implementations MUST accept both NULL and absent parameters as legal and equivalent encodings." */
function readHash(c: DerCursor): HashName {
  const at = c.at
  const hash = hashOf(readAlgorithmIdentifierAt(c))
  if (hash === undefined) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', at)
  return hash
}

/** §2.2: MGF1, the only mask generation, with its own hash. */
function readMask(c: DerCursor): HashName {
  const at = c.at
  const mask = readAlgorithmIdentifierAt(c)
  const hash = mask.algorithm === OID['id-mgf1'] ? readParameters(mask, readHash) : undefined
  if (hash === undefined) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', at)
  return hash
}

/** Writes the parameters of RSASSA-PSS; digests with NULL, which all readers take. @see RFC 4055 §3.1 */
export function writePssParameters({ hash, maskHash, saltLength }: PssParameters): Uint8Array {
  const parts: Uint8Array[] = []
  const mask = { algorithm: OID['id-mgf1'], parameters: writeHash(maskHash) }
  if (hash !== 'SHA-1') parts.push(writeExplicit(0, writeHash(hash)))
  if (maskHash !== 'SHA-1') parts.push(writeExplicit(1, writeAlgorithmIdentifier(mask)))
  if (saltLength !== 20) parts.push(writeExplicit(2, writeInteger(saltLength)))
  return writeSequence(...parts)
}

function writeHash(hash: HashName): Uint8Array {
  return writeAlgorithmIdentifier({ ...digestAlgorithmOf(hash), parameters: writeNull() })
}
