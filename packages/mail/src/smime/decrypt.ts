// Enveloped data that goes by, into a spool: RFC 5652 §6.4, RFC 5083 §2.2, RFC 3218.

import {
  type CipherGCMTypes,
  createDecipheriv,
  type DecipherGCM,
  type Decipheriv,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { performWith } from '@countersign/mtls'
import { MailError } from '@countersign/protocol'
import {
  type Certificate,
  CmsError,
  type ContentCipher,
  cipherOf,
  isReferenceTo,
  type MessageEvent,
  type MessagePrefix,
  type MessageRest,
  OID,
  openContentKey,
  performSteps,
  type RecipientInfo,
  requireContentType,
} from '@countersign/x509'
import type { Spool } from '../model.ts'
import { curveOf } from './names.ts'
import { gathered } from './pieces.ts'

/** A key that reads mail, with its certificate; old ones too. Secret: `privateKey`. */
export interface ReadingKey {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
}

/** What is learned of an encrypted layer on the way, and told also where it is not opened. */
export interface EncryptedFacts {
  isAuthenticated: boolean
  recipients: number
  cipher?: string
  transport?: string
  openedBy?: Certificate
}

/** An encrypted message, of which the prefix was read. */
export interface ReadEnvelope {
  readonly prefix: Extract<MessagePrefix, { readonly kind: 'envelopedData' | 'authEnvelopedData' }>
  readonly rest: AsyncIterable<MessageEvent>
  /** All of it once more, the prefix too. */
  readonly again: () => AsyncIterable<MessageEvent>
}

/**
 * Decrypts one message into `spool`, of which nothing may be shown before this has resolved.
 * Whatever is wrong with a key, a padding or a tag is `ERR_MAIL_DECRYPT` after the same work: all of the content was decrypted,
 * under a key of chance where the right one did not come out.
 * @throws {MailError} when it does not open.
 * @throws {DerError | X509Error | CmsError} when it is no message of CMS.
 */
export async function decryptInto(
  spool: () => Spool,
  { prefix, rest: events, again }: ReadEnvelope,
  keys: readonly ReadingKey[],
  facts: EncryptedFacts,
): Promise<Spool> {
  const start = (attributes?: Uint8Array) => startDecryption(prefix, keys, facts, attributes)
  const first = spool()
  const rest = await passOver(first, events, start)
  const attributes = rest.kind === 'authEnvelopedData' ? rest.data.authAttrsDer : undefined
  if (attributes === undefined) return first
  // What is authenticated beside the content stands behind it, and AES-GCM wants it first: the message is read once more.
  await first[Symbol.asyncDispose]()
  const second = spool()
  await passOver(second, again(), start, attributes)
  return second
}

/** Reads a message and decrypts it; without `attributes` one that has some is read but not judged. */
async function passOver(
  spool: Spool,
  events: AsyncIterable<MessageEvent>,
  start: Start,
  attributes?: Uint8Array,
): Promise<MessageRest> {
  try {
    return await decryptPieces(spool, events, start, attributes)
  } catch (error) {
    await spool[Symbol.asyncDispose]()
    throw error
  }
}

type Start = (attributes?: Uint8Array) => Decryption

async function decryptPieces(
  spool: Spool,
  events: AsyncIterable<MessageEvent>,
  start: Start,
  attributes: Uint8Array | undefined,
): Promise<MessageRest> {
  const decryption = start(attributes)
  let rest: MessageRest | undefined
  async function* contents(): AsyncGenerator<Uint8Array> {
    for await (const part of events)
      if (part.event === 'content') yield part.octets
      else if (part.event === 'rest') rest = part.message
  }
  for await (const piece of gathered(contents())) {
    const plain = decryption.decipher.update(piece)
    if (plain.length > 0) await spool.write(plain)
  }
  if (rest === undefined) throw new CmsError('ERR_CMS_CONTENT_ABSENT')
  const hasMore = rest.kind === 'authEnvelopedData' && rest.data.authAttrsDer !== undefined && attributes === undefined
  if (!hasMore) await endDecryption(decryption, rest, spool)
  return rest
}

interface Decryption {
  readonly decipher: Decipheriv
  readonly cipher: ContentCipher
  /** Whether the key is one of chance. */
  readonly isLost: boolean
}

function startDecryption(
  { kind, data: { recipientInfos, encryptedContentInfo: info } }: ReadEnvelope['prefix'],
  keys: readonly ReadingKey[],
  facts: EncryptedFacts,
  attributes: Uint8Array | undefined,
): Decryption {
  const isAuthenticated = kind === 'authEnvelopedData'
  facts.isAuthenticated = isAuthenticated
  facts.recipients = recipientInfos.reduce((sum, each) => sum + countOf(each), 0)
  const cipher = cipherOf(info, isAuthenticated)
  facts.cipher = cipher.cipher
  // RFC 8551 §3.1: what is inside is a MIME entity, which is plain data.
  if (info.contentType !== OID['id-data']) throw new MailError('ERR_MAIL_FORM', 'what is encrypted is no MIME entity')
  if (info.encryptedContent === undefined) throw new CmsError('ERR_CMS_CONTENT_ABSENT')
  const own = keys.find(({ certificate }) => recipientInfos.some((each) => isFor(each, certificate)))
  if (own === undefined) throw new MailError('ERR_MAIL_NO_KEY', 'none of the keys at hand is among its recipients')
  facts.openedBy = own.certificate
  facts.transport = transportOf(recipientInfos, own.certificate)
  const { key, isLost } = keyOf(recipientInfos, own, cipher)
  if (!isAuthenticated)
    return { decipher: createDecipheriv(cipher.cipher.toLowerCase(), key, cipher.iv), cipher, isLost }
  const authTagLength = cipher.tagOctets ?? 16
  const gcm = createDecipheriv(cipher.cipher.toLowerCase() as CipherGCMTypes, key, cipher.iv, { authTagLength })
  if (attributes) gcm.setAAD(attributes)
  return { decipher: gcm, cipher, isLost }
}

function keyOf(
  recipientInfos: readonly RecipientInfo[],
  { certificate, privateKey }: ReadingKey,
  cipher: ContentCipher,
): { readonly key: Uint8Array; readonly isLost: boolean } {
  const chance = new Uint8Array(randomBytes(32))
  try {
    const steps = openContentKey(recipientInfos, certificate, cipher, chance)
    return { key: performSteps(steps, performWith({ recipient: privateKey })), isLost: false }
  } catch (error) {
    if (!(error instanceof CmsError && error.code === 'ERR_CMS_DECRYPT')) throw error
    return { key: chance.subarray(0, Number(cipher.cipher.slice(4, 7)) / 8), isLost: true }
  }
}

async function endDecryption({ decipher, cipher, isLost }: Decryption, rest: MessageRest, spool: Spool): Promise<void> {
  const plain = lastOf(decipher, cipher, rest)
  if (plain === undefined || isLost) throw new MailError('ERR_MAIL_DECRYPT', 'a key, a padding or a tag is not right')
  if (rest.kind === 'authEnvelopedData' && rest.data.authAttrs)
    requireContentType(rest.data.authAttrs, rest.data.authEncryptedContentInfo.contentType)
  if (plain.length > 0) await spool.write(plain)
}

/** The end of the content, undefined where the padding or the tag is wrong. */
function lastOf(decipher: Decipheriv, cipher: ContentCipher, rest: MessageRest): Uint8Array | undefined {
  if (rest.kind === 'authEnvelopedData') {
    if (rest.data.mac.length !== cipher.tagOctets)
      return undefined
      // What authenticates was made so by startDecryption.
    ;(decipher as DecipherGCM).setAuthTag(rest.data.mac)
  }
  try {
    return decipher.final()
  } catch (error) {
    // OpenSSL's word for a padding has a code, Node's for a tag has none.
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code.startsWith('ERR_OSSL_') || (error instanceof Error && /unsupported state/i.test(error.message)))
      return undefined
    throw error
  }
}

/** Whether the key comes by this way to the holder of a certificate. */
export function isFor(info: RecipientInfo, certificate: Certificate): boolean {
  if (info.kind === 'ktri') return isReferenceTo(info.rid, certificate)
  return info.kind === 'kari' && info.recipientEncryptedKeys.some(({ rid }) => isReferenceTo(rid, certificate))
}

function countOf(info: RecipientInfo): number {
  return info.kind === 'kari' ? info.recipientEncryptedKeys.length : 1
}

function transportOf(recipientInfos: readonly RecipientInfo[], certificate: Certificate): string {
  const info = recipientInfos.find((each) => isFor(each, certificate))
  if (info?.kind !== 'ktri') return `ECDH ${curveOf(certificate.subjectPublicKeyInfo) ?? ''}`
  return info.keyEncryptionAlgorithm.algorithm === OID.rsaEncryption ? 'RSAES-PKCS1-v1_5' : 'RSAES-OAEP'
}
