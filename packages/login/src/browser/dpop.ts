// Proofs that a request comes from the device that holds the key. @see RFC 9449 §4.2
import { publicJwk } from './device.ts'
import { toBase64url, utf8 } from './octets.ts'
import type { StoredDevice } from './store.ts'

/** What a proof is about. */
export interface Proved {
  /** The method of the request. */
  readonly method: string
  /** Its address; query and fragment are left out. */
  readonly url: string
  /** The server's latest. */
  readonly nonce: string
  /** The hash of the session's id, where the request rides on one. */
  readonly ath?: string
}

/** Makes the value of the field `DPoP`. */
export async function prove(device: StoredDevice, { method, url, nonce, ath }: Proved): Promise<string> {
  const { origin, pathname } = new URL(url)
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: await publicJwk(device.signing) }
  const claims = {
    jti: toBase64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: origin + pathname,
    iat: Math.floor(Date.now() / 1000),
    nonce,
    ...(ath !== undefined && { ath }),
  }
  const signed = `${encode(header)}.${encode(claims)}`
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    device.signing.privateKey,
    utf8(signed),
  )
  return `${signed}.${toBase64url(new Uint8Array(signature))}`
}

function encode(value: object): string {
  return toBase64url(utf8(JSON.stringify(value)))
}
