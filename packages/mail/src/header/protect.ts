// The header of a message goes into what is signed and encrypted. RFC 9788 §5.2, without legacy display elements.
import { MailFormError } from '../mime/error.ts'
import { octetsOf } from '../mime/source.ts'
import type { Entity, Field, Source } from '../model.ts'
import { isHpOuter, isOfTransport, isStructural } from './fields.ts'

/** What the composer means to do: sign alone, or encrypt too. @see RFC 9788 §2.1.1 */
export type HeaderProtection = 'clear' | 'cipher'

/** A message that is ready to be signed and encrypted. */
export interface ProtectedMessage {
  /** The payload: an entity with all fields of the message and its body. Each line of the header ends with CRLF. */
  readonly payload: AsyncIterable<Uint8Array>
  /**
   * The fields for the outside, folded as they were, without their last line end and without those of MIME: `MIME-Version` and
   * the type are of what is written around the payload.
   */
  readonly outer: readonly string[]
}

/**
 * Puts the header of a message into its payload. With `cipher`, the outside has what `hcp_baseline` leaves of it, and the payload
 * says so in HP-Outer. Fields that transport wrote stay outside alone. Bcc stands nowhere: nobody learns of another (§11.4).
 * @throws {MailFormError} when the message says of itself that its header is protected.
 * @see RFC 9788 §5.2.1
 */
export async function protectHeader(
  message: Entity,
  source: Source,
  protection: HeaderProtection,
): Promise<ProtectedMessage> {
  if (message.contentType.parameters.has('hp')) throw new MailFormError('header-protection', message.start)
  const lines: string[] = []
  const outer: string[] = []
  const repeated: string[] = []
  let hasType = false
  // All of it at once: a source may be a file, and a field is some dozens of octets.
  const written = Buffer.from(await octetsOf(source, message.start, message.bodyStart))
  for (const field of message.fields) {
    if (isHpOuter(field) || /^bcc$/i.test(field.name)) continue
    const text = writtenValue(field, written.subarray(field.start - message.start, field.end - message.start))
    const isType = /^content-type$/i.test(field.name)
    hasType ||= isType
    if (isOfTransport(field)) outer.push(`${field.name}: ${text}`)
    else lines.push(isType ? typeField(text, protection) : `${field.name}: ${text}`)
    if (isOfTransport(field) || isStructural(field)) continue
    const shown = protection === 'cipher' ? baseline(field.name, text) : text
    if (shown === undefined) continue
    outer.push(`${field.name}: ${shown}`)
    if (protection === 'cipher') repeated.push(`HP-Outer: ${field.name}: ${shown}`)
  }
  // RFC 2045 §5.2: what an entity is that does not say so.
  if (!hasType) lines.push(typeField('text/plain; charset="us-ascii"', protection))
  const header = [...lines, ...repeated].map((line) => `${line}\r\n`).join('')
  return { payload: payloadOf(`${header}\r\n`, message, source), outer }
}

/** What the outside says of a field; undefined: nothing. @see RFC 9788 §3.2.1 */
function baseline(name: string, value: string): string | undefined {
  if (/^subject$/i.test(name)) return '[...]'
  return /^(?:comments|keywords)$/i.test(name) ? undefined : value
}

function typeField(value: string, protection: HeaderProtection): string {
  return `Content-Type: ${value.replace(/;[ \t]*$/, '')};\r\n hp="${protection}"`
}

/** The value folded as it stands, for signatures of others may be in it, without the white space around it. */
function writtenValue({ name }: Field, octets: Buffer): string {
  return octets
    .toString('utf8')
    .slice(name.length + 1)
    .replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
}

async function* payloadOf(header: string, { bodyStart, end }: Entity, source: Source): AsyncGenerator<Uint8Array> {
  yield Buffer.from(header, 'utf8')
  yield* source.read(bodyStart, end)
}
