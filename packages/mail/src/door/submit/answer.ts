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
  ERR_MAIL_QUEUE_FULL: [452, '4.3.1'],
  ERR_MAIL_QUEUE: [451, '4.3.0'],
  ERR_GATE_FAULT: [451, '4.3.0'],
  ERR_DOOR_DRAINING: [421, '4.3.2'],
}

/** The answer for one refusal. */
export function answerOf(code: RefusalCode, reference: Reference): SmtpAnswer {
  const [responseCode, status] = ANSWERS[code] ?? [550, '5.7.1']
  const { public: text, next } = REFUSALS[code]
  const message = `${status} ${text} (${code}, ${reference}); next: ${next}`.slice(0, MAX_TEXT)
  return Object.assign(new Error(message), { responseCode })
}

/** The same as a line. */
export function lineOf(code: RefusalCode, reference: Reference, responseCode?: number): string {
  const answer = answerOf(code, reference)
  const said = responseCode ?? answer.responseCode
  // RFC 2034 §4: the class is that of the number.
  return `${said} ${String(said).charAt(0)}${answer.message.slice(1)}\r\n`
}
