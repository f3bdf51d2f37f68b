// Renewal by the certificate in hand: the same party, names and profile, for a key that signs the request. By a person's own,
// also the certificate to whose key mail is encrypted: it proves nobody, and so cannot renew itself.
import type { Clock } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import type { CheckSignature } from '@countersign/verify'
import type { Credential, Issue } from '../issuance/issue.ts'
import { isX509Profile, X509_PROFILES, type X509ProfileName } from '../issuance/profiles.ts'
import { decideNames, deniedOf, readRequest } from '../issuance/request.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import type { Repositories, Store } from '../store/store.ts'

/**
 * What one party may renew within an hour: many machines may share a name, and each tries again when something fails. Every
 * renewal is a row on the disk for ever, and on a full disk no revocation can be recorded.
 */
const RENEWALS_AN_HOUR = 240
const HOUR: Temporal.Duration = Temporal.Duration.from({ hours: 1 })

export type Renewed =
  | { readonly ok: true; readonly party: string; readonly credential: Credential; readonly denied: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal }

/** `beside`: not another of the same kind, but what its holder may have beside it. */
export type Renew = (sha256: Uint8Array, der: Uint8Array, beside?: BesideProfile) => Promise<Renewed>

/** What a certificate in hand gives a party beside itself: that of the row's name beside a person's own. */
export const BESIDE_PROFILES = ['person-encryption'] as const
export type BesideProfile = (typeof BESIDE_PROFILES)[number]
const BESIDE: Readonly<Record<BesideProfile, X509ProfileName>> = { 'person-encryption': 'person' }

interface Renewing {
  readonly store: Store
  readonly issue: Issue
  readonly clock: Clock
  readonly checkSignature: CheckSignature
}

/**
 * Makes the function that renews. `sha256` is of the certificate that the gate has accepted on this connection;
 * it is looked up anew, inside the transaction too: it may have been revoked since the handshake.
 */
export function createRenew({ store, issue, clock, checkSignature }: Renewing): Renew {
  return async (sha256, der, beside) => {
    const held = await store.certificates.bySha256(sha256)
    const fault = faultOfHeld(held, clock())
    if (held === undefined || fault !== undefined || !isX509Profile(held.profile))
      return { ok: false, refusal: fault ?? { code: 'ERR_CALLER_UNKNOWN_ISSUER' } }
    if (beside !== undefined && held.profile !== BESIDE[beside])
      return { ok: false, refusal: { code: 'ERR_ENROLL_PROFILE', note: `${beside} stands beside ${BESIDE[beside]}` } }
    const profile = beside ?? held.profile
    const names = beside === undefined ? held.names : held.names.filter(({ kind }) => kind === 'rfc822Name')
    const read = readRequest(der, X509_PROFILES[profile], checkSignature)
    if (!read.ok) return read
    const asked = decideNames(read, held.party, names)
    if (!asked.ok) return asked
    const before = beside === undefined ? sha256 : await lastOf(store, held.party, beside, clock())
    const issued = await issue(
      { kind: 'x509', publicKey: read.publicKey, names, profile, denied: deniedOf(read, X509_PROFILES[profile]) },
      {
        method: 'certificate',
        party: held.party,
        evidence: `certificate ${sha256.toHex()}`,
        ...(before && { succeeds: before }),
        claim: {
          take: async (view, now) =>
            faultOfHeld(await view.certificates.byId(held.id), now) ?? (await tooOften(view, held.party, now)),
          spend: async () => undefined,
        },
      },
    )
    return issued.ok ? { ok: true, party: held.party, credential: issued.credential, denied: issued.denied } : issued
  }
}

/** The one that is renewed where another stands beside: the party's newest in force. */
async function lastOf(
  { certificates }: Repositories,
  party: string,
  profile: BesideProfile,
  now: Temporal.Instant,
): Promise<Uint8Array | undefined> {
  const current = await certificates.currentOfParty(party, now)
  return current.findLast((each) => each.profile === profile)?.sha256
}

/** Why nothing is given to whoever holds this certificate. */
export function faultOfHeld(held: StoredCertificate | undefined, now: Temporal.Instant): Refusal | undefined {
  if (held === undefined) return { code: 'ERR_CALLER_UNKNOWN_ISSUER' }
  if (held.revocation !== undefined) return { code: 'ERR_CALLER_REVOKED' }
  return Temporal.Instant.compare(held.notAfter, now) <= 0 ? { code: 'ERR_CALLER_EXPIRED' } : undefined
}

/** Whether a party has been given so many by the certificates in its hand that it has to wait. */
export async function tooOften(
  { certificates }: Repositories,
  party: string,
  now: Temporal.Instant,
): Promise<Refusal | undefined> {
  const count = await certificates.renewedOf(party, now.subtract(HOUR), RENEWALS_AN_HOUR)
  return count >= RENEWALS_AN_HOUR ? { code: 'ERR_ENROLL_TOO_OFTEN' } : undefined
}
