// What is in a payload: its parts, messages in it, and layers that stand where they say nothing of the message. RFC 9788 §1.7.
// Nothing is fetched: message/external-body (RFC 2046 §5.2.3) is a part as any other, and what HTML refers to is not looked for.
import type { ContentType, Entity, Source } from '../model.ts'
import type { Errant } from '../verdict/facts.ts'
import { readContentDisposition } from './content-type.ts'
import { decodeBody } from './decode.ts'
import { fieldOf, isMultipart } from './entity.ts'
import { readText } from './words.ts'

/** One part that has no parts itself. */
export interface PayloadPart {
  /** As people count parts, as in `2.1`; the only one is `1`. */
  readonly part: string
  readonly type: string
  /** As the sender wrote it, to be shown: no path to write to. */
  readonly fileName?: string
  /** Of its body, in its transfer encoding. */
  readonly octets: number
}

/** All that stands in a payload. */
export interface PayloadContents {
  readonly parts: readonly PayloadPart[]
  readonly errants: readonly Errant[]
  /** How many whole messages are attached; they are not looked into. */
  readonly attachedMessages: number
}

/**
 * Walks a payload. Whatever in it is signed or encrypted is errant, itself included: it was not opened.
 * @throws {MailFormError} when a text is not in its transfer encoding, or a file name can be read in two ways.
 */
export async function walkPayload(payload: Entity, source: Source): Promise<PayloadContents> {
  const parts: PayloadPart[] = []
  const errants: Errant[] = []
  let attachedMessages = 0
  for (const [part, entity] of partsOf(payload, '')) {
    const fileName = fileNameOf(entity)
    const kind = layerOf(entity.contentType, fileName) ?? ((await hasArmour(entity, source)) ? 'inline' : undefined)
    if (kind !== undefined) errants.push({ kind, part: part === '' ? '1' : part })
    if (/^message\/(?:rfc822|global)$/.test(entity.contentType.type)) attachedMessages++
    if (isMultipart(entity)) continue
    const octets = entity.end - entity.bodyStart
    const { type } = entity.contentType
    parts.push({ part: part === '' ? '1' : part, type, octets, ...(fileName === undefined ? {} : { fileName }) })
  }
  return { parts, errants, attachedMessages }
}

/** The entity and all in it, each with its number. */
function* partsOf(entity: Entity, number: string): Generator<readonly [part: string, entity: Entity]> {
  yield [number, entity]
  for (const [index, part] of entity.parts.entries())
    yield* partsOf(part, number === '' ? `${index + 1}` : `${number}.${index + 1}`)
}

function fileNameOf(entity: Entity): string | undefined {
  const field = fieldOf(entity, 'Content-Disposition')
  const parameters = field === undefined ? undefined : readContentDisposition(field.value, field.start).parameters
  const name = parameters?.get('filename') ?? entity.contentType.parameters.get('name')
  return name === undefined ? undefined : readText(name)
}

/** Which layer it is by its type; RFC 8551 §3.10 has readers go by the name where the type is lost. */
function layerOf({ type, parameters }: ContentType, fileName: string | undefined): Errant['kind'] | undefined {
  if (type === 'multipart/signed') return 'signed'
  if (type === 'multipart/encrypted' || type === 'application/pgp-encrypted') return 'encrypted'
  // RFC 3156 §2: what was there before it, of which no layer is made.
  if (type === 'application/pgp') return 'inline'
  const isCms = /^application\/(?:x-)?pkcs7-mime$/.test(type)
  if (!isCms && !(type === 'application/octet-stream' && /\.p7[mz]$/i.test(fileName ?? ''))) return undefined
  const smimeType = parameters.get('smime-type')?.toLowerCase()
  // RFC 8551 §3.8: certificates alone sign nothing.
  if (smimeType === 'certs-only') return undefined
  return smimeType === 'signed-data' ? 'signed' : 'encrypted'
}

/** What begins a message of RFC 9580 §6.2 or §7, at the beginning of a line, where programs look for it. */
const ARMOUR = /[\r\n][ \t]{0,64}-----BEGIN PGP (?:SIGNED )?MESSAGE/
/** As many characters as the pattern has at most. */
const OVERLAP = 128

/** Whether a text has OpenPGP in it, which some programs open and show as if it were the message. */
async function hasArmour(entity: Entity, source: Source): Promise<boolean> {
  const { type, parameters } = entity.contentType
  if (!type.startsWith('text/')) return false
  const decoder = decoderOf(parameters.get('charset') ?? 'utf-8')
  // Of HTML, a line begins with each element.
  const breaks = type === 'text/plain' ? /[\v\f\u0085\u2028\u2029]/g : /[>\v\f\u0085\u2028\u2029]/g
  let text = '\n'
  for await (const piece of decodeBody(entity, source)) {
    text += decoder.decode(piece, { stream: true }).replace(breaks, '\n')
    if (ARMOUR.test(text)) return true
    text = text.slice(-OVERLAP)
  }
  return ARMOUR.test(text + decoder.decode())
}

/** The decoder of a character set; of one that is not known, for what is looked for is ASCII in nearly all. */
function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset)
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder('latin1')
    throw error
  }
}
