// A refusal told over HTTP, to programs and to people.
import type { Duplex } from 'node:stream'
import {
  explainMeeting,
  type Json,
  type Meeting,
  publicMeeting,
  REFUSALS,
  type Reference,
  type RefusalCode,
  writeJson,
  writeMeeting,
} from '@countersign/protocol'
import { isPerson } from '../gate/side.ts'
import { prefersHtml } from './accept.ts'
import { adviceAfter } from './choose-again.ts'
import { drawPage, PAGE_POLICY } from './page.ts'

/** A whole answer, ready to be written. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type DoorCode = Extract<RefusalCode, `ERR_${'DOOR' | 'PERSON'}_${string}`>

/** A request of a caller that was let in, or of a person. A new code does not compile without its line. */
const STATUS: Readonly<Record<DoorCode, number>> = {
  ERR_DOOR_UPSTREAM: 502,
  ERR_DOOR_UPSTREAM_TIMEOUT: 504,
  ERR_DOOR_REQUEST: 400,
  ERR_DOOR_MISDIRECTED: 421,
  ERR_DOOR_NO_ROUTE: 404,
  ERR_DOOR_WORKER: 403,
  ERR_DOOR_CLIENT_CERT: 400,
  ERR_DOOR_BODY_LIMIT: 413,
  ERR_DOOR_UPSTREAM_BUSY: 503,
  ERR_DOOR_TIMEOUT: 408,
  ERR_DOOR_LIMIT: 431,
  ERR_DOOR_FLOOD: 429,
  ERR_DOOR_DRAINING: 503,
  ERR_PERSON_NOT_SIGNED_IN: 401,
  ERR_PERSON_CREDENTIALS: 401,
  ERR_PERSON_RESTING: 429,
  ERR_PERSON_TOO_OFTEN: 429,
  ERR_PERSON_SMS_LIMIT: 429,
  ERR_PERSON_SMS_UNSENT: 503,
  ERR_PERSON_DEVICE: 403,
  ERR_PERSON_DENIED: 403,
  ERR_PERSON_PROOF: 401,
  ERR_PERSON_STEP: 409,
  ERR_PERSON_REQUEST: 400,
  ERR_PERSON_COOKIE: 401,
  ERR_PERSON_FRESH: 403,
  ERR_PERSON_LAST_WAY: 409,
  ERR_PERSON_INVITATION: 403,
  ERR_PERSON_SIGNED_OUT: 401,
  ERR_PERSON_DEVICE_REMOVED: 401,
  ERR_PERSON_REVOKED: 403,
  ERR_PERSON_PASSKEY_REMOVED: 401,
  ERR_PERSON_PASSWORD_CHANGED: 401,
}

/** By certificate, who is not let in: 401 would have to name a scheme (RFC 9110 §11.6.1), and none is about certificates. */
const FORBIDDEN = 403

/** The HTTP status of a refusal at a door. */
export function refusalStatus(code: RefusalCode): number {
  return isOfDoor(code) ? STATUS[code] : FORBIDDEN
}

function isOfDoor(code: RefusalCode): code is DoorCode {
  return Object.hasOwn(STATUS, code)
}

/**
 * Says no in the form that the caller reads: a page where it asks for HTML, `application/problem+json` elsewhere.
 * @param code What is refused where the meeting itself was accepted.
 * @param userAgent Which browser asks: what it has to do is told first.
 * @see RFC 9457
 */
export function refusalAnswer(
  accept: string | undefined,
  meeting: Meeting,
  now: Temporal.Instant,
  code: RefusalCode = meeting.outcome.ok ? 'ERR_DOOR_REQUEST' : meeting.outcome.refusal.code,
  userAgent?: string,
): Answer {
  const explanation = explainMeeting(publicMeeting(meeting), now)
  const entry = REFUSALS[code]
  const status = refusalStatus(code)
  const own = explanation.refusal?.code === code ? explanation.refusal : undefined
  const { why: detail, next } = own ?? { why: entry.public, next: entry.next }
  // A person has no certificate to choose.
  const advice = isPerson(meeting.caller) ? undefined : adviceAfter(code, userAgent)
  if (prefersHtml(accept))
    return finished(page(status, drawPage(explanation, { ...entry, code, why: detail, next }, advice)), meeting)
  const problem = {
    type: `urn:countersign:${code}`,
    title: entry.public,
    status,
    detail,
    next,
    reference: meeting.reference,
    code,
    clause: entry.clause,
    fault: entry.fault,
    step: entry.step,
    ...(own && revocationOf(meeting)),
    steps: explanation.rows.map(({ number, verb, outcome, text }) => ({ number, verb, outcome, text })),
  }
  return finished(answerOf(status, 'application/problem+json', `${JSON.stringify(problem, undefined, 2)}\n`), meeting)
}

