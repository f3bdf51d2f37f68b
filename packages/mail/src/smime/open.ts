// S/MIME layers opened: RFC 8551 §3, in the two forms of signed and the two of encrypted data.
import type { Trust } from '@countersign/mtls'
import { MailError, type RefusalCode } from '@countersign/protocol'
import {
  type Certificate,
  CmsError,
  DerError,
  type MessageEvent,
  OID,
  type SignedData,
  X509Error,
} from '@countersign/x509'
import { decodeBody } from '../mime/decode.ts'
import { MailFormError } from '../mime/error.ts'
import type { Entity, LayerOpener, OpenContext, OpenedLayer, Source, Spool } from '../model.ts'
import { decryptInto, type EncryptedFacts, type ReadingKey } from './decrypt.ts'
import { signerOf } from './names.ts'
import { gathered, readMessage } from './pieces.ts'
import { judgeSignatures, type SignatureContext } from './signatures.ts'

/** What an opener has. */
export interface SmimeOpenerOptions {
  /** Keys that read mail, old ones too; the first that a message is for opens it. */
  readonly keys: readonly ReadingKey[]
  /** By whose word signers are believed. */
  readonly trust: Trust
  /** Certificates of signers who may not send theirs. Candidates, believed by the gate alone. */
  readonly known?: readonly Certificate[]
}

const SIGNATURE_TYPES = ['application/pkcs7-signature', 'application/x-pkcs7-signature']
const MESSAGE_TYPES = ['application/pkcs7-mime', 'application/x-pkcs7-mime']
/** A signature with its certificates and CRLs, in base64. */
const MAX_SIGNATURE_OCTETS = 12_582_912

/** Makes an opener of S/MIME. Whatever a sender wrote is an answer, and only a source or a spool that fails is thrown. */
export function createSmimeOpener(options: SmimeOpenerOptions): LayerOpener {
  return {
    format: 'smime',
    async open(entity, source, context) {
      const { type } = entity.contentType
      if (isMultipartSigned(entity)) return openMultipartSigned(entity, source, contextOf(options, context))
      if (!MESSAGE_TYPES.includes(type)) return undefined
      return openMessage(entity, source, options, context)
    },
  }
}

function contextOf({ trust, known = [] }: SmimeOpenerOptions, { now }: OpenContext): SignatureContext {
  return { trust, known, now }
}

/** By its protocol; by its second part where it does not say one, which RFC 1847 §2.1 wants. */
function isMultipartSigned({ contentType: { type, parameters }, parts }: Entity): boolean {
  if (type !== 'multipart/signed') return false
  const protocol = parameters.get('protocol')?.toLowerCase() ?? parts[1]?.contentType.type ?? ''
  return SIGNATURE_TYPES.includes(protocol)
}

/** §3.5.3. What `micalg` says is nobody's word: each signature has its own digest algorithm. */
async function openMultipartSigned(entity: Entity, source: Source, context: SignatureContext): Promise<OpenedLayer> {
  const [signed, control] = entity.parts
  if (signed === undefined || control === undefined || entity.parts.length !== 2)
    return notSigned('ERR_MAIL_FORM', 'what is signed must have two parts')
  const inside = { source, start: signed.start, end: signed.end, entity: signed }
  try {
    if (!SIGNATURE_TYPES.includes(control.contentType.type))
      throw new MailError('ERR_MAIL_FORM', 'the second part is not the signature')
    if (control.end - control.bodyStart > MAX_SIGNATURE_OCTETS)
      throw new MailError('ERR_MAIL_BUDGET', 'the signature has too many octets')
    const data = await readSignature(cmsOf(control, source))
    return {
      layer: { kind: 'signed', format: 'smime', signatures: await judgeSignatures(data, inside, context) },
      inside,
    }
  } catch (error) {
    const { code, note } = faultOf(error)
    return { ...notSigned(code, note), inside }
  }
}

/** A CMS message, which a body holds in any transfer encoding. @see RFC 8551 §3.1.2 */
function cmsOf(entity: Entity, source: Source): AsyncGenerator<MessageEvent, undefined> {
  return readMessage(gathered(decodeBody(entity, source)))
}

/** §3.5.3.1: "The SignedData encapContentInfo eContent field MUST be absent." */
async function readSignature(message: AsyncIterable<MessageEvent>): Promise<SignedData> {
  let data: SignedData | undefined
  for await (const part of message) {
    if (part.event === 'content') throw new CmsError('ERR_CMS_CONTENT_TWICE')
    if (part.message.kind !== 'signedData') throw new CmsError('ERR_CMS_CONTENT_TYPE')
    if (part.event === 'rest') data = part.message.data
  }
  if (data === undefined) throw new CmsError('ERR_CMS_CONTENT_ABSENT')
  if (data.eContent !== undefined) throw new CmsError('ERR_CMS_CONTENT_TWICE')
  requireData(data)
  return data
}

