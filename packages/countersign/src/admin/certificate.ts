// One certificate as the authority lists it.
import { type Field, formatWhen } from '@countersign/protocol'

/** The parts that commands print; `serialNumber` is hexadecimal. */
export interface ListedCertificate {
  readonly party: string
  readonly serialNumber: string
  /** Hexadecimal. */
  readonly sha256: string
  /** Of its key, hexadecimal. */
  readonly spkiSha256: string
  readonly issuedAt: Temporal.Instant
  readonly profile: string
  readonly state: string
  readonly identities: readonly string[]
  readonly notBefore: Temporal.Instant
  readonly notAfter: Temporal.Instant
  /** What was asked for and not granted; absent where that is not told. */
  readonly denied?: readonly string[]
  /** In a meeting at a door, accepted or not. */
  readonly lastSeen?: { readonly at: Temporal.Instant; readonly door: string; readonly as: string }
  /** Its holder has another one in its place. */
  readonly isRenewed: boolean
  readonly revocation?: { readonly at: Temporal.Instant; readonly reason: string }
}

/** Reads one certificate of an answer. @throws {ShapeError} */
export function certificateField(field: Field): ListedCertificate {
  const revocation = field.get('revocation').optional((each) => ({
    at: each.get('at').instant(),
    reason: each.get('reason').text(64),
  }))
  const denied = field.get('denied').optional((each) => each.list(64).map((one) => one.text(256)))
  const lastSeen = field.get('lastSeen').optional((each) => ({
    at: each.get('at').instant(),
    door: each.get('door').text(256),
    as: each.get('as').text(16),
  }))
  return {
    party: field.get('party').text(256),
    serialNumber: field.get('serialNumber').text(64),
    sha256: field.get('sha256').text(64),
    spkiSha256: field.get('spkiSha256').text(64),
    issuedAt: field.get('issuedAt').instant(),
    profile: field.get('profile').text(64),
    state: field.get('state').text(64),
    identities: field
      .get('identities')
      .list(256)
      .map((identity) => identity.get('value').text(2048)),
    notBefore: field.get('notBefore').instant(),
    notAfter: field.get('notAfter').instant(),
    ...(denied !== undefined && { denied }),
    ...(lastSeen !== undefined && { lastSeen }),
    isRenewed: field.get('renewed').present,
    ...(revocation !== undefined && { revocation }),
  }
}

/** By which a party proves itself where it calls: those for clientAuth. */
export const CALLER_PROFILES: ReadonlySet<string> = new Set([
  'client',
  'service',
  'device',
  'person',
  'short-lived',
  'admin',
])

/** Below a root. */
export const ISSUER_PROFILES = ['issuing', 'intermediate'] as const

/** Authorities sign, and meet nobody. */
const SIGN_ONLY: ReadonlySet<string> = new Set(['root', ...ISSUER_PROFILES])

/** When and where it was last seen, for people. */
export function lastSeenText({ profile, lastSeen }: ListedCertificate, now: Temporal.Instant): string {
  if (lastSeen === undefined) return SIGN_ONLY.has(profile) ? '–' : 'never'
  return `${formatWhen(lastSeen.at, now)} at ${lastSeen.door}`
}
