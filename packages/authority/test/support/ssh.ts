// What is sent for a certificate of SSH, signed as it must be.
import { hash } from 'node:crypto'
import { SSH_ENROLLMENT_NAMESPACE, type SshEnrollmentProfile } from '@countersign/protocol'
import { sshMessageInput, writeSshMessageSignature } from '@countersign/ssh'
import type { SshKey } from '../../../../tools/testing/ssh-keys.ts'

/** @param exporter Of the connection on which it will be sent. */
export function sshEnrollmentBody(
  profile: SshEnrollmentProfile,
  { key, sign }: SshKey,
  exporter: Uint8Array,
  namespace: string = SSH_ENROLLMENT_NAMESPACE,
): { readonly profile: string; readonly signature: string } {
  const message = `${profile} ${exporter.toHex()}`
  const input = sshMessageInput(namespace, 'sha512', hash('sha512', message, 'buffer'))
  const signature = writeSshMessageSignature({ key, namespace, hash: 'sha512', signature: sign(input) })
  return { profile, signature: signature.toBase64() }
}
