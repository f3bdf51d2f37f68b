// Writing certificates, RFC 5280 §4.1: what is to be signed, and the whole.
import { writeAlgorithmIdentifier } from '../algorithm.ts'
import { contextTag } from '../der/tag.ts'
import {
  writeElement,
  writeExplicit,
  writeGeneralizedTime,
  writeInteger,
  writeOctetBitString,
  writeSequence,
  writeTime,
} from '../der/write.ts'
import { writeExtensions } from '../extension/write.ts'
import { writeSubjectPublicKeyInfo } from '../key/spki.ts'
import type { AlgorithmIdentifier, TbsCertificate, Validity } from '../model.ts'
import { writeName } from '../name/write.ts'

/** Writes what the issuer signs, from the values (a kept `der` is not used). @see RFC 5280 §4.1.2 */
export function writeTbsCertificate(tbs: TbsCertificate): Uint8Array {
  const parts = [
    writeInteger(tbs.serialNumber),
    writeAlgorithmIdentifier(tbs.signature),
    writeName(tbs.issuer.rdnSequence),
    writeValidity(tbs.validity),
    writeName(tbs.subject.rdnSequence),
    writeSubjectPublicKeyInfo(tbs.subjectPublicKeyInfo),
  ]
  if (tbs.version !== 1) parts.unshift(writeExplicit(0, writeInteger(tbs.version - 1)))
  if (tbs.issuerUniqueID !== undefined) parts.push(writeElement(contextTag(1), tbs.issuerUniqueID))
  if (tbs.subjectUniqueID !== undefined) parts.push(writeElement(contextTag(2), tbs.subjectUniqueID))
  if (tbs.extensions.length > 0) parts.push(writeExplicit(3, writeExtensions(tbs.extensions)))
  return writeSequence(...parts)
}

function writeValidity({ notBefore, notAfter, generalizedTime: odd }: Validity): Uint8Array {
  const write = (time: Temporal.Instant, which: 'notBefore' | 'notAfter') =>
    odd === 'both' || odd === which ? writeGeneralizedTime(time) : writeTime(time)
  return writeSequence(write(notBefore, 'notBefore'), write(notAfter, 'notAfter'))
}

/** Writes a certificate around the exact octets that were signed. @see RFC 5280 §4.1.1 */
export function writeCertificate(
  tbsDer: Uint8Array,
  signatureAlgorithm: AlgorithmIdentifier,
  signatureValue: Uint8Array,
): Uint8Array {
  return writeSequence(tbsDer, writeAlgorithmIdentifier(signatureAlgorithm), writeOctetBitString(signatureValue))
}
