// What every door produces, whatever it speaks: one handshake, its six steps, and how it ended.
import type { Finding } from '@countersign/verify'
import type { DoorName, Identity, PartyId } from './identity.ts'
import type { Reference } from './reference.ts'
import type { RefusalCode } from './refusals.ts'

/** What one side showed of itself; all absent for a side that showed nothing. */
export interface Side {
  /** The name people know it by: the party, else the first identity, else the address. */
  readonly name: string
  readonly party?: PartyId
  /** What the operator calls the authority that vouches for it, where that is not the house's own. */
  readonly authority?: string
  readonly identities: readonly Identity[]
  readonly certificate?: CertificateSummary
}

/** The part of a certificate that a record keeps. `sha256` and `spkiSha256` are hexadecimal, `serialNumber` too. */
export interface CertificateSummary {
  readonly sha256: string
  readonly spkiSha256: string
  readonly serialNumber: string
  readonly subject: string
  readonly issuer: string
  /** The issuer's commonName where it has one: what people read. */
  readonly issuerCommonName?: string
  readonly notBefore: Temporal.Instant
  readonly notAfter: Temporal.Instant
}

/** Each kind can be recomputed from the octets on the wire and the key log by someone who trusts neither side's own log. */
export type StepEvidence =
  | { readonly kind: 'clientHello'; readonly randomSha256: string; readonly serverName?: string }
  /** `beside`: what a person has shown in the same step, with it. */
  | {
      readonly kind: 'certificate'
      readonly certificate: CertificateSummary
      readonly beside?: readonly Pick<Proof, 'kind' | 'binding'>[]
    }
  /** The side that judged says what it relied on. */
  | {
      readonly kind: 'verdict'
      readonly anchor: string
      /** SHA-256 of the anchor's SubjectPublicKeyInfo, hexadecimal. */
      readonly anchorSpkiSha256: string
      readonly status: string
      /** When what was used to say "not revoked" was made; absent where status was not known. */
      readonly knownAt?: Temporal.Instant
    }
  /** The other side's judgement, seen from here: it finished the handshake after it had seen our certificate. */
  | { readonly kind: 'finished' }
  /** A proxy that was met says that it was shown this certificate, and its key was proved to it. @see RFC 9440 */
  | { readonly kind: 'forwarded'; readonly by: string; readonly certificate: CertificateSummary }
  /** The other side's decision, as it told us. */
  | { readonly kind: 'told'; readonly by: string }
  | { readonly kind: 'token'; readonly id: string }
  /** A device asked, and signed with its key, whose thumbprint this is (RFC 7638, base64url). `known`: the account has it. @see RFC 9449 §4.3 */
  | { readonly kind: 'device'; readonly keySha256: string; readonly known: boolean }
  /** The callee gave what it keeps of picture and phrase, which only this device, or only the password, opens. */
  | { readonly kind: 'picture'; readonly sealedTo: 'device' | 'password' }
  /** The host that a browser has checked a certificate for, and for which alone a passkey answers. @see WebAuthn 3 §4 */
  | { readonly kind: 'site'; readonly name: string }
  /** The caller's page checked the MAC of the callee, which only who keeps the record of this account can make. @see RFC 9807 §6.2.3 */
  | { readonly kind: 'opaque' }
  /** What a person showed, and to what it is bound. */
  | { readonly kind: 'proofs'; readonly proofs: readonly Pick<Proof, 'kind' | 'binding'>[] }
  /** The session is good for nothing without proofs by this key: of a device (RFC 7638, base64url), or of a certificate (SHA-256 of it, hexadecimal). */
  | { readonly kind: 'bound'; readonly to: 'device' | 'certificate'; readonly keySha256: string }
  /** A message came in one form that every program reads alike; of its body, as it was carried, hexadecimal. @see RFC 5322 §2.1 */
  | { readonly kind: 'message'; readonly bodySha256: string }
  /** A key that has no certificate. The fingerprint is hexadecimal. @see RFC 9580 §5.5.4 */
  | { readonly kind: 'openpgpKey'; readonly fingerprint: string }
  /** The side that judged such a key says on whose certification it relied. @see RFC 9580 §10.3 */
  | { readonly kind: 'vouched'; readonly by: string }
  /** Encrypted to so many keys, so that nobody on the way can read it. */
  | {
      readonly kind: 'sealed'
      readonly format: 'smime' | 'openpgp'
      readonly cipher: string
      /** How the key of the cipher came, as in `ECDH P-256`. */
      readonly transport?: string
      readonly recipients: number
    }
  /** An engine of another make has the channel, and says that it stands: whoever asked has finished its handshake with it. */
  | { readonly kind: 'engine'; readonly by: string }
  | {
      readonly kind: 'channel'
      readonly protocol: string
      readonly cipher: string
      /** SHA-256, hexadecimal, of the 32 octets of EXPORTER-Channel-Binding (RFC 9266). */
      readonly exporterSha256: string
    }

