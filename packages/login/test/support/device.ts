// A browser's device in a test: its keys are WebCrypto's, and no private key leaves it.
import { randomUUID } from 'node:crypto'
import type { DeviceKeys } from '../../src/api.ts'
import { thumbprint } from '../../src/session/dpop.ts'

/** The door of the tests. */
export const HOST = 'bank.example'
/** With a port, as most doors of a test have. */
export const AUTHORITY = `${HOST}:8444`
/** Where its pages are from. */
export const ORIGIN = `https://${AUTHORITY}`

/** A device. */
export interface TestDevice {
  /** RFC 7638 thumbprint. */
  readonly id: string
  readonly keys: DeviceKeys
  /** A proof for one call. @param ath Where there is a session. */
  prove(call: string, nonce: string, ath?: string): Promise<string>
  /** A proof for any request. */
  proveFor(request: { readonly method: string; readonly uri: string }, nonce: string, ath?: string): Promise<string>
}

/** Makes the keys of a device. */
export async function newDevice(name = 'Chromium on Linux'): Promise<TestDevice> {
  const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const agreement = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
  const publicOf = async (key: CryptoKey) => {
    const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', key)
    return { kty: 'EC', crv: 'P-256', x, y } as const
  }
  const keys = { name, signing: await publicOf(signing.publicKey), agreement: await publicOf(agreement.publicKey) }
  const device: TestDevice = {
    id: thumbprint(keys.signing),
    keys,
    prove: (call, nonce, ath) => device.proveFor({ method: 'POST', uri: `${ORIGIN}/login/api/${call}` }, nonce, ath),
    async proveFor({ method, uri }, nonce, ath) {
      const header = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: keys.signing })
      const claims = part({
        jti: randomUUID(),
        htm: method,
        htu: uri,
        iat: 0,
        nonce,
        ...(ath !== undefined && { ath }),
      })
      const input = Buffer.from(`${header}.${claims}`)
      const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, signing.privateKey, input)
      return `${input}.${Buffer.from(signature).toString('base64url')}`
    },
  }
  return device
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
