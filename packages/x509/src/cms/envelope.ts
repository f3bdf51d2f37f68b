// Sealing and opening: RFC 5652 §6.3, §6.4; RFC 5083 §2.2, §2.4. The operations are the caller's.
import { writeAlgorithmIdentifier } from '../algorithm.ts'
import {
  askOctets,
  type CipherName,
  type ContentCipher,
  type CryptoSteps,
  type HashName,
  type KeyTransport,
} from '../crypto-step.ts'
import { compareOctets, joinOctets, writeOctetBitString, writeOid, writeSequence } from '../der/write.ts'
import type { Attribute, Certificate, Oid, SubjectPublicKeyInfo } from '../model.ts'
import { OID } from '../oid.ts'
import {
  contentCipherOf,
  contentEncryptionAlgorithmOf,
  hasNoParameters,
  isAuthenticated,
  keyOctetsOf,
} from '../parameters.ts'
import { writeAuthEnvelopedData, writeEnvelopedData } from './enveloped-data.ts'
import { CmsError } from './error.ts'
import {
  deriveWrappingKey,
  type KeyAgreement,
  keyAgreementAlgorithmOf,
  keyAgreementOf,
  keyTransportAlgorithmOf,
  keyTransportOf,
  keyWrapOf,
} from './key-algorithms.ts'
import type {
  AuthEnvelopedData,
  CertificateReference,
  EncryptedContentInfo,
  EnvelopedData,
  KeyAgreeRecipientInfo,
  RecipientEncryptedKey,
  RecipientInfo,
} from './model.ts'
import { need } from './need.ts'
import { onlyValue, writeAttributes } from './parts.ts'
import { envelopedDataVersion } from './recipient-info.ts'
import { isReferenceTo } from './sign.ts'

/** Whom a message is for, and how the key gets there. */
export type NewRecipient =
  | {
      readonly rid: CertificateReference
      readonly publicKey: SubjectPublicKeyInfo
      readonly transport: KeyTransport
    }
  | {
      readonly rid: CertificateReference
      /** The public half of a key pair made for this message alone, on the recipient's curve. */
      readonly ephemeralKey: SubjectPublicKeyInfo
      /** What the private half and the recipient's key agree on. Secret. */
      readonly sharedSecret: Uint8Array
      readonly derivation: KeyAgreement['derivation']
      readonly hash: Exclude<HashName, 'SHA-1'>
      readonly ukm?: Uint8Array
    }

/** What is sealed, and with which entropy. */
export interface NewEnvelope {
  readonly content: Uint8Array
  /** `id-data` unless given. */
  readonly contentType?: Oid
  /** GCM makes AuthEnvelopedData; CBC makes EnvelopedData, which nothing keeps from being changed on its way. */
  readonly cipher: CipherName
  /** As many random octets as the cipher's key has, used for this message alone. Secret. */
  readonly key: Uint8Array
  /** Random: 12 octets for GCM, 16 for CBC. */
  readonly iv: Uint8Array
  readonly recipients: readonly NewRecipient[]
}

/** The whole tag: RFC 5084 §3.2 lets less be, and has less as its default. */
export const TAG_OCTETS = 16

/**
 * Encrypts content to its recipients, and writes the message.
 * @throws {RangeError} when key or iv have another length than the cipher asks for.
 * @throws {CmsError} when the performer does not have an operation.
 * @see RFC 5652 §6.3, RFC 5083 §2.2
 */
export function* sealEnvelope(envelope: NewEnvelope): CryptoSteps<Uint8Array> {
  const { content, contentType = OID['id-data'], cipher, key, iv, recipients } = envelope
  const authenticated = isAuthenticated(cipher)
  requireLengths(envelope)
  // RFC 5083 §2.1: attributes stand where the content is no plain data.
  const attributes: Attribute[] | undefined =
    authenticated && contentType !== OID['id-data']
      ? [{ type: OID['id-contentType'], values: [writeOid(contentType)] }]
      : undefined
  const parameters = { cipher, iv, ...(authenticated && { tagOctets: TAG_OCTETS }) }
  const encrypted = yield* need({
    op: 'encrypt',
    ...parameters,
    key,
    octets: content,
    additional: attributes ? writeAttributes(attributes) : new Uint8Array(),
  })
  const recipientInfos = yield* sealKeys(recipients, key)
  const info = (encryptedContent: Uint8Array): EncryptedContentInfo => ({
    contentType,
    contentEncryptionAlgorithm: contentEncryptionAlgorithmOf(parameters),
    encryptedContent,
  })
  if (!authenticated)
    return writeEnvelopedData({
      version: envelopedDataVersion({ recipientInfos }),
      recipientInfos,
      encryptedContentInfo: info(encrypted),
    })
  const end = encrypted.length - TAG_OCTETS
  return writeAuthEnvelopedData({
    recipientInfos,
    authEncryptedContentInfo: info(encrypted.subarray(0, end)),
    ...(attributes && { authAttrs: attributes }),
    mac: encrypted.subarray(end),
  })
}

