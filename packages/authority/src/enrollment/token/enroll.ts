// Enrollment by one-time token: the newcomer proves the token's secret, bound to this channel and this request.
import { createHmac } from 'node:crypto'
import type { Clock } from '@countersign/mtls'
import { enrollmentMacInput, type Refusal } from '@countersign/protocol'
import type { CheckSignature } from '@countersign/verify'
import { InvariantError } from '../../error.ts'
import type { Credential, Issue } from '../../issuance/issue.ts'
import type { Claim } from '../../issuance/issue-model.ts'
import { identitiesOf } from '../../issuance/issue-x509.ts'
import { isX509Profile, X509_PROFILES } from '../../issuance/profiles.ts'
import { decideNames, deniedOf, readRequest } from '../../issuance/request.ts'
import { sameOctets, sameSecret, sha256 } from '../../octets.ts'
import type { Invitation } from '../../store/invitations.ts'
import type { Store } from '../../store/store.ts'

/** What arrived; all of it untrusted. */
export interface EnrollmentAttempt {
  /** HMAC-SHA256 of the secret, as the token's public name. */
  readonly tokenId: Uint8Array
  /** DER of a PKCS#10 request. */
  readonly request: Uint8Array
  readonly mac: Uint8Array
  /** 32 octets of EXPORTER-Channel-Binding of the connection that this arrived on. @see RFC 9266 */
  readonly exporter: Uint8Array
}

export type Enrolled =
  | { readonly ok: true; readonly party: string; readonly credential: Credential; readonly denied: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal }

export type Enroll = (attempt: EnrollmentAttempt) => Promise<Enrolled>

interface Enrolling {
  readonly store: Store
  readonly issue: Issue
  readonly domain: string
  readonly clock: Clock
  readonly checkSignature: CheckSignature
}

/**
 * Makes the function that enrolls. The proof comes first: who cannot prove the secret learns nothing of the invitation
 * but that it is known. The same request may ask again while the invitation lasts, and gets the same certificate: an
 * answer that was lost strands nobody.
 */
export function createEnroll(enrolling: Enrolling): Enroll {
  const { store, issue, domain, clock, checkSignature } = enrolling
  return async (attempt) => {
    const { tokenId, request } = attempt
    const invitation = await store.invitations.byId(tokenId)
    if (invitation === undefined) return refused('ERR_ENROLL_TOKEN_UNKNOWN')
    const { macKey, party, profile, names, expiresAt } = invitation
    const over = invitation.spent === undefined ? 'ERR_ENROLL_TOKEN_EXPIRED' : 'ERR_ENROLL_TOKEN_SPENT'
    if (macKey === undefined) return refused(over)
    if (!isProved(attempt, macKey)) return refused('ERR_ENROLL_PROOF')
    if (Temporal.Instant.compare(expiresAt, clock()) <= 0) return refused(over)

    // Nobody is invited for another kind of certificate; a store may be older than that.
    if (!isX509Profile(profile)) return refused('ERR_ENROLL_PROFILE')
    const row = X509_PROFILES[profile]
    const read = readRequest(request, row, checkSignature)
    if (!read.ok) return read
    const asked = decideNames(read, party, identitiesOf(domain, party, names, row.spiffeId))
    if (!asked.ok) return asked
    const issued = await issue(
      { kind: 'x509', publicKey: read.publicKey, names, profile, denied: deniedOf(read, row) },
      {
        method: 'token',
        party,
        evidence: `token ${tokenId.toHex()}`,
        claim: claimOf(invitation, read.requestSha256),
      },
    )
    return issued.ok ? { ok: true, party, credential: issued.credential, denied: issued.denied } : issued
  }
}

function isProved({ request, mac, exporter }: EnrollmentAttempt, macKey: Uint8Array): boolean {
  const expected = createHmac('sha256', macKey)
    .update(enrollmentMacInput(exporter, sha256(request)))
    .digest()
  return sameSecret(mac, expected)
}

/** The invitation as what is taken once, read again inside the transaction: of rivals, one finds it unspent. */
function claimOf({ id }: Invitation, requestSha256: Uint8Array): Claim {
  return {
    async take(store, now) {
      const invitation = await store.invitations.byId(id)
      if (invitation === undefined) return { code: 'ERR_ENROLL_TOKEN_UNKNOWN' }
      const { spent, expiresAt } = invitation
      if (spent !== undefined) {
        const revoked = (await store.certificates.byId(spent.certificate))?.revocation !== undefined
        const again = sameOctets(spent.requestSha256, requestSha256) && !revoked
        return again ? spent.certificate : { code: 'ERR_ENROLL_TOKEN_SPENT' }
      }
      return Temporal.Instant.compare(expiresAt, now) <= 0 ? { code: 'ERR_ENROLL_TOKEN_EXPIRED' } : undefined
    },
    async spend(tx, certificate, now) {
      // All of one party's acts come one after the other, so that `take` has seen every rival.
      if (!(await tx.invitations.spend(id, { at: now, requestSha256, certificate })))
        throw new InvariantError('an invitation was spent twice')
    },
  }
}

function refused(code: Refusal['code']): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { code } }
}
