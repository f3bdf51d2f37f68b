// Signing and verifying SignedData: RFC 5652 §5.4 to §5.6, §11.1 to §11.3. The operations are the caller's.
import { askOctets, type CryptoSteps, type HashName } from '../crypto-step.ts'
import { closeDer, openDer, readContents } from '../der/cursor.ts'
import { DerError } from '../der/error.ts'
import { readOid } from '../der/oid.ts'
import { TAG } from '../der/tag.ts'
import { readTime } from '../der/time.ts'
import { compareOctets, writeOctetString, writeOid, writeTime } from '../der/write.ts'
import { X509Error } from '../error.ts'
import { readAttributesAt } from '../extension/attribute.ts'
import { CMS_LIMITS } from '../limits.ts'
import type { AlgorithmIdentifier, Attribute, Certificate, Oid, SubjectPublicKeyInfo } from '../model.ts'
import { namesEqual } from '../name/compare.ts'
import { OID } from '../oid.ts'
import { digestAlgorithmOf, hashOf } from '../parameters.ts'
import { CmsError, type CmsErrorCode } from './error.ts'
import type { CertificateBag, CertificateReference, SignedData, SignerInfo } from './model.ts'
import { need } from './need.ts'
import { onlyValue, writeAttributes } from './parts.ts'
import { signedDataVersion, writeSignedData } from './signed-data.ts'

/** Names a certificate by its issuer and number. @see RFC 5652 §10.2.4 */
export function referenceByIssuer({ issuer, serialNumber }: Certificate): CertificateReference {
  return { kind: 'issuerAndSerialNumber', issuer, serialNumber }
}

/** Names a certificate by its key identifier. @throws {RangeError} when it has none. @see RFC 5652 §5.3 */
export function referenceByKey({ subjectKeyIdentifier }: Certificate): CertificateReference {
  if (subjectKeyIdentifier === undefined) throw new RangeError('the certificate has no subjectKeyIdentifier')
  return { kind: 'subjectKeyIdentifier', keyIdentifier: subjectKeyIdentifier }
}

/** Whether `reference` names this certificate. @see RFC 5652 §5.3 */
export function isReferenceTo(reference: CertificateReference, certificate: Certificate): boolean {
  if (reference.kind === 'subjectKeyIdentifier') {
    const { subjectKeyIdentifier } = certificate
    return subjectKeyIdentifier !== undefined && compareOctets(reference.keyIdentifier, subjectKeyIdentifier) === 0
  }
  return reference.serialNumber === certificate.serialNumber && namesEqual(reference.issuer, certificate.issuer)
}

/** The signing time, RFC 5652 §11.3. @throws {RangeError} when it is before 1950 or after 9999. */
export function signingTimeAttribute(time: Temporal.Instant): Attribute {
  return { type: OID['id-signingTime'], values: [writeTime(time)] }
}

/** The signing time that the signer claims, where it does. @throws {DerError | CmsError} when it is malformed. @see RFC 5652 §11.3 */
export function signingTimeOf({ signedAttrs }: SignerInfo): Temporal.Instant | undefined {
  const value = signedAttrs && onlyValue(signedAttrs, OID['id-signingTime'])
  return value && readWhole(value, readTime)
}

function readWhole<T>(der: Uint8Array, read: (c: ReturnType<typeof openDer>) => T): T {
  const c = openDer(der, CMS_LIMITS)
  const value = read(c)
  closeDer(c)
  return value
}

/** One who signs. */
export interface NewSigner {
  readonly sid: CertificateReference
  readonly hash: Exclude<HashName, 'SHA-1'>
  readonly signatureAlgorithm: AlgorithmIdentifier
  /** Beside the content type and the digest, which stand always. */
  readonly signedAttrs?: readonly Attribute[]
  readonly unsignedAttrs?: readonly Attribute[]
}

/** What is signed, and what goes with it. */
export interface NewSignedData extends CertificateBag {
  readonly content: Uint8Array
  /** `id-data` unless given. */
  readonly contentType?: Oid
  /** Whether the content stays outside. */
  readonly detached: boolean
  readonly signers: readonly NewSigner[]
}

/**
 * Signs content, always with signed attributes, and writes the message.
 * @throws {CmsError} when the performer does not have an operation.
 * @see RFC 5652 §5.4, §5.5
 */