/** @throws {RangeError} when they are of another cipher, or nobody could read the message. */
export function requireLengths({ cipher, key, iv, recipients }: Omit<NewEnvelope, 'content'>): void {
  if (key.length !== keyOctetsOf(cipher)) throw new RangeError('not the length of a key of this cipher')
  if (iv.length !== (isAuthenticated(cipher) ? 12 : 16)) throw new RangeError('not the length of an iv of this cipher')
  if (recipients.length === 0) throw new RangeError('a message without recipients')
}

/** Encrypts the content's key to each recipient. */
export function* sealKeys(recipients: readonly NewRecipient[], key: Uint8Array): CryptoSteps<RecipientInfo[]> {
  const recipientInfos: RecipientInfo[] = []
  for (const recipient of recipients) recipientInfos.push(yield* sealKey(recipient, key))
  return recipientInfos
}

function* sealKey(recipient: NewRecipient, key: Uint8Array): CryptoSteps<RecipientInfo> {
  const { rid } = recipient
  if ('transport' in recipient) {
    const { transport, publicKey } = recipient
    const encryptedKey = yield* need({ op: 'encryptKey', transport, publicKey, octets: key })
    return { kind: 'ktri', rid, keyEncryptionAlgorithm: keyTransportAlgorithmOf(transport), encryptedKey }
  }
  const { derivation, hash, sharedSecret, ukm, ephemeralKey } = recipient
  const agreement = { derivation, hash, wrap: keyWrapOf(key.length) }
  const wrappingKey = yield* deriveWrappingKey(agreement, sharedSecret, ukm)
  const encryptedKey = yield* need({ op: 'wrapKey', wrappingKey, octets: key })
  return {
    kind: 'kari',
    originator: { kind: 'originatorKey', publicKey: ephemeralKey },
    ...(ukm && { ukm }),
    keyEncryptionAlgorithm: keyAgreementAlgorithmOf(agreement),
    recipientEncryptedKeys: [{ rid, encryptedKey }],
  }
}

/**
 * Decrypts a message with the private key of `recipient`, which the performer has.
 * Every failure of a key, a padding or a tag is `ERR_CMS_DECRYPT` and no more (RFC 3218): who sent the message learns
 * nothing from it. Content of EnvelopedData is not authenticated; who shows it to a person must know.
 * @param entropy 32 random octets, new each time: the key that is taken where a PKCS#1 v1.5 padding is wrong.
 * @throws {CmsError} when it does not decrypt, is for others, or uses what is none of ours.
 * @throws {DerError} when parameters of an algorithm are malformed.
 * @see RFC 5652 §6.4, RFC 5083 §2.4
 */
export function* openEnvelope(
  data: EnvelopedData | AuthEnvelopedData,
  recipient: Certificate,
  entropy: Uint8Array,
): CryptoSteps<Uint8Array> {
  const isAuthentic = 'mac' in data
  const info = isAuthentic ? data.authEncryptedContentInfo : data.encryptedContentInfo
  const parameters = cipherOf(info, isAuthentic)
  if (isAuthentic && data.mac.length !== parameters.tagOctets) throw new CmsError('ERR_CMS_DECRYPT')
  if (info.encryptedContent === undefined) throw new CmsError('ERR_CMS_CONTENT_ABSENT')
  const key = yield* openContentKey(data.recipientInfos, recipient, parameters, entropy)
  const additional = (isAuthentic && data.authAttrsDer) || new Uint8Array()
  const octets = isAuthentic ? joinOctets(info.encryptedContent, data.mac) : info.encryptedContent
  const content = yield* askOctets({ op: 'decrypt', ...parameters, key, octets, additional })
  if (content === undefined) throw new CmsError('ERR_CMS_DECRYPT')
  if (isAuthentic && data.authAttrs) requireContentType(data.authAttrs, info.contentType)
  return content
}

/**
 * The cipher of a content that is authenticated, or is not.
 * @throws {CmsError} when it is none of ours, or one of the other kind: GCM whose tag nobody asks for is no encryption.
 * @throws {DerError} when its parameters are malformed.
 */