/** §3.2: "The carried CMS object always contains a MIME entity … if the eContentType is id-data", and anything else otherwise. */
function requireData({ eContentType }: Pick<SignedData, 'eContentType'>): void {
  if (eContentType !== OID['id-data']) throw new MailError('ERR_MAIL_FORM', 'what is signed is no MIME entity')
}

/** §3.2: by what the message is, and not by what its `smime-type` says. */
async function openMessage(
  entity: Entity,
  source: Source,
  options: SmimeOpenerOptions,
  context: OpenContext,
): Promise<OpenedLayer> {
  const facts: EncryptedFacts = { isAuthenticated: false, recipients: 0 }
  const claimed = entity.contentType.parameters.get('smime-type')?.toLowerCase() ?? ''
  let isSigned = /^signed-|^certs-only$/.test(claimed)
  try {
    await using message = cmsOf(entity, source)
    const { value: prefix } = await message.next()
    if (prefix?.event !== 'prefix') throw new CmsError('ERR_CMS_CONTENT_ABSENT')
    isSigned = prefix.message.kind === 'signedData'
    if (prefix.message.kind === 'signedData') {
      requireData(prefix.message.data)
      return await openSignedMessage(message, context.spool(), contextOf(options, context))
    }
    const envelope = { prefix: prefix.message, rest: message, again: () => cmsOf(entity, source) }
    const spool = await decryptInto(() => context.spool(), envelope, options.keys, facts)
    return { layer: { ...layerOf(facts), outcome: { ok: true } }, inside: await wholeOf(spool) }
  } catch (error) {
    const { code, note } = faultOf(error)
    if (isSigned) return notSigned(code, note)
    const why = claimed === 'compressed-data' ? 'compressed data is not opened' : note
    return { layer: { ...layerOf(facts), outcome: { ok: false, code, note: why } } }
  }
}

/** §3.5.2. `message` is what follows its prefix. */
async function openSignedMessage(
  message: AsyncIterable<MessageEvent>,
  spool: Spool,
  context: SignatureContext,
): Promise<OpenedLayer> {
  try {
    let data: SignedData | undefined
    for await (const part of message)
      if (part.event === 'content') await spool.write(part.octets)
      else if (part.message.kind !== 'signedData') throw new CmsError('ERR_CMS_CONTENT_TYPE')
      else if (part.event === 'rest') data = part.message.data
    if (data?.eContent === undefined) throw new CmsError('ERR_CMS_CONTENT_ABSENT')
    const inside = await wholeOf(spool)
    return {
      layer: { kind: 'signed', format: 'smime', signatures: await judgeSignatures(data, inside, context) },
      inside,
    }
  } catch (error) {
    await spool[Symbol.asyncDispose]()
    throw error
  }
}

async function wholeOf(spool: Spool): Promise<NonNullable<OpenedLayer['inside']>> {
  const source = await spool.source()
  return { source, start: 0, end: source.length }
}

function notSigned(code: RefusalCode, note: string): OpenedLayer {
  return { layer: { kind: 'signed', format: 'smime', signatures: [{ outcome: { ok: false, code, note } }] } }
}

function layerOf({ isAuthenticated, recipients, cipher, transport, openedBy }: EncryptedFacts) {
  return {
    kind: 'encrypted',
    format: 'smime',
    isAuthenticated,
    recipients,
    ...(cipher !== undefined && { cipher }),
    ...(transport !== undefined && { transport }),
    ...(openedBy && { openedBy: signerOf(openedBy) }),
  } as const
}

/** What a sender wrote wrongly, as a row of the table of refusals. @throws what is no sender's fault. */
function faultOf(error: unknown): { readonly code: RefusalCode; readonly note: string } {
  if (error instanceof MailError) return error
  if (error instanceof MailFormError) return { code: error.code, note: error.fault }
  if (error instanceof DerError || error instanceof X509Error || error instanceof CmsError)
    return { code: CODES[error.code] ?? 'ERR_MAIL_FORM', note: error.code }
  throw error
}

const CODES: Readonly<Partial<Record<string, RefusalCode>>> = {
  ERR_CMS_ALGORITHM: 'ERR_MAIL_ALGORITHM',
  // Compressed, digested, authenticated data and the rest: types that we do not open.
  ERR_CMS_CONTENT_TYPE: 'ERR_MAIL_ALGORITHM',
  ERR_DER_LENGTH_LIMIT: 'ERR_MAIL_BUDGET',
  ERR_DER_ELEMENT_LIMIT: 'ERR_MAIL_BUDGET',
  ERR_DER_DEPTH_LIMIT: 'ERR_MAIL_BUDGET',
}
