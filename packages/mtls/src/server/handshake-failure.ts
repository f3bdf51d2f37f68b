// Why a TLS handshake did not end well, as the server side can know it.
import type { RefusalCode } from '@countersign/protocol'

/** A refusal that TLS itself brought about; `note` is for the record. */
export interface HandshakeFailure {
  readonly code: RefusalCode
  readonly note?: string
}

// OpenSSL names an alert that it received by the version that brought it, as in ERR_SSL_TLSV1_ALERT_UNKNOWN_CA.
const ALERT = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_([A-Z_]+)$/

/** Tells a caller that left, with the alert by which it said why, from a handshake that could not work. */
export function handshakeFailureOf(error: unknown): HandshakeFailure {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const alert = code === undefined ? undefined : ALERT.exec(code)?.[1]
  // RFC 9846 §6 writes the names of alerts in lower case.
  if (alert !== undefined) return { code: 'ERR_GATE_CALLER_LEFT', note: `alert ${alert.toLowerCase()}` }
  if (code === undefined || code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECANCELED')
    return { code: 'ERR_GATE_CALLER_LEFT', note: 'the connection ended without an alert' }
  return { code: 'ERR_GATE_HANDSHAKE', note: code }
}
