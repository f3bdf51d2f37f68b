// Keys of SSH certificates: the same keys as those of X.509, in another writing, and those in security keys.
import { readSshPublicKey, SshError, type SshPublicKey, writeSshPublicKey } from '@countersign/ssh'
import { writePublicKey } from '@countersign/x509'
import { sha256 } from '../octets.ts'
import type { SshKeyKind, SshProfile } from './profiles.ts'
import { judgeKey } from './public-key.ts'

/** A key that an SSH certificate may be for. */
export interface JudgedSshKey {
  readonly key: SshPublicKey
  /** By which the store knows it: where X.509 has the key too, the same, so that a key that was revoked there is revoked here. */
  readonly sha256: Uint8Array
}

/** Reads a key in SSH's writing, and judges it by itself and by `profile`. Answers what speaks against it. */
export function readSshKey(blob: Uint8Array, profile: Pick<SshProfile, 'keys' | 'rsaBits'>): JudgedSshKey | string {
  let key: SshPublicKey
  try {
    key = readSshPublicKey(blob)
  } catch (error) {
    if (!(error instanceof SshError)) throw error
    return `the key cannot be read: ${error.message}`
  }
  const hardware = key.kind === 'sk-Ed25519' || key.kind === 'sk-EC'
  const spki = spkiOf(key)
  const judged = judgeKey(spki)
  if (!judged.ok) return judged.fault
  const kind = `${hardware ? 'sk-' : ''}${judged.kind}`
  if (!profile.keys.some((accepted: SshKeyKind) => accepted === kind))
    return `a key of the kind ${kind}, which this profile does not have`
  const { bits } = judged
  const [least, most] = profile.rsaBits
  if (bits !== undefined && (bits < least || bits > most)) return `RSA of ${bits} bits, not ${least} to ${most}`
  // A key in hardware signs for one application, so that its octets in X.509 would be another key.
  return { key, sha256: sha256(hardware ? writeSshPublicKey(key) : spki) }
}

/** DER of the key as X.509 has it; of a key in hardware what it signs with. */
function spkiOf(key: SshPublicKey): Uint8Array {
  if (key.kind === 'sk-Ed25519') return writePublicKey({ kind: 'Ed25519', key: key.key })
  if (key.kind === 'sk-EC') return writePublicKey({ kind: 'EC', curve: key.curve, point: key.point })
  return writePublicKey(key)
}
