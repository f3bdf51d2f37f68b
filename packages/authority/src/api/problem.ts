// How the authority says no over HTTP: RFC 9457, derived from the one table of refusals.
import { refusalStatus } from '@countersign/mtls'
import type { CredentialCause, Reference, Refusal, RefusalCode } from '@countersign/protocol'
import { REFUSALS } from '@countersign/protocol'

export interface Problem {
  readonly type: `urn:countersign:${RefusalCode}`
  readonly title: string
  readonly status: number
  readonly code: RefusalCode
  readonly detail?: string
  readonly next: string
  readonly clause: string
  readonly fault: string
  readonly reference?: Reference
}

export const PROBLEM_TYPE = 'application/problem+json'

/** Of credentials, of people and devices, who are met at doors alone, and of mail: their statuses are those of a door. */
type DoorCode =
  | `ERR_CALLER_${CredentialCause}`
  | `ERR_CALLEE_${CredentialCause}`
  | Extract<RefusalCode, `ERR_${'PERSON' | 'MAIL' | 'MQTT' | 'VPN'}_${string}`>

/** RFC 9110 §15 for every other code. A new one does not compile without its line. */
const STATUS: Readonly<Record<Exclude<RefusalCode, DoorCode>, number>> = {
  ERR_GATE_NOT_TLS: 400,
  ERR_GATE_CLIENT_HELLO_LIMIT: 400,
  ERR_GATE_TLS_VERSION: 400,
  ERR_GATE_TIMEOUT: 408,
  ERR_GATE_HANDSHAKE: 400,
  ERR_GATE_CALLER_LEFT: 400,
  ERR_GATE_BUSY: 503,
  ERR_GATE_FAULT: 500,
  ERR_CALLER_NO_CERTIFICATE: 403,
  ERR_CALLER_NOT_ALLOWED: 403,
  ERR_POLICY_NOT_ALLOWED: 403,
  ERR_POLICY_LOCKED: 403,
  ERR_POLICY_PROOF: 403,
  ERR_POLICY_HOURS: 403,
  ERR_POLICY_CALLEE: 403,
  ERR_CALLER_REFUSED: 403,
  ERR_CALLEE_NO_CERTIFICATE: 502,
  ERR_CALLEE_UNREACHABLE: 502,
  ERR_DOOR_UPSTREAM: 502,
  ERR_DOOR_UPSTREAM_TIMEOUT: 504,
  ERR_DOOR_REQUEST: 400,
  ERR_DOOR_TIMEOUT: 408,
  ERR_DOOR_FLOOD: 429,
  ERR_DOOR_MISDIRECTED: 421,
  ERR_DOOR_NO_ROUTE: 404,
  ERR_DOOR_WORKER: 403,
  ERR_DOOR_CLIENT_CERT: 400,
  ERR_DOOR_BODY_LIMIT: 413,
  ERR_DOOR_UPSTREAM_BUSY: 503,
  ERR_DOOR_LIMIT: 413,
  ERR_DOOR_DRAINING: 503,
  ERR_SESSION_OVER: 403,
  ERR_ENROLL_TOKEN_FORM: 400,
  ERR_ENROLL_TOKEN_UNKNOWN: 403,
  ERR_ENROLL_TOKEN_EXPIRED: 403,
  ERR_ENROLL_TOKEN_SPENT: 403,
  ERR_ENROLL_PROOF: 403,
  ERR_ENROLL_REQUEST: 400,
  ERR_ENROLL_REQUEST_SIGNATURE: 400,
  ERR_ENROLL_NAME: 403,
  ERR_ENROLL_NAME_MISSING: 403,
  ERR_ENROLL_AUTHORITY: 403,
  ERR_ENROLL_PROFILE: 403,
  ERR_ENROLL_KEY: 400,
  ERR_ENROLL_KEY_TAKEN: 403,
  ERR_ENROLL_PARTY_LOCKED: 403,
  // RFC 6585 §4.
  ERR_ENROLL_TOO_OFTEN: 429,
  ERR_ENROLL_NO_OPENPGP: 501,
  ERR_AUTHORITY_LINT: 500,
  ERR_AUTHORITY_NO_ISSUER: 503,
  ERR_AUTHORITY_STORE_FULL: 507,
  ERR_AUTHORITY_STORE: 500,
  ERR_AUTHORITY_FAULT: 500,
  ERR_AUTHORITY_KEY: 503,
  ERR_AUTHORITY_NOT_READY: 503,
  ERR_ISSUER_KEY_ELSEWHERE: 409,
  ERR_ISSUER_STATE: 409,
  ERR_ISSUER_CERTIFICATE: 400,
  ERR_ISSUER_ROOT_UNKNOWN: 409,
  ERR_ADMIN_FORBIDDEN: 403,
  ERR_ADMIN_ROLE: 403,
  ERR_ADMIN_REQUEST: 400,
  ERR_ADMIN_NOT_FOUND: 404,
  ERR_ADMIN_NO_MEETING: 404,
  ERR_FEED_FORBIDDEN: 403,
  ERR_SESSION_IDLE: 408,
  ERR_SESSION_LIFETIME: 408,
  ERR_ADMIN_CONFLICT: 409,
  ERR_ADMIN_BACKUP: 409,
  ERR_ADMIN_RELOAD: 422,
  // RFC 6585 §4.
  ERR_ADMIN_TOO_MANY: 429,
  // draft-ietf-httpapi-idempotency-key-header-06 §2.7.
  ERR_ADMIN_KEY_REUSED: 422,
  ERR_ADMIN_KEY_RUNNING: 409,
}

