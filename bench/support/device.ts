// A browser's device: two keys by WebCrypto, and proofs for single requests (RFC 9449).
import { randomUUID } from 'node:crypto'
import type { BodyOf } from '@countersign/login'
import { calculateJwkThumbprint } from 'jose'

/** A device. */
export interface BenchDevice {
  /** RFC 7638 thumbprint of the key that signs. */
  readonly id: string
  readonly keys: BodyOf<'set-up/begin'>['device']
  /** A proof for one request. @param ath Where there is a session. @see RFC 9449 §4.2 */
  prove(request: { readonly method: string; readonly uri: string }, nonce: string, ath?: string): Promise<string>
}

/** Makes the keys of a device. */
export async function newDevice(): Promise<BenchDevice> {
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const agreement = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
  const jwk = await publicOf(signing.publicKey)
  const header = part({ typ: 'dpop+jwt', alg: 'ES256', jwk })
  return {
    id: await calculateJwkThumbprint(jwk),
    keys: { name: 'Chromium on Linux', signing: jwk, agreement: await publicOf(agreement.publicKey) },
    async prove({ method, uri }, nonce, ath) {
      const claims = { jti: randomUUID(), htm: method, htu: uri, iat: 0, nonce, ...(ath !== undefined && { ath }) }
      const input = Buffer.from(`${header}.${part(claims)}`)
      const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, signing.privateKey, input)
      return `${input}.${Buffer.from(signature).toString('base64url')}`
    },
  }
}

async function publicOf(key: CryptoKey) {
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', key)
  return { kty: 'EC', crv: 'P-256', x, y } as const
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
