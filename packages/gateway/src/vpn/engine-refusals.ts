// What the engine refuses by itself, in the handshake, as its log has it: the client hears of it nothing but a TLS alert, and
// whoever runs the door shall have the record.
import type { RefusalCode } from '@countersign/protocol'

/** A caller whose certificate did not pass OpenSSL's own check. */
export interface EngineRefusal {
  readonly address: string
  readonly code: RefusalCode
  readonly note: string
}

/** OpenSSL's words for X509_verify_cert_error. */
const CODES: Readonly<Record<string, RefusalCode>> = {
  'certificate has expired': 'ERR_CALLER_EXPIRED',
  'certificate is not yet valid': 'ERR_CALLER_NOT_YET_VALID',
  'unable to get local issuer certificate': 'ERR_CALLER_UNKNOWN_ISSUER',
  'unable to get issuer certificate': 'ERR_CALLER_UNKNOWN_ISSUER',
  'unable to verify the first certificate': 'ERR_CALLER_UNKNOWN_ISSUER',
  'self-signed certificate': 'ERR_CALLER_UNKNOWN_ISSUER',
  'self-signed certificate in certificate chain': 'ERR_CALLER_UNKNOWN_ISSUER',
  'certificate signature failure': 'ERR_CALLER_BAD_SIGNATURE',
  'unsuitable certificate purpose': 'ERR_CALLER_WRONG_PURPOSE',
}
const VERIFY_ERROR = /^(\S{3,60}) VERIFY ERROR: depth=\d{1,2}, error=([^:]{1,100}): (.{0,400})/

/** Undefined where a line of the log says something else. */
export function refusalOfVerifyError(text: string): EngineRefusal | undefined {
  const [, address, error, subject] = VERIFY_ERROR.exec(text) ?? []
  if (address === undefined || error === undefined) return undefined
  const code = Object.hasOwn(CODES, error) ? CODES[error] : undefined
  return { address, code: code ?? 'ERR_CALLER_INVALID_PATH', note: `OpenVPN: ${error}: ${subject}` }
}