/** Names the meeting in which whoever asks was refused itself; a door in front of another knows by it that it was meant. */
export const REFERENCE_FIELD = 'Countersign-Reference'

function finished(answer: Answer, { outcome, reference }: Meeting): Answer {
  const headers = {
    ...answer.headers,
    ...standingFields(answer.status),
    ...(!outcome.ok && { [REFERENCE_FIELD]: reference }),
  }
  return { ...answer, headers }
}

/** What goes with a status, whatever is refused by it. */
function standingFields(status: number): Readonly<Record<string, string>> {
  // RFC 9110 §10.2.3: when to come again, where that is soon.
  if (status === 503) return { 'Retry-After': '1' }
  // §11.6.1: a 401 names a scheme; a person's is the proof of the device.
  return status === 401 ? { 'WWW-Authenticate': 'DPoP algs="ES256"' } : {}
}

/** Says no to a program where no meeting is to be shown. @param detail Of this very case. @param reference As the log has it. */
export function problemAnswer(code: RefusalCode, detail?: string, reference?: Reference): Answer {
  const { public: title, next, clause, fault, step } = REFUSALS[code]
  const status = refusalStatus(code)
  const problem = {
    type: `urn:countersign:${code}`,
    title,
    status,
    detail: detail ?? title,
    next,
    ...(reference !== undefined && { reference }),
    code,
    clause,
    fault,
    step,
  }
  const answer = answerOf(status, 'application/problem+json', `${JSON.stringify(problem, undefined, 2)}\n`)
  return { ...answer, headers: { ...answer.headers, ...standingFields(status) } }
}

/** When and why the caller was revoked, as `detail` says it, for programs. */
function revocationOf({ outcome }: Meeting): { readonly revocation: Json } | undefined {
  const detail = outcome.ok ? undefined : outcome.refusal.detail
  if (detail === undefined || !('clause' in detail) || detail.revocation === undefined) return undefined
  const { at, reason } = detail.revocation
  return { revocation: writeJson({ at, reason }) }
}

/** Shows a connection its own meeting as this door saw it. */
export function meetingAnswer(accept: string | undefined, meeting: Meeting, now: Temporal.Instant): Answer {
  const shown = publicMeeting(meeting)
  if (prefersHtml(accept)) return page(200, drawPage(explainMeeting(shown, now)))
  return answerOf(200, 'application/json', `${JSON.stringify(writeMeeting(shown))}\n`)
}

/** Writes an answer where there is no request to hang it on, and nothing after it. */
export function sendLastAnswer(socket: Duplex, { status, headers, body }: Answer): void {
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} \r\n${lines.join('')}\r\n${body}`)
}

function page(status: number, html: string): Answer {
  const { headers, body } = answerOf(status, 'text/html; charset=utf-8', html)
  const own = { 'Content-Security-Policy': PAGE_POLICY, 'Cross-Origin-Opener-Policy': 'same-origin' }
  return { status, headers: { ...headers, ...own }, body }
}

/** What is no page loads nothing, and is shown in nobody's frame. @see CSP3 §6 */
const NOTHING_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** An answer that nobody keeps, and that is nothing but what it says it is. */
export function answerOf(status: number, contentType: string, body: string): Answer {
  return {
    status,
    headers: {
      'Content-Type': contentType,
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': NOTHING_POLICY,
      'Cross-Origin-Resource-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      // RFC 9110 §12.5.5: one address, two forms, and of a page each browser's own order.
      Vary: 'Accept, User-Agent',
    },
    body,
  }
}
