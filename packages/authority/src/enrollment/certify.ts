// A certificate that an administrator asks for, for a party whose request is at hand.
import type { Refusal } from '@countersign/protocol'
import type { CheckSignature } from '@countersign/verify'
import { InvariantError } from '../error.ts'
import type { Credential, Issue } from '../issuance/issue.ts'
import type { Claim } from '../issuance/issue-model.ts'
import { identitiesOf } from '../issuance/issue-x509.ts'
import { isX509Profile, X509_PROFILES } from '../issuance/profiles.ts'
import { decideNames, deniedOf, readRequest } from '../issuance/request.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import type { StoreTransaction } from '../store/store.ts'
import { decideGrant, type GrantRequest } from './granted.ts'

export interface CertifyRequest extends GrantRequest {
  /** DER of a PKCS#10 request: its signature proves the key, the administrator vouches for the party. */
  readonly request: Uint8Array
}

export type Certified =
  | { readonly ok: true; readonly party: string; readonly credential: Credential; readonly denied: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal }

/** `by` is kept with the certificate, as in `administrator ops/anna`. */
export type Certify = (
  request: CertifyRequest,
  by: string,
  /** Told within the transaction what was certified. */
  kept?: (tx: StoreTransaction, certificate: StoredCertificate) => Promise<void>,
) => Promise<Certified>

interface Certifying {
  readonly issue: Issue
  readonly domain: string
  readonly authority: () => { readonly name: string }
  readonly checkSignature: CheckSignature
}

/** Makes the function that certifies on an administrator's word. */
export function createCertify({ issue, domain, authority, checkSignature }: Certifying): Certify {
  return async (asked, by, kept) => {
    const { party, profile = 'client' } = asked
    const granted = decideGrant(asked, domain, authority().name)
    if (!granted.ok) return granted
    if (!isX509Profile(profile)) return { ok: false, refusal: { code: 'ERR_ENROLL_PROFILE' } }
    const row = X509_PROFILES[profile]
    const read = readRequest(asked.request, row, checkSignature)
    if (!read.ok) return read
    const { names } = granted
    const named = decideNames(read, party, identitiesOf(domain, party, names, row.spiffeId))
    if (!named.ok) return named
    const issued = await issue(
      { kind: 'x509', publicKey: read.publicKey, names, profile, denied: deniedOf(read, row) },
      { method: 'administrator', party, evidence: by, ...(kept && { claim: claimOf(kept) }) },
    )
    return issued.ok ? { ok: true, party, credential: issued.credential, denied: issued.denied } : issued
  }
}

/** Whoever asks may always; what came of it is kept. */
function claimOf(kept: NonNullable<Parameters<Certify>[2]>): Claim {
  return {
    take: async () => undefined,
    async spend(tx, id) {
      const certificate = await tx.certificates.byId(id)
      if (certificate === undefined) throw new InvariantError('what was just recorded is not there')
      await kept(tx, certificate)
    },
  }
}
