// How a refusal is told in SMTP: the number, the class of RFC 3463, the cause, the code, and the reference.
import { REFUSALS, type Reference, type RefusalCode } from '@countersign/protocol'

/** An answer of SMTP, as `smtp-server` takes it. */
export interface SmtpAnswer extends Error {
  readonly responseCode: number
}

/** RFC 5321 §4.5.3.1.5, less than the number and CRLF. */
const MAX_TEXT = 500

/** By code; every other is 550 and 5.7.1. @see RFC 5321 §4.2.3, RFC 3463 §3 */
const ANSWERS: Readonly<Partial<Record<RefusalCode, readonly [number, string]>>> = {
  ERR_MAIL_LINES: [550, '5.5.2'],
  ERR_MAIL_FORM: [550, '5.6.0'],
  ERR_MAIL_FROM: [550, '5.6.0'],
  ERR_MAIL_NOT_ASCII: [553, '5.6.7'],
  ERR_MAIL_BUDGET: [552, '5.3.4'],
  ERR_MAIL_LOOP: [554, '5.4.6'],
  // It may be known later.
  ERR_CALLER_STATUS_UNKNOWN: [451, '4.7.1'],
  ERR_MAIL_RATE: [450, '4.7.1'],
  ERR_MAIL_SESSIONS: [421, '4.7.0'],
  ERR_MAIL_QUEUE_FULL: [452, '4.3.1'],
  ERR_MAIL_QUEUE: [451, '4.3.0'],
  ERR_GATE_FAULT: [451, '4.3.0'],
  ERR_DOOR_DRAINING: [421, '4.3.2'],
}

/** The answer for one refusal; `responseCode` where another number than usual is to be said. */
export function answerOf(code: RefusalCode, reference: Reference, responseCode?: number): SmtpAnswer {
  const [usual, status] = ANSWERS[code] ?? [550, '5.7.1']
  const said = responseCode ?? usual
  const { public: text, next } = REFUSALS[code]
  // RFC 2034 §4: the class is that of the number.
  const enhanced = `${String(said).charAt(0)}${status.slice(1)}`
  return plainAnswer(said, `${enhanced} ${text} (${code}, ${reference}); next: ${next}`.slice(0, MAX_TEXT))
}

/** An answer of the protocol itself, which has no reference. */
export function plainAnswer(responseCode: number, message: string): SmtpAnswer {
  return Object.assign(new Error(message), { responseCode })
}

/** A refusal as a line. */
export function lineOf(...refusal: Parameters<typeof answerOf>): string {
  const { responseCode, message } = answerOf(...refusal)
  return `${responseCode} ${message}\r\n`
}
