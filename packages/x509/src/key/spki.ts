// SubjectPublicKeyInfo, RFC 5280 §4.1.2.7.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { closeDer, type DerCursor, enter, leave, openDer, since } from '../der/cursor.ts'
import { readOctetBitString } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { writeOctetBitString, writeSequence } from '../der/write.ts'
import { CERTIFICATE_LIMITS } from '../limits.ts'
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '../model.ts'

/** Reads a SubjectPublicKeyInfo from its whole DER. @throws {DerError} when it is not one. @see RFC 5280 §4.1.2.7 */
export function readSubjectPublicKeyInfo(der: Uint8Array): SubjectPublicKeyInfo {
  const c = openDer(der, CERTIFICATE_LIMITS)
  const spki = readSubjectPublicKeyInfoAt(c)
  closeDer(c)
  return spki
}

/** Reads a SubjectPublicKeyInfo at the cursor. */
export function readSubjectPublicKeyInfoAt(c: DerCursor): SubjectPublicKeyInfo {
  const start = c.at
  const outer = enter(c, TAG.sequence)
  const algorithm = readAlgorithmIdentifierAt(c)
  const subjectPublicKey = readOctetBitString(c)
  leave(c, outer)
  return { der: since(c, start), algorithm, subjectPublicKey }
}

/** Writes a SubjectPublicKeyInfo from its values. @see RFC 5280 §4.1.2.7 */
export function writeSubjectPublicKeyInfo(spki: {
  readonly algorithm: AlgorithmIdentifier
  readonly subjectPublicKey: Uint8Array
}): Uint8Array {
  return writeSequence(writeAlgorithmIdentifier(spki.algorithm), writeOctetBitString(spki.subjectPublicKey))
}