export function cipherOf(info: EncryptedContentInfo, isAuthentic: boolean): ContentCipher {
  const parameters = contentCipherOf(info.contentEncryptionAlgorithm)
  if (parameters === undefined || isAuthenticated(parameters.cipher) !== isAuthentic)
    throw new CmsError('ERR_CMS_ALGORITHM')
  return parameters
}

/** §11.1: authenticated attributes say which type of content is authenticated. @throws {CmsError} when they say another. */
export function requireContentType(attributes: readonly Attribute[], contentType: Oid): void {
  const value = onlyValue(attributes, OID['id-contentType'])
  if (value === undefined || compareOctets(value, writeOid(contentType)) !== 0)
    throw new CmsError('ERR_CMS_AUTHENTICATED_ATTRIBUTES')
}

/**
 * The key of a content, by the private key of `recipient`, which the performer has. Secret.
 * @param entropy As for {@link openEnvelope}.
 * @throws {CmsError} `ERR_CMS_NO_RECIPIENT` where the message is for others, `ERR_CMS_ALGORITHM` where the key travels as none
 *   of ours does, `ERR_CMS_DECRYPT` for all else.
 */
export function* openContentKey(
  recipientInfos: readonly RecipientInfo[],
  recipient: Certificate,
  { cipher }: Pick<ContentCipher, 'cipher'>,
  entropy: Uint8Array,
): CryptoSteps<Uint8Array> {
  if (entropy.length < 32) throw new RangeError('less entropy than a key has')
  const keyOctets = keyOctetsOf(cipher)
  for (const info of recipientInfos) {
    if (info.kind === 'ktri' && isReferenceTo(info.rid, recipient)) {
      const transport = keyTransportOf(info.keyEncryptionAlgorithm)
      const key = yield* askOctets({ op: 'decryptKey', transport, octets: info.encryptedKey })
      if (key?.length === keyOctets) return key
      if (transport.kind === 'RSAES-OAEP') throw new CmsError('ERR_CMS_DECRYPT')
      // Bleichenbacher: a wrong padding goes the way of a wrong key.
      return entropy.subarray(0, keyOctets)
    }
    if (info.kind !== 'kari') continue
    const own = info.recipientEncryptedKeys.find(({ rid }) => isReferenceTo(rid, recipient))
    if (own === undefined) continue
    // RFC 3394 §2.2.1: a wrapped key has 8 octets more than the key.
    if (own.encryptedKey.length !== keyOctets + 8) throw new CmsError('ERR_CMS_DECRYPT')
    return yield* agreedKey(info, own, recipient)
  }
  throw new CmsError('ERR_CMS_NO_RECIPIENT')
}

function* agreedKey(
  { originator, ukm, keyEncryptionAlgorithm }: KeyAgreeRecipientInfo,
  { encryptedKey }: RecipientEncryptedKey,
  { subjectPublicKeyInfo: { algorithm } }: Certificate,
): CryptoSteps<Uint8Array> {
  const agreement = keyAgreementOf(keyEncryptionAlgorithm)
  // A key that only a certificate has would be the originator's for ever: RFC 5753 §3.1.1 uses a new one each time.
  if (originator.kind !== 'originatorKey') throw new CmsError('ERR_CMS_ALGORITHM')
  const theirs = originator.publicKey
  // The curve is the recipient's; the originator may name it, leave it out, or write NULL (RFC 5753 §3.1.1).
  const isSameCurve =
    compareOctets(writeAlgorithmIdentifier(theirs.algorithm), writeAlgorithmIdentifier(algorithm)) === 0
  if (theirs.algorithm.algorithm !== algorithm.algorithm || !(isSameCurve || hasNoParameters(theirs.algorithm)))
    throw new CmsError('ERR_CMS_ALGORITHM')
  const { subjectPublicKey } = theirs
  const der = writeSequence(writeAlgorithmIdentifier(algorithm), writeOctetBitString(subjectPublicKey))
  const sharedSecret = yield* askOctets({ op: 'agree', publicKey: { der, algorithm, subjectPublicKey } })
  if (sharedSecret === undefined) throw new CmsError('ERR_CMS_DECRYPT')
  const wrappingKey = yield* deriveWrappingKey(agreement, sharedSecret, ukm)
  const key = yield* askOctets({ op: 'unwrapKey', wrappingKey, octets: encryptedKey })
  if (key === undefined) throw new CmsError('ERR_CMS_DECRYPT')
  return key
}
