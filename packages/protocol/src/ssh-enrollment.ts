// How a key of SSH is proved to the authority: by a signature over the very channel on which it is asked for.

/** The namespace of the signature: what was signed for another purpose proves nothing here. @see PROTOCOL.sshsig §2 */
export const SSH_ENROLLMENT_NAMESPACE = 'countersign-ssh-enrollment-v1'

/** What a certificate can be asked for. */
export const SSH_ENROLLMENT_PROFILES = ['ssh-user', 'ssh-host'] as const
/** One of {@link SSH_ENROLLMENT_PROFILES}. */
export type SshEnrollmentProfile = (typeof SSH_ENROLLMENT_PROFILES)[number]

/**
 * The message that is signed with the key: the profile and the channel, so that neither a relay nor an older signature is good.
 * @param exporter 32 octets of EXPORTER-Channel-Binding. @see RFC 9266 §2
 */
export function sshEnrollmentMessage(exporter: Uint8Array, profile: SshEnrollmentProfile): Uint8Array {
  if (exporter.length !== 32) throw new RangeError('the exporter has 32 octets')
  return new TextEncoder().encode(`${profile} ${exporter.toHex()}`)
}
