// A key of its own, and a ledger in memory that is made of the same files as one in a directory.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { checkEd25519 } from '../../src/ledger/ed25519.ts'
import { type VerifierKey, verifierKey } from '../../src/ledger/key.ts'
import type { LedgerOptions } from '../../src/ledger/ledger.ts'

export const ORIGIN = 'ledger.acme.example'

/** Who signs, and how its signatures are checked. */
export interface Signing {
  readonly key: VerifierKey
  readonly sign: LedgerOptions['sign']
  readonly check: LedgerOptions['check']
}

/** A new Ed25519 key of that name. */
export function newSigning(name: string = ORIGIN): Signing {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    key: verifierKey(name, octetsOf(publicKey)),
    check: checkEd25519,
    sign: async (text) => sign(null, text, privateKey),
  }
}

function octetsOf(publicKey: KeyObject): Uint8Array {
  const { x } = publicKey.export({ format: 'jwk' })
  return Uint8Array.fromBase64(x ?? '', { alphabet: 'base64url' })
}

/** Entries that differ in octets and in length. */
export function entriesOf(start: number, end: number): readonly Uint8Array[] {
  return Array.from({ length: end - start }, (_, i) =>
    new TextEncoder().encode(`entry ${start + i} ${'.'.repeat((start + i) % 7)}`),
  )
}
