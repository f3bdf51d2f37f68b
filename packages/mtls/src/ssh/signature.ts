// The one place where a signature of SSH is checked.
import { createPublicKey, hash, verify } from 'node:crypto'
import {
  type CheckSshSignature,
  SSH_SIGNATURE_ALGORITHMS,
  type SshMessageSignature,
  type SshPublicKey,
  sshMessageInput,
} from '@countersign/ssh'
import { writePublicKey } from '@countersign/x509'

/** Checks by node:crypto. False for a security key, whose signatures say more than these. */
export const checkSshSignature: CheckSshSignature = (key, { algorithm, octets }, signed) => {
  const spki = sshSpki(key)
  if (spki === undefined) return false
  const digest = SSH_SIGNATURE_ALGORITHMS[algorithm].hash?.replace('-', '').toLowerCase() ?? null
  const publicKey = importKey(spki)
  return publicKey !== undefined && verify(digest, signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, octets)
}

/** Whether the key of a signature has signed `message`, for the purpose that its namespace names. @see PROTOCOL.sshsig §3 */
export function checkSshMessage(
  { key, namespace, hash: name, signature }: SshMessageSignature,
  message: Uint8Array,
): boolean {
  return checkSshSignature(key, signature, sshMessageInput(namespace, name, hash(name, message, 'buffer')))
}

/** DER of the key as X.509 has it; undefined for a security key, which X.509 does not have. */
export function sshSpki(key: SshPublicKey): Uint8Array | undefined {
  return key.kind === 'sk-Ed25519' || key.kind === 'sk-EC' ? undefined : writePublicKey(key)
}

/** Undefined where the numbers are no key, as a point that is not on its curve: nothing verifies under it. */
function importKey(spki: Uint8Array): ReturnType<typeof createPublicKey> | undefined {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL')) return undefined
    throw error
  }
}
