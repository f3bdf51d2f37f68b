// What a policy is about: parties with labels, services with labels, and what was shown.

/** A name that a party proves, by the kind of its field in a certificate. */
export interface Identity {
  readonly kind: string
  readonly value: string
}

/** Brings a name to the form in which certificates are read; undefined where none can prove it. */
export type NormalName = (name: string) => string | undefined

/** What a party is. */
export const PARTY_KINDS = ['person', 'service', 'device', 'host'] as const
/** One of {@link PARTY_KINDS}. */
export type PartyKind = (typeof PARTY_KINDS)[number]

/** Somebody that the house knows. */
export interface Party {
  /** As in `alice`. */
  readonly id: string
  readonly kind?: PartyKind
  /** As in `group:ops`. */
  readonly labels: readonly string[]
  /** Names by which it is known beside its own, as another authority proves them. */
  readonly identities?: readonly Identity[]
}

/** Something that can be met. */
export interface Service {
  /** As in `service:db`. */
  readonly id: string
  /** Beside its id, as in `https://db.acme.example`. */
  readonly labels: readonly string[]
}

/** By what a caller proves itself. A door says which kinds it can check. */
export const PROOF_KINDS = ['certificate', 'passkey', 'totp', 'password'] as const
/** One of {@link PROOF_KINDS}. */
export type ProofKind = (typeof PROOF_KINDS)[number]

/** One thing that a caller showed, and when. */
export interface Proof {
  readonly kind: ProofKind
  readonly at: Temporal.Instant
}

/** Who asks: by its labels, as {@link callerOf} makes them. */
export interface Caller {
  readonly name: string
  readonly labels: ReadonlySet<string>
}

/** One question to a policy. */
export interface Question {
  readonly who: Caller
  /** The id of the service. */
  readonly what: string
  readonly proofs: readonly Proof[]
  /** Texts of the names that the callee has proved to the caller. */
  readonly seen: readonly string[]
  readonly now: Temporal.Instant
}

/** Why a policy says no. */
export const POLICY_CODES = [
  'ERR_POLICY_NOT_ALLOWED',
  'ERR_POLICY_LOCKED',
  'ERR_POLICY_PROOF',
  'ERR_POLICY_HOURS',
  'ERR_POLICY_CALLEE',
] as const
/** One of {@link POLICY_CODES}. */
export type PolicyCode = (typeof POLICY_CODES)[number]

/** What a policy says. It holds until `recheckAt`, when hours end or a proof grows old, or a lock's end lets in. */
export type Decision =
  | { readonly ok: true; readonly rule: string; readonly recheckAt?: Temporal.Instant }
  | {
      readonly ok: false
      readonly code: PolicyCode
      /** The reason of the lock. */
      readonly lock?: string
      /** What would admit, as the rules that come nearest say it. */
      readonly missing: readonly string[]
      /** Of each rule that lacks proofs alone, their kinds; absent where there is none. */
      readonly unproved?: readonly (readonly ProofKind[])[]
    }
