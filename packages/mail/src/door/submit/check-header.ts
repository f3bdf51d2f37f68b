// Whether a message may be handed in as it is, and what is added to it. @see RFC 6409 §6, §8
import type { Meeting, RefusalCode } from '@countersign/protocol'
import { readName } from '@countersign/verify'
import { formatDate } from '../leave/report.ts'
import { type HeaderLine, onlyAddressOf, readHeader, utf8 } from './header.ts'

/** What is known of a message while it is handed in. */
export interface HeaderContext {
  readonly meeting: Meeting
  readonly host: string
  /** What the caller calls itself. */
  readonly helo: string
  readonly saysUtf8: boolean
  readonly now: Temporal.Instant
  /** Names this message, in the trace and where it has no name of its own. */
  readonly id: string
}

/** What may be kept; or why not. */
export type CheckedHeader =
  | { readonly ok: true; readonly header: string; readonly isUtf8: boolean; readonly messageId?: string }
  | { readonly ok: false; readonly code: RefusalCode; readonly note: string }

/**
 * What says who else gets it, or what only this house says. Whoever hands in mail has judged none that came: results of theirs would
 * be believed by readers in this house, whose servers they name (RFC 8601 §5).
 */
const TAKEN_OUT = /^(?:(?:resent-)?bcc|return-path|authentication-results|countersign-.*)$/

/** Some programs end a line at such a character, and some a header at a line of white space (RFC 5322 §3.2.2, §4.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const READ_IN_TWO_WAYS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]|\r\n[ \t]+\r\n/

/** Checks the octets of a header: lines with CRLF, without the empty one. */
export function checkHeader(octets: Uint8Array, context: HeaderContext): CheckedHeader {
  const text = utf8(octets)
  if (text === undefined) return refuse('ERR_MAIL_FORM', 'the header is not UTF-8')
  const isUtf8 = /\P{ASCII}/u.test(text)
  if (isUtf8 && !context.saysUtf8)
    return refuse('ERR_MAIL_NOT_ASCII', 'the header is not ASCII, and SMTPUTF8 was not said')
  const fields = readHeader(text)
  if (fields === undefined) return refuse('ERR_MAIL_FORM', 'a line of the header is no field')
  if (READ_IN_TWO_WAYS.test(text))
    return refuse('ERR_MAIL_FORM', 'the header has a control character, or a line of white space')
  const fault = authorFault(fields, context.meeting)
  if (fault) return fault
  const fieldOf = (name: string) => fields.find((field) => field.name === name)?.value
  const messageId = fieldOf('message-id') ?? `<${context.id}@${context.host}>`
  const header = [
    traceOf(context, isUtf8),
    ...fields.filter(({ name }) => !TAKEN_OUT.test(name)).map((field) => field.text),
    // RFC 6409 §8.1, §8.2
    ...(fieldOf('date') === undefined ? [`Date: ${formatDate(context.now)}\r\n`] : []),
    ...(fieldOf('message-id') === undefined ? [`Message-ID: ${messageId}\r\n`] : []),
  ].join('')
  return { ok: true, header, isUtf8, messageId }
}

/** Whether an address is one that the caller has proved. The local part is compared as it stands. */
export function isOwnAddress(address: string, { caller }: Meeting): boolean {
  const name = readName(address)
  return (
    name?.kind === 'rfc822Name' &&
    caller.identities.some(({ kind, value }) => kind === name.kind && value === name.value)
  )
}

/** RFC 5322 §3.6.2: who wrote it, and who sent it where that is somebody else. */
function authorFault(fields: readonly HeaderLine[], meeting: Meeting): CheckedHeader | undefined {
  const [from, ...more] = fields.filter(({ name }) => name === 'from')
  const author = from && more.length === 0 ? onlyAddressOf(from.value) : undefined
  if (author === undefined) return refuse('ERR_MAIL_FROM', 'From has not one address, plainly written')
  if (!isOwnAddress(author, meeting)) return refuse('ERR_MAIL_SENDER', `From is ${author}`)
  for (const { name, value } of fields) {
    if (name !== 'sender') continue
    const sender = onlyAddressOf(value)
    if (sender === undefined || !isOwnAddress(sender, meeting)) return refuse('ERR_MAIL_SENDER', `Sender is ${value}`)
  }
  return undefined
}

/** RFC 5321 §4.4, RFC 6531 §3.7.3. Where the caller is, is for nobody who gets the message. */
export function traceOf({ meeting, host, helo, now, id }: HeaderContext, isUtf8: boolean): string {
  const name = /^[A-Za-z0-9.:[\]-]{1,255}$/.test(helo) ? helo : 'unknown'
  const how = isUtf8 ? 'UTF8SMTPS' : 'ESMTPS'
  return `Received: from ${name} (${meeting.reference})\r\n\tby ${host} with ${how} id ${id};\r\n\t${formatDate(now)}\r\n`
}

function refuse(code: RefusalCode, note: string): Extract<CheckedHeader, { ok: false }> {
  return { ok: false, code, note }
}