export function* signData(data: NewSignedData): CryptoSteps<Uint8Array> {
  const { content, detached, ...others } = data
  const digests = new Map<HashName, Uint8Array>()
  for (const { hash } of data.signers)
    if (!digests.has(hash)) digests.set(hash, yield* need({ op: 'digest', hash, octets: content, times: 1 }))
  return yield* signDigested({ ...others, digests }, detached ? undefined : content)
}

/** As {@link NewSignedData}, of a content that stays outside and was digested elsewhere. */
export interface NewDigestedData extends Omit<NewSignedData, 'content' | 'detached'> {
  /** By each hash that a signer has. */
  readonly digests: ReadonlyMap<HashName, Uint8Array>
}

/**
 * As {@link signData}, for a content that goes by in pieces.
 * @throws {RangeError} when the digest of a signer's hash is absent.
 * @throws {CmsError} when the performer does not have an operation.
 */
export function* signDigest(data: NewDigestedData): CryptoSteps<Uint8Array> {
  return yield* signDigested(data, undefined)
}

function* signDigested(data: NewDigestedData, eContent: Uint8Array | undefined): CryptoSteps<Uint8Array> {
  const { digests, contentType: eContentType = OID['id-data'], signers, certificates, crls } = data
  const signerInfos: SignerInfo[] = []
  for (const [signer, { sid, hash, signatureAlgorithm, signedAttrs: more = [], unsignedAttrs }] of signers.entries()) {
    const digest = digests.get(hash)
    if (digest === undefined) throw new RangeError(`the content was not digested by ${hash}`)
    const signedAttrs = [
      { type: OID['id-contentType'], values: [writeOid(eContentType)] },
      { type: OID['id-messageDigest'], values: [writeOctetString(digest)] },
      ...more,
    ]
    const octets = writeAttributes(signedAttrs)
    const signature = yield* need({ op: 'sign', signer, algorithm: signatureAlgorithm, octets })
    const digestAlgorithm = digestAlgorithmOf(hash)
    signerInfos.push({
      sid,
      digestAlgorithm,
      signedAttrs,
      signatureAlgorithm,
      signature,
      ...(unsignedAttrs && { unsignedAttrs }),
    })
  }
  return writeSignedData({
    version: signedDataVersion({ eContentType, signerInfos }),
    digestAlgorithms: [...new Set(signers.map(({ hash }) => hash))].map(digestAlgorithmOf),
    eContentType,
    ...(eContent && { eContent }),
    ...(certificates && { certificates }),
    ...(crls && { crls }),
    signerInfos,
  })
}

/** Whether a signer signed this content; nothing is said of the signer's certificate. */
export type SignerVerdict =
  | { readonly ok: true }
  | {
      readonly ok: false
      readonly code: Extract<
        CmsErrorCode,
        'ERR_CMS_ALGORITHM' | 'ERR_CMS_SIGNED_ATTRIBUTES' | 'ERR_CMS_DIGEST' | 'ERR_CMS_SIGNATURE'
      >
    }

/**
 * Verifies one signature of a message under the key of its signer, which a path must prove elsewhere. SHA-1 is refused.
 * @param detached The content, where the message does not have it.
 * @throws {CmsError} when there is no content, or two; or an attribute is malformed.
 * @see RFC 5652 §5.6
 */
export function* verifySigner(
  data: SignedData,
  signer: SignerInfo,
  publicKey: SubjectPublicKeyInfo,
  detached?: Uint8Array,
): CryptoSteps<SignerVerdict> {
  const content = contentOf(data, detached)
  const how = howSigned(signer)
  if (how === undefined) return { ok: false, code: 'ERR_CMS_ALGORITHM' }
  if (signer.signedAttrs === undefined) {
    // §5.3: "[signedAttrs] MUST be present if the content type … is not id-data". And content that reads as signed
    // attributes was cut from a message that had them: the same signature would then be over another content.
    if (data.eContentType !== OID['id-data'] || areSignedAttributes(content))
      return { ok: false, code: 'ERR_CMS_SIGNED_ATTRIBUTES' }
    return yield* checked(how.algorithm, publicKey, content, signer.signature)
  }
  const digest = yield* askOctets({ op: 'digest', hash: how.hash, octets: content, times: 1 })
  return yield* verifySignerOfDigest(data, signer, publicKey, digest)
}

