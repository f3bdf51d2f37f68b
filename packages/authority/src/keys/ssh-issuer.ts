// The first issuer for SSH: an Ed25519 key of its own, made where this store never had one.
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Failpoint } from '../failpoints.ts'
import { SSH_PROFILE_NAMES } from '../issuance/profiles.ts'
import { issuerEntry } from '../ledger/entry.ts'
import { sha256 } from '../octets.ts'
import type { NewIssuer } from '../store/issuers.ts'
import type { Store } from '../store/store.ts'
import { replaceFile } from './files.ts'
import { FILES, readKeyFile, SSH_ISSUER } from './hierarchy.ts'
import { formatKey } from './key-file.ts'

/** Makes it. A start that was cut short goes on with the key that it had made. @throws {AuthorityError} (rejects) */
export async function ensureSshIssuer(
  folder: string,
  store: Store,
  now: Temporal.Instant,
  passphrase: string | undefined,
  failpoint: Failpoint = () => undefined,
): Promise<void> {
  const path = join(folder, FILES.sshKey)
  if ((await store.issuers.byId(SSH_ISSUER)) !== undefined) {
    // That others can read it, or that it is not as the passphrase promises, is known before it is needed.
    if (existsSync(path)) readKeyFile(path, passphrase)
    return
  }
  if (!existsSync(path)) replaceFile(path, formatKey(generateKeyPairSync('ed25519').privateKey, passphrase), 0o600)
  const spki = createPublicKey(readKeyFile(path, passphrase)).export({ type: 'spki', format: 'der' })
  const publicKey = Uint8Array.from(spki)
  const issuer: NewIssuer = {
    name: 'ssh',
    kind: 'ssh',
    id: SSH_ISSUER,
    state: 'active',
    keyPlace: FILES.sshKey,
    spkiSha256: sha256(publicKey),
    publicKey,
    profiles: SSH_PROFILE_NAMES,
    createdAt: now,
  }
  await store.commit(async (tx) => {
    // Of several that start on one store, one makes it; the others have no key for it then, and say so when it is asked for.
    await tx.alone('first start')
    if ((await tx.issuers.byId(SSH_ISSUER)) !== undefined) return
    await tx.issuers.add(issuer)
    await tx.ledger.add(issuerEntry(issuer, now))
    failpoint('ssh-issuer.before-commit')
  })
  failpoint('ssh-issuer.after-commit')
}
