// Whether a message is encrypted already, and to whom, by its structure alone: nobody here has the key.
import { MailError } from '@countersign/protocol'
import {
  type Certificate,
  CmsError,
  createMessageReader,
  DerError,
  type RecipientInfo,
  X509Error,
} from '@countersign/x509'
import { decodeBody } from '../mime/decode.ts'
import { MailFormError } from '../mime/error.ts'
import { octetsOf } from '../mime/source.ts'
import type { Entity, Source } from '../model.ts'
import { isFor } from '../smime/decrypt.ts'
import { gathered } from '../smime/pieces.ts'

/** What says whether one of the keys that a message is encrypted to is a certificate's; or the entity whose keys are of OpenPGP. */
export type EncryptedTo =
  | { readonly format: 'smime'; readonly isFor: (certificate: Certificate) => boolean }
  | { readonly format: 'openpgp'; readonly entity: Entity }

const SMIME_TYPES = ['application/pkcs7-mime', 'application/x-pkcs7-mime']

/**
 * Reads to whom an entity is encrypted, if that is the outermost of it, or all that stands within a signature (RFC 2634 §1.1).
 * Undefined where it is not encrypted: what only says that it is, is not.
 * @throws what reading the source throws.
 */
export async function encryptedTo(entity: Entity, source: Source): Promise<EncryptedTo | undefined> {
  const { contentType, parts } = entity
  const [first] = parts
  if (contentType.type === 'multipart/signed' && first !== undefined) return encryptedTo(first, source)
  if (await isOpenPgp(entity, source)) return { format: 'openpgp', entity }
  if (!SMIME_TYPES.includes(contentType.type)) return undefined
  const infos = await recipientInfosOf(entity, source)
  return infos && { format: 'smime', isFor: (certificate) => infos.some((info) => isFor(info, certificate)) }
}

async function recipientInfosOf(entity: Entity, source: Source): Promise<readonly RecipientInfo[] | undefined> {
  try {
    const reader = createMessageReader()
    for await (const piece of gathered(decodeBody(entity, source)))
      for (const part of reader.push(piece))
        return part.event !== 'prefix' || part.message.kind === 'signedData' ? undefined : infosOf(part.message.data)
    return undefined
  } catch (error) {
    const isOfSender = [MailError, MailFormError, DerError, X509Error, CmsError].some((kind) => error instanceof kind)
    if (isOfSender) return undefined
    throw error
  }
}

function infosOf({ recipientInfos }: { readonly recipientInfos: readonly RecipientInfo[] }) {
  return recipientInfos.length > 0 ? recipientInfos : undefined
}

/** More of an armor is not looked at: its header lines, and the first packet. */
const ARMOR_OCTETS = 4_096
const ARMOR = /^\s*-----BEGIN PGP MESSAGE-----[ \t]*\r\n(?:[^\r\n:]+: [^\r\n]*\r\n)*\r\n([A-Za-z0-9+/]{4})/
/** RFC 9580 §5.1: "Public Key Encrypted Session Key". */
const SESSION_KEY_PACKET = 1

/** RFC 3156 §4. The armor is the same around what is only signed, or in clear: the first packet tells. @see RFC 9580 §4.2 */
async function isOpenPgp({ contentType, parts }: Entity, source: Source): Promise<boolean> {
  const [version, message] = parts
  if (contentType.type !== 'multipart/encrypted' || parts.length !== 2) return false
  if (version?.contentType.type !== 'application/pgp-encrypted' || message?.transferEncoding !== '7bit') return false
  const { bodyStart, end } = message
  const octets = await octetsOf(source, bodyStart, Math.min(end, bodyStart + ARMOR_OCTETS))
  const [, base64 = ''] = ARMOR.exec(Buffer.from(octets).toString('latin1')) ?? []
  const [tag = 0] = Buffer.from(base64, 'base64')
  return (tag & 0x80) !== 0 && ((tag & 0x40) === 0 ? (tag & 0x3c) >> 2 : tag & 0x3f) === SESSION_KEY_PACKET
}
