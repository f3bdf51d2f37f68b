// The key of the ledger: an Ed25519 key in a file, and what verifies its checkpoints.
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AuthorityError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import { checkEd25519 } from '../ledger/ed25519.ts'
import { formatVerifierKey, verifierKey } from '../ledger/key.ts'
import type { LedgerOptions } from '../ledger/ledger.ts'
import type { Store } from '../store/store.ts'
import { replaceFile } from './files.ts'
import { FILES, readKeyFile } from './hierarchy.ts'
import { formatKey } from './key-file.ts'

/** What signs checkpoints, and how that is checked. */
export type LedgerKey = Omit<LedgerOptions, 'store' | 'failpoint'>

/** The verifier key, so that another key in the file is not taken for it. */
const SETTING = 'authority.ledger-key'

const signAside = promisify(sign)

/**
 * Reads the ledger's key in `folder`, or makes it where this store never had one.
 * @throws {AuthorityError} (rejects) when it is missing, malformed, or another one than before.
 */
export async function openLedgerKey(
  folder: string,
  store: Store,
  domain: string,
  passphrase: string | undefined,
  failpoint: Failpoint = () => undefined,
): Promise<LedgerKey> {
  const path = join(folder, FILES.ledgerKey)
  const known = await store.setting(SETTING)
  if (known === undefined && !existsSync(path))
    replaceFile(path, formatKey(generateKeyPairSync('ed25519').privateKey, passphrase), 0o600)
  const privateKey = readKeyFile(path, passphrase)
  const { kty, crv, x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  if (kty !== 'OKP' || crv !== 'Ed25519')
    throw new AuthorityError('ERR_AUTHORITY_FILE_MALFORMED', path, 'this private key is not of Ed25519')
  const key = verifierKey(`${domain}/ledger`, Uint8Array.fromBase64(x, { alphabet: 'base64url' }))
  const text = formatVerifierKey(key)
  if (known === undefined) {
    await store.commit(async (tx) => {
      await tx.set(SETTING, text)
      failpoint('ledger-key.before-commit')
    })
    failpoint('ledger-key.after-commit')
  } else if (known !== text)
    throw new AuthorityError('ERR_AUTHORITY_FILE_MISMATCH', path, 'this is not the key that the ledger was begun with')
  return { key, check: checkEd25519, sign: async (octets) => new Uint8Array(await signAside(null, octets, privateKey)) }
}
