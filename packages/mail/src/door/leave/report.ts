// What a sender is told of a message that is not there: multipart/report. It goes to nobody's sender, so that nothing answers it.
import { REFUSALS } from '@countersign/protocol'
import type { NewMessage, QueuedMessage, QueuedRecipient } from '../queue/model.ts'

/** From whom, and about what. */
export interface ReportOptions {
  /** What this house calls itself in mail. */
  readonly host: string
  /** The next hop, where it was asked. */
  readonly hop: string
  readonly about: QueuedMessage
  /** Recipients, each with why. */
  readonly recipients: readonly QueuedRecipient[]
  /** `failed`: given up. `delayed`: held or late, and tried again. */
  readonly action: 'failed' | 'delayed'
  readonly now: Temporal.Instant
  /** In the boundary and the Message-ID. */
  readonly token: string
}

/** A report of this house, ready for the queue. */
export interface Report {
  readonly envelope: NewMessage
  readonly content: Uint8Array
}

/** RFC 5322 §3.6.4, and not longer than RFC 5536 §3.1.3 allows: a line has at most 998 octets (§2.1.1). */
const MESSAGE_ID = /^<[\x21-\x3b\x3d\x3f-\x7e]{1,248}>$/

/**
 * Writes it. Of the message that it is about it says which one it was, and nothing that stands in it: not even its subject,
 * which may have been sealed. @see RFC 3464, RFC 3462, RFC 3834
 */
export function writeReport({ host, hop, about, recipients, action, now, token }: ReportOptions): Report {
  const boundary = `report-${token}`
  const isFailed = action === 'failed'
  const isHeld = recipients.every(({ state }) => state === 'held')
  const late = isHeld ? 'Held, and not delivered yet' : 'Not delivered yet'
  const messageId = `<${token}@${host}>`
  const isUtf8 = /\P{ASCII}/u.test(about.sender)
  // The sender wrote it, as long and in whatever script they liked: the report must be one that any server takes.
  const aboutId = MESSAGE_ID.test(about.messageId ?? '') ? about.messageId : undefined
  const lines = [
    `Date: ${formatDate(now)}`,
    `From: Mail at ${host} <postmaster@${host}>`,
    `To: <${about.sender}>`,
    `Subject: ${isFailed ? 'Not delivered' : late}`,
    `Message-ID: ${messageId}`,
    ...(aboutId === undefined ? [] : [`In-Reply-To: ${aboutId}`]),
    // RFC 3834 §5: nothing that answers by itself answers this.
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `Your message of ${formatDate(about.at)} ${isFailed ? 'was not delivered to' : isHeld ? 'is held here, for' : 'was not delivered yet to'}:`,
    ...recipients.flatMap(explain),
    '',
    isFailed ? 'It is not tried again.' : 'It is tried again by itself, for five days; you need not send it again.',
    ...(about.reference === undefined ? [] : [`The reference of your visit: ${about.reference}`]),
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    // RFC 3464 §2.2.2
    `Reporting-MTA: dns; ${host}`,
    `Arrival-Date: ${formatDate(about.at)}`,
    ...recipients.flatMap((recipient) => ['', ...statusOf(recipient, { action, hop })]),
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    `Date: ${formatDate(about.at)}`,
    ...(aboutId === undefined ? [] : [`Message-ID: ${aboutId}`]),
    '',
    `--${boundary}--`,
    '',
  ]
  return {
    envelope: { sender: '', recipients: [about.sender], isUtf8, isEightBit: false, at: now, messageId },
    content: new TextEncoder().encode(lines.join('\r\n')),
  }
}

function explain({ address, why }: QueuedRecipient): readonly string[] {
  if (why === undefined) return ['', `  ${inAscii(address)}`]
  const { public: text, next } = REFUSALS[why.code]
  return ['', `  ${inAscii(address)}`, `    ${text} (${why.code})`, `    ${printable(why.note)}`, `    next: ${next}`]
}

/** RFC 3464 §2.3 */
function statusOf(
  { address, why, lastAt, state }: QueuedRecipient,
  { action, hop }: Pick<ReportOptions, 'action' | 'hop'>,
): readonly string[] {
  const wasAnswered = why !== undefined && /^[245]\d\d[ -]/.test(why.note)
  const first = action === 'failed' ? '5' : '4'
  return [
    `Final-Recipient: ${typedAddress(address)}`,
    `Action: ${action}`,
    // "a value of 'failed' … the Status is of class 5": whatever was for now is for good when it is given up.
    `Status: ${first}${(why?.status ?? '4.0.0').slice(1)}`,
    ...(wasAnswered ? [`Remote-MTA: dns; ${hop}`, `Diagnostic-Code: smtp; ${printable(why.note)}`] : []),
    ...(lastAt === undefined || state === 'held' ? [] : [`Last-Attempt-Date: ${formatDate(lastAt)}`]),
  ]
}

function typedAddress(address: string): string {
  return `${/\P{ASCII}/u.test(address) ? 'utf-8' : 'rfc822'}; ${inAscii(address)}`
}

/** RFC 6533 §3: so that a server that takes nothing else takes the report. */
function inAscii(address: string): string {
  if (!/\P{ASCII}/u.test(address)) return address
  return address.replace(/[\P{ASCII}\\+=]/gu, (one) => `\\x{${one.codePointAt(0)?.toString(16).toUpperCase()}}`)
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

/** RFC 5322 §3.3 */
export function formatDate({ epochMilliseconds }: Temporal.Instant): string {
  return new Date(epochMilliseconds).toUTCString().replace('GMT', '+0000')
}