/** One of the six steps of mutual authentication (ask, present, verify, present, verify, channel). */
export interface Step {
  readonly by: 'caller' | 'callee' | 'both'
  readonly outcome: 'proved' | 'refused' | 'not reached'
  readonly evidence?: StepEvidence
  readonly at?: Temporal.Instant
}
/** The six steps of mutual authentication, in their order. */
export type Steps = readonly [Step, Step, Step, Step, Step, Step]

/** The names of the six steps, in their order. */
export const STEP_NAMES = ['ask', 'present', 'verify', 'present', 'verify', 'channel'] as const

/** By what a party proves itself. A door says which kinds it can check. No rule can ask for `sms`: it is restricted (NIST SP 800-63B §5.2.10). */
export const PROOF_KINDS = ['certificate', 'passkey', 'totp', 'password', 'sms'] as const
/** One of {@link PROOF_KINDS}. */
export type ProofKind = (typeof PROOF_KINDS)[number]

/** To what a proof may be bound. */
export const PROOF_BINDINGS = ['channel', 'device', 'none'] as const

/** One thing that a caller showed. `binding` says to what it is bound, so that a relay gains nothing by it. */
export interface Proof {
  readonly kind: ProofKind
  readonly subject: Identity
  readonly at: Temporal.Instant
  readonly binding: (typeof PROOF_BINDINGS)[number]
}

/**
 * What the policy of a door says of a caller that has proved itself: by which rule it may come in, or what it lacks.
 * It holds until `until`, and may turn out otherwise at `recheckAt`, as hours end; `lock` names what was stronger than every rule.
 */
export type Decision =
  | {
      readonly ok: true
      readonly rule: string
      readonly until?: Temporal.Instant
      readonly recheckAt?: Temporal.Instant
      /** The labels of the caller, by which its sessions are found. */
      readonly labels?: readonly string[]
    }
  | {
      readonly ok: false
      readonly code: RefusalCode
      readonly missing: readonly string[]
      /** Of each rule that lacks proofs alone, their kinds. */
      readonly unproved?: readonly (readonly ProofKind[])[]
      readonly lock?: string
    }

/** Why a meeting, an enrollment or an act was refused. */
export interface Refusal {
  readonly code: RefusalCode
  readonly detail?: Finding | Decision
  /** More for the operator's record; never shown to the peer where the code's text is an oracle. */
  readonly note?: string
}

/** What went wrong within the session of a meeting that was accepted: a request that was refused, a service that was not there. */
export interface Trouble {
  readonly at: Temporal.Instant
  readonly code: RefusalCode
  /** For the operator's record. */
  readonly note?: string
  /** Of the door's own meeting with the service behind it, whose record says why. */
  readonly upstreamReference?: Reference
}

/** One handshake at a door as one side saw it (`seenBy`). */
export interface Meeting {
  readonly reference: Reference
  readonly door: DoorName
  readonly seenBy: 'caller' | 'callee'
  readonly at: Temporal.Instant
  readonly resumed: boolean
  readonly address?: string
  readonly caller: Side
  readonly callee: Side
  readonly steps: Steps
  readonly outcome:
    | { readonly ok: true; readonly decision: Decision }
    | { readonly ok: false; readonly refusal: Refusal }
  /** Each kind of trouble once, the first {@link MOST_TROUBLES} of them. */
  readonly troubles?: readonly Trouble[]
}

/** So many a record keeps of one meeting, whatever the caller does. */
export const MOST_TROUBLES = 8
