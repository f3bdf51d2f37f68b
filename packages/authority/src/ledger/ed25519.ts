// RFC 8032 by node:crypto, for keys as notes have them: 32 octets.
import { createPublicKey, verify } from 'node:crypto'

/** Whether `signature` is that of `publicKey` on `text`. */
export function checkEd25519(publicKey: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean {
  const x = publicKey.toBase64({ alphabet: 'base64url', omitPadding: true })
  return verify(null, text, createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } }), signature)
}