/**
 * As {@link verifySigner}, for a content that went by in pieces: over its digest by {@link hashOfSigner}. A signer without
 * signed attributes signs the content itself, and is refused here.
 * @param digest Undefined: the content was not digested, and is not what was signed.
 * @throws {DerError | CmsError} when an attribute is malformed.
 */
export function* verifySignerOfDigest(
  { eContentType }: Pick<SignedData, 'eContentType'>,
  signer: SignerInfo,
  publicKey: SubjectPublicKeyInfo,
  digest: Uint8Array | undefined,
): CryptoSteps<SignerVerdict> {
  const how = howSigned(signer)
  if (how === undefined) return { ok: false, code: 'ERR_CMS_ALGORITHM' }
  const { signedAttrs, signedAttrsDer, signature } = signer
  if (signedAttrs === undefined || signedAttrsDer === undefined) return { ok: false, code: 'ERR_CMS_SIGNED_ATTRIBUTES' }
  const contentType = onlyValue(signedAttrs, OID['id-contentType'])
  const messageDigest = onlyValue(signedAttrs, OID['id-messageDigest'])
  if (contentType === undefined || messageDigest === undefined || readWhole(contentType, readOid) !== eContentType)
    return { ok: false, code: 'ERR_CMS_SIGNED_ATTRIBUTES' }
  const signed = readWhole(messageDigest, (c) => readContents(c, TAG.octetString))
  if (digest === undefined || compareOctets(digest, signed) !== 0) return { ok: false, code: 'ERR_CMS_DIGEST' }
  return yield* checked(how.algorithm, publicKey, signedAttrsDer, signature)
}

/** The hash by which a signer digested the content; undefined where it, or the signature's algorithm, is none of ours. */
export function hashOfSigner(signer: SignerInfo): Exclude<HashName, 'SHA-1'> | undefined {
  return howSigned(signer)?.hash
}

function howSigned(
  signer: SignerInfo,
): { readonly hash: Exclude<HashName, 'SHA-1'>; readonly algorithm: AlgorithmIdentifier } | undefined {
  const hash = hashOf(signer.digestAlgorithm)
  if (hash === undefined || hash === 'SHA-1') return undefined
  const algorithm = signatureAlgorithmOf(signer.signatureAlgorithm, hash)
  return algorithm && { hash, algorithm }
}

function contentOf({ eContent }: SignedData, detached: Uint8Array | undefined): Uint8Array {
  if (eContent !== undefined && detached !== undefined) throw new CmsError('ERR_CMS_CONTENT_TWICE')
  const content = eContent ?? detached
  if (content === undefined) throw new CmsError('ERR_CMS_CONTENT_ABSENT')
  return content
}

function* checked(
  algorithm: AlgorithmIdentifier,
  publicKey: SubjectPublicKeyInfo,
  octets: Uint8Array,
  signature: Uint8Array,
): CryptoSteps<SignerVerdict> {
  const answer = yield { op: 'verify', algorithm, publicKey, octets, signature }
  if (answer === undefined) return { ok: false, code: 'ERR_CMS_ALGORITHM' }
  return answer === true ? { ok: true } : { ok: false, code: 'ERR_CMS_SIGNATURE' }
}

const RSA_WITH: Readonly<Partial<Record<HashName, Oid>>> = {
  'SHA-256': OID.sha256WithRSAEncryption,
  'SHA-384': OID.sha384WithRSAEncryption,
  'SHA-512': OID.sha512WithRSAEncryption,
}

/** RFC 3370 §3.2: rsaEncryption names the key alone, and the digest algorithm the rest. */
function signatureAlgorithmOf(algorithm: AlgorithmIdentifier, hash: HashName): AlgorithmIdentifier | undefined {
  if (algorithm.algorithm !== OID.rsaEncryption) return algorithm
  const withHash = RSA_WITH[hash]
  return withHash === undefined ? undefined : { ...algorithm, algorithm: withHash }
}

function areSignedAttributes(content: Uint8Array): boolean {
  if (content[0] !== TAG.set) return false
  try {
    const attributes = readWhole(content, (c) => readAttributesAt(c, TAG.set))
    return attributes.some(({ type }) => type === OID['id-messageDigest'])
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return false
    throw error
  }
}
