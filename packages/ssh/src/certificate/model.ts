import type { SshPublicKey } from '../key/public-key.ts'
import type { SshSignature } from '../signature.ts'

/** Whom a certificate speaks of. */
export type SshCertificateRole = 'user' | 'host'

/** One critical option or extension: its name, and what its value holds. */
export interface SshOption {
  readonly name: string
  readonly data: Uint8Array
}

/** What an authority signs. @see draft-ietf-sshm-cert §2.1.1 */
export interface SshTbsCertificate {
  /** From the authority's source of randomness, 32 octets; no two certificates have the same. */
  readonly nonce: Uint8Array
  /** Whose certificate it is. */
  readonly key: SshPublicKey
  /** 1 to 2^64 - 1; 0 says that there is none. */
  readonly serial: bigint
  readonly role: SshCertificateRole
  /** For logs, in words of the authority's. */
  readonly keyId: string
  /** Names of users or of hosts. */
  readonly principals: readonly string[]
  readonly validAfter: Temporal.Instant | 'always'
  readonly validBefore: Temporal.Instant | 'forever'
  /** In ascending order by their names. */
  readonly criticalOptions: readonly SshOption[]
  /** In ascending order by their names. */
  readonly extensions: readonly SshOption[]
  /** Whose key signs. */
  readonly signatureKey: SshPublicKey
}

/** What was to be signed, read from its octets. */
export interface ReadSshTbsCertificate extends SshTbsCertificate {
  /** Its first string, by OpenSSH's or by the draft's name; the same but for their names. */
  readonly type: string
  /** A view of the octets that are signed. */
  readonly tbs: Uint8Array
  /** "Implementations MUST ignore the contents of this field". */
  readonly reserved: Uint8Array
  /** `force-command`: what is executed, whatever is asked for. */
  readonly forceCommand?: string
  /** `source-address`: from where the certificate may be used; each an address, or a network in CIDR form. */
  readonly sourceAddress?: readonly string[]
  /** `verify-required`: each signature says that its user was verified. */
  readonly verifyRequired: boolean
  /** Names of critical options that are not known: nobody may accept the certificate. For a host that is each of them. */
  readonly unknownCriticalOptions: readonly string[]
}

/** A certificate, read from its octets. */
export interface SshCertificate extends ReadSshTbsCertificate {
  /** The whole octets, as a view. */
  readonly blob: Uint8Array
  readonly signature: SshSignature
}