/** The HTTP status of a refusal. */
export function statusOf(code: RefusalCode): number {
  return isOfDoor(code) ? refusalStatus(code) : STATUS[code]
}

function isOfDoor(code: RefusalCode): code is DoorCode {
  return !Object.hasOwn(STATUS, code)
}

/** Codes whose note may be told: it speaks of the caller's own request and of nothing else. */
const TOLD_NOTES: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'ERR_AUTHORITY_NOT_READY',
  'ERR_ADMIN_REQUEST',
  'ERR_ISSUER_KEY_ELSEWHERE',
  'ERR_ISSUER_STATE',
  'ERR_ISSUER_CERTIFICATE',
  'ERR_ISSUER_ROOT_UNKNOWN',
  'ERR_ADMIN_ROLE',
  'ERR_ADMIN_NOT_FOUND',
  'ERR_ADMIN_CONFLICT',
  'ERR_ADMIN_BACKUP',
  'ERR_ADMIN_RELOAD',
  'ERR_ENROLL_TOKEN_FORM',
  'ERR_ENROLL_REQUEST',
  'ERR_ENROLL_REQUEST_SIGNATURE',
  'ERR_ENROLL_NAME',
  'ERR_ENROLL_KEY',
  'ERR_MAIL_FORM',
  'ERR_MAIL_ALGORITHM',
  'ERR_MAIL_BUDGET',
  'ERR_MAIL_RECIPIENT_KEY',
])

/** Writes a refusal as a problem. `status` where HTTP has a more exact one than the code (405, 413, 415). */
export function problemOf(refusal: Refusal, reference?: Reference, status: number = statusOf(refusal.code)): Problem {
  const { code, detail, note } = refusal
  const { public: title, next, clause, fault } = REFUSALS[code]
  const told = TOLD_NOTES.has(code) ? note : detail && 'detail' in detail ? detail.detail : undefined
  return {
    type: `urn:countersign:${code}`,
    title,
    status,
    code,
    ...(told === undefined ? {} : { detail: told }),
    next,
    clause,
    fault,
    ...(reference === undefined ? {} : { reference }),
  }
}

/** The same as a whole answer, where no request stands to hang it on; nothing is written after it. */
export function problemAnswer(...[refusal, reference, status]: Parameters<typeof problemOf>): string {
  const problem = problemOf(refusal, reference, status)
  const body = JSON.stringify(problem)
  return (
    `HTTP/1.1 ${problem.status} Refused\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
