// What stands behind the signed part of a request and of a response, RFC 6960 §4.1.1 and §4.2.1.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { readAny } from '../der/any.ts'
import { type DerCursor, enter, leave, peekTag } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOctetBitString, readUnsigned } from '../der/primitive.ts'
import { TAG } from '../der/tag.ts'
import { writeElements, writeExplicit, writeOctetBitString } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { readField } from './extension.ts'
import type { OcspSignature } from './model.ts'

/** Reads the fields signatureAlgorithm, signature and certs at the cursor. */
export function readOcspSignatureAt(c: DerCursor): OcspSignature {
  const signatureAlgorithm = readAlgorithmIdentifierAt(c)
  const signature = readOctetBitString(c)
  const certs = readField(c, 0, readCerts)
  return { signatureAlgorithm, signature, ...(certs && { certs }) }
}

/** The form of each is judged when it is read as a certificate, by whoever has a use for it. */
function readCerts(c: DerCursor): Uint8Array[] {
  const certs: Uint8Array[] = []
  const outer = enter(c, TAG.sequence)
  while (c.at < c.end) {
    if (peekTag(c) !== TAG.sequence) throw new DerError('ERR_DER_TAG', c.at)
    certs.push(readAny(c))
  }
  leave(c, outer)
  return certs
}

/** Writes the fields signatureAlgorithm, signature and certs. */
export function writeOcspSignature({ signatureAlgorithm, signature, certs }: OcspSignature): Uint8Array[] {
  const parts = [writeAlgorithmIdentifier(signatureAlgorithm), writeOctetBitString(signature)]
  if (certs !== undefined) parts.push(writeExplicit(0, writeElements(TAG.sequence, certs)))
  return parts
}

/** Reads the version of a message, v1(0) by DEFAULT and the only one: so that none ever stands. */
export function readOcspVersion(c: DerCursor): void {
  const at = c.at
  const version = readField(c, 0, (inner) => readUnsigned(inner))
  if (version === 0) throw new DerError('ERR_DER_DEFAULT', at)
  if (version !== undefined) throw new X509Error('ERR_X509_OCSP_VERSION', at)
}
