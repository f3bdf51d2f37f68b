// The newcomer's proof: it knows the token's secret, on this channel, for this request. The secret itself stays here.
import { createHmac, hash } from 'node:crypto'
import { type EnrollmentToken, enrollmentMacInput, TOKEN_ID_LABEL, TOKEN_MAC_KEY_LABEL } from '@countersign/protocol'

/** What is sent of a token, both base64url. */
export interface TokenProof {
  /** The token's public name. */
  readonly token: string
  readonly mac: string
}

/**
 * Proves `token` for one request on one channel, so that a relay, who has another channel to the authority, gains nothing.
 * @param channelBinding 32 octets of EXPORTER-Channel-Binding. @see RFC 9266 §2
 * @param request DER of the PKCS#10 request.
 */
export function proveToken(
  { secret }: Pick<EnrollmentToken, 'secret'>,
  channelBinding: Uint8Array,
  request: Uint8Array,
): TokenProof {
  const input = enrollmentMacInput(channelBinding, hash('sha256', request, 'buffer'))
  return {
    token: hmac(secret, TOKEN_ID_LABEL).toString('base64url'),
    mac: hmac(hmac(secret, TOKEN_MAC_KEY_LABEL), input).toString('base64url'),
  }
}

function hmac(key: Uint8Array, message: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(message).digest()
}
