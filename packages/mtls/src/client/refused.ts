// Why a client did not meet whom it asked for, in the words of the one table.
import { explainRefusal, type Meeting, type Refusal, sharedReference } from '@countersign/protocol'

/** Says that a meeting was refused, by us or by the callee; `meeting` is the whole record. */
export class MeetingRefusedError extends Error {
  override readonly name = 'MeetingRefusedError'
  readonly code: Refusal['code']
  readonly refusal: Refusal
  readonly meeting: Meeting
  /** What to do next, as an imperative. */
  readonly next: string
  constructor(refusal: Refusal, meeting: Meeting, options?: ErrorOptions) {
    const { detail, note } = refusal
    const { why, next } = explainRefusal(refusal, meeting, meeting.at)
    const reference = sharedReference(meeting)
    const named = reference === undefined ? '' : ` (${reference})`
    super(`${why}${detail !== undefined || note === undefined ? '' : `: ${note}`}${named}`, options)
    this.code = refusal.code
    this.refusal = refusal
    this.meeting = meeting
    this.next = next
  }
}

/** The alerts by which a callee says what it holds against the caller or its certificate, in people's words. @see RFC 9846 §6.2 */
const CERTIFICATE_ALERTS: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it requires a certificate (certificate_required)',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'it holds our certificate for bad (bad_certificate)',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: 'it does not take our kind of certificate (unsupported_certificate)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: 'it says that our certificate is revoked (certificate_revoked)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'it says that our certificate has expired (certificate_expired)',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: 'it does not accept our certificate (certificate_unknown)',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'it does not know the authority of our certificate (unknown_ca)',
  ERR_SSL_TLSV1_ALERT_ACCESS_DENIED: 'it knows us and does not let us in (access_denied)',
  ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR: 'it could not verify our signature (decrypt_error)',
}

/**
 * Explains the error of a socket.
 * @param stage How far the connection had come: `asking` before TCP stood, `handshake` before we had accepted the callee, `met` after.
 */
export function refusalOfError(error: Error, stage: 'asking' | 'handshake' | 'met'): Refusal {
  const code = codeOf(error)
  if (stage === 'asking') return { code: 'ERR_CALLEE_UNREACHABLE', note: systemReason(error) }
  const alert = CERTIFICATE_ALERTS[code]
  if (alert !== undefined) return { code: 'ERR_CALLER_REFUSED', note: alert }
  if (code === 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' || code === 'ERR_SSL_UNSUPPORTED_PROTOCOL')
    return { code: 'ERR_GATE_TLS_VERSION', note: 'the other side does not speak TLS 1.3' }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return { code: 'ERR_GATE_HANDSHAKE', note: 'the other side does not speak TLS' }
  if (code.startsWith('ERR_SSL_')) return { code: 'ERR_GATE_HANDSHAKE', note: sslReason(error, code) }
  if (stage === 'met') return { code: 'ERR_CALLER_REFUSED', note: `the connection ended: ${code}` }
  return { code: 'ERR_GATE_HANDSHAKE', note: `the other side closed the connection (${code})` }
}

function systemReason(error: Error): string {
  // One error for each address that was tried.
  const tried = error instanceof AggregateError ? error.errors.filter((one) => one instanceof Error) : [error]
  return [...new Set(tried.map((one) => one.message || codeOf(one)))].join('; ')
}

function sslReason(error: Error, code: string): string {
  const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : code
  const alert = /ALERT_(.+)$/.exec(code)?.[1]
  return alert === undefined ? reason : `the other side answered with the alert ${alert.toLowerCase()}`
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name
}
