// The signed attributes of mail: what its signer can read, to which key to answer, and which certificate the signature is by.
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import { readAny } from '../der/any.ts'
import { closeDer, type DerCursor, enter, leave, openDer, peekTag, readContents } from '../der/cursor.ts'
import { constructedContextTag, contextTag, TAG } from '../der/tag.ts'
import { writeOctetString, writeSequence } from '../der/write.ts'
import { CMS_LIMITS } from '../limits.ts'
import type { AlgorithmIdentifier, Attribute, Certificate, Oid } from '../model.ts'
import { OID } from '../oid.ts'
import { digestAlgorithmOf } from '../parameters.ts'
import { CmsError } from './error.ts'
import type { CertificateReference, SignerInfo } from './model.ts'
import { onlyValue, readReferenceAt, writeReference } from './parts.ts'
import { referenceByIssuer } from './sign.ts'

/** Says which algorithms the signer reads, the best first; none of them has parameters. @see RFC 8551 §2.5.2 */
export function smimeCapabilitiesAttribute(algorithms: readonly Oid[]): Attribute {
  return {
    type: OID.smimeCapabilities,
    values: [writeSequence(...algorithms.map((algorithm) => writeAlgorithmIdentifier({ algorithm })))],
  }
}

/** Says to which certificate answers are encrypted. @see RFC 8551 §2.5.3 */
export function encryptionKeyPreferenceAttribute(certificate: Certificate): Attribute {
  const value = writeReference(referenceByIssuer(certificate)).slice()
  value[0] = ISSUER_AND_SERIAL_NUMBER
  return { type: OID['id-aa-encrypKeyPref'], values: [value] }
}

const ISSUER_AND_SERIAL_NUMBER = constructedContextTag(0)
const SUBJECT_ALT_KEY_IDENTIFIER = contextTag(2)

/**
 * To which certificate the signer wants answers encrypted; undefined where they do not say, or say it by a recipientKeyId.
 * @throws {DerError | X509Error | CmsError} when the attribute is malformed, or stands twice.
 * @see RFC 8551 §2.5.3
 */
export function encryptionKeyPreferenceOf({ signedAttrs = [] }: SignerInfo): CertificateReference | undefined {
  const value = onlyValue(signedAttrs, OID['id-aa-encrypKeyPref'])
  if (value === undefined) return undefined
  const tag = value[0]
  if (tag === SUBJECT_ALT_KEY_IDENTIFIER)
    return { kind: 'subjectKeyIdentifier', keyIdentifier: readWhole(value, (c) => readContents(c, tag)) }
  if (tag !== ISSUER_AND_SERIAL_NUMBER) return undefined
  const plain = value.slice()
  plain[0] = TAG.sequence
  return readWhole(plain, readReferenceAt)
}

/** Binds the signature to one certificate, of those that may have its key. @param sha256 Of the certificate, DER. @see RFC 5035 §3 */
export function signingCertificateV2Attribute(sha256: Uint8Array): Attribute {
  // The hash algorithm has SHA-256 as its default, and the sid has issuer and number.
  const value = writeSequence(writeSequence(writeSequence(writeOctetString(sha256))))
  return { type: OID['id-aa-signingCertificateV2'], values: [value] }
}

/** A certificate by its hash. @see RFC 5035 §4 */
export interface CertificateHash {
  readonly hashAlgorithm: AlgorithmIdentifier
  readonly certHash: Uint8Array
}

/**
 * The certificate that a signature is bound to; undefined where it is to none.
 * @throws {DerError | X509Error | CmsError} when the attribute is malformed, or stands twice.
 * @see RFC 5035 §3
 */
export function signingCertificateV2Of({ signedAttrs = [] }: SignerInfo): CertificateHash | undefined {
  const value = onlyValue(signedAttrs, OID['id-aa-signingCertificateV2'])
  return value && readWhole(value, readFirstCertificateHash)
}

/** "The first certificate identified in the sequence of certificate identifiers MUST be the certificate used to verify the signature." */
function readFirstCertificateHash(c: DerCursor): CertificateHash {
  const outer = enter(c, TAG.sequence)
  const outerCerts = enter(c, TAG.sequence)
  if (c.at === c.end) throw new CmsError('ERR_CMS_ATTRIBUTE', c.at)
  const outerFirst = enter(c, TAG.sequence)
  const hashAlgorithm = peekTag(c) === TAG.sequence ? readAlgorithmIdentifierAt(c) : digestAlgorithmOf('SHA-256')
  const certHash = readContents(c, TAG.octetString)
  skipRest(c)
  leave(c, outerFirst)
  skipRest(c)
  leave(c, outerCerts)
  skipRest(c)
  leave(c, outer)
  return { hashAlgorithm, certHash }
}

function skipRest(c: DerCursor): void {
  while (c.at < c.end) readAny(c)
}

function readWhole<T>(der: Uint8Array, read: (c: DerCursor) => T): T {
  const c = openDer(der, CMS_LIMITS)
  const value = read(c)
  closeDer(c)
  return value
}
