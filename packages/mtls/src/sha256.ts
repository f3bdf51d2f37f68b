// Names of keys and certificates.
import { hash } from 'node:crypto'

// By identity: issuers, CRLs and what this side presents are the same values from meeting to meeting, and DER that was read is never written to.
const names = new WeakMap<Uint8Array, string>()

/** Names a key by the SHA-256 of its SubjectPublicKeyInfo or a certificate by that of its DER, hexadecimal. */
export function sha256(der: Uint8Array): string {
  const known = names.get(der)
  if (known !== undefined) return known
  const name = hash('sha256', der, 'hex')
  names.set(der, name)
  return name
}
