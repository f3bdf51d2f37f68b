/** Keys of ledgers, and ledgers in directories, for tests. */
import { generateKeyPairSync, sign } from 'node:crypto'
import {
  checkEd25519,
  type Ledger,
  type LedgerOptions,
  openLedger,
  openLedgerDirectory,
  verifierKey,
} from '@countersign/authority'

/** Who signs a ledger, and how that is checked. */
export type Signing = Pick<LedgerOptions, 'key' | 'sign' | 'check'>

/** A new key; of another call it is another one of the same name. */
export function newSigning(name = 'ledger.acme.example'): Signing {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const key = verifierKey(name, Uint8Array.fromBase64(x, { alphabet: 'base64url' }))
  return { key, check: checkEd25519, sign: async (text) => sign(null, text, privateKey) }
}

/** Opens the ledger in a directory, or begins one there. */
export function openLedgerIn(directory: string, signing: Signing): Promise<Ledger> {
  return openLedger({ store: openLedgerDirectory(directory), ...signing })
}
