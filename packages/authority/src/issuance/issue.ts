// The one way to a credential, for every protocol: decided, built, linted, signed, recorded; durable before it leaves.
import type { Clock, Log } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import { readSshCertificate, type SshCertificate } from '@countersign/ssh'
import { type Certificate, readCertificate } from '@countersign/x509'
import type { Failpoint } from '../failpoints.ts'
import type { Issuers } from '../keys/issuers.ts'
import { issuedEntry } from '../ledger/entry.ts'
import type { NewCertificate } from '../store/certificates.ts'
import type { Repositories, Store, StoreTransaction } from '../store/store.ts'
import type { FitRequest, Proof } from './issue-model.ts'
import { fitSsh, type SshRequest } from './issue-ssh.ts'
import { fitX509, type X509Request } from './issue-x509.ts'

/** The certificate and its record, or the refusal. */
export type Issued<Given = Credential> =
  | { readonly ok: true; readonly credential: Given; readonly recordId: number; readonly denied: readonly string[] }
  | { readonly ok: false; readonly refusal: Refusal }

/** The leaf, its issuer, and what leads from there to each root; the roots last. */
export type Credential = readonly [Certificate, Certificate, Certificate, ...Certificate[]]

/** The one way to a certificate: linted before it is signed, and recorded before it leaves. */
export interface Issue {
  (request: X509Request, proof: Proof): Promise<Issued>
  (request: SshRequest, proof: Proof): Promise<Issued<SshCertificate>>
}

interface Issuance {
  readonly store: Store
  readonly issuers: Issuers
  readonly domain: string
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
}

/** The row of a certificate; one that was given for the same claim before is still to be read. */
interface Recorded {
  readonly id: number
  readonly signed?: NewCertificate
}

/**
 * Makes the one way. A certificate is signed before the transaction that records it: a key in a module answers when it likes.
 * Nothing leaves before that is durable; a signature whose claim a rival took meanwhile is forgotten.
 */
export function createIssue({ store, issuers, domain, clock, failpoint, log }: Issuance): Issue {
  const parts = { domain, failpoint, log }

  /** What speaks against it, or the row that is there already; asked again in the transaction. */
  const decide = async (
    view: Repositories,
    proof: Proof,
    now: Temporal.Instant,
  ): Promise<Refusal | number | undefined> => {
    // The house's own certificates are not its doors' callers: of those a lock speaks.
    if (proof.method !== 'local' && (await view.parties.isLocked(proof.party, now)))
      return { code: 'ERR_ENROLL_PARTY_LOCKED' }
    return proof.claim?.take(view, now)
  }

  /** All of it in one transaction: a rival sees either nothing of this or all. */
  const record = async (tx: StoreTransaction, signed: NewCertificate, proof: Proof): Promise<Refusal | Recorded> => {
    const now = clock()
    // One party's acts come one after the other: whoever revokes it sees every certificate that it has.
    await tx.alone(`party ${proof.party}`)
    const decided = await decide(tx, proof, now)
    if (decided !== undefined) return typeof decided === 'number' ? { id: decided } : decided
    if (!(await tx.certificates.takeKey(signed.spkiSha256, proof.party, now, signed.notAfter)))
      return { code: 'ERR_ENROLL_KEY_TAKEN' }
    await tx.parties.ensure(proof.party, now)
    const entry = await tx.ledger.add(issuedEntry(signed))
    const id = await tx.certificates.add({ ...signed, entry })
    if (proof.succeeds) await tx.certificates.succeed(proof.succeeds, proof.party, id)
    await proof.claim?.spend(tx, id, now)
    return { id, signed }
  }

  /** Signed by whoever signs now; or what speaks against it, or the row that is there already. */
  const sign = async <Issuer extends object>(
    fit: FitRequest<Issuer> | Refusal,
    issuerOfNow: () => Promise<Issuer | Refusal>,
    proof: Proof,
    now: Temporal.Instant,
  ): Promise<NewCertificate | Refusal | number> => {
    if ('code' in fit) return fit
    const decided = await decide(store, proof, now)
    if (decided !== undefined) return decided
    if (await store.certificates.keyTaken(fit.keySha256, proof.party)) return { code: 'ERR_ENROLL_KEY_TAKEN' }
    const issuer = await issuerOfNow()
    return 'code' in issuer ? issuer : fit.sign(now, issuer)
  }

  /** The row of the certificate, or why there is none. */
  const give = async (request: X509Request | SshRequest, proof: Proof): Promise<Refusal | Recorded> => {
    const now = clock()
    const signed = await (request.kind === 'x509'
      ? sign(fitX509(request, proof, parts), () => issuers.signing(request.profile), proof, now)
      : sign(fitSsh(request, proof, parts), () => issuers.signingSsh(request.profile), proof, now))
    if (typeof signed === 'number') return { id: signed }
    if ('code' in signed) return signed
    const outcome = await store.commit(async (tx) => {
      const recorded = await record(tx, signed, proof)
      failpoint('issue.before-commit')
      return recorded
    })
    failpoint('issue.after-commit')
    return outcome
  }

  function issue(request: X509Request, proof: Proof): Promise<Issued>
  function issue(request: SshRequest, proof: Proof): Promise<Issued<SshCertificate>>
  async function issue(
    request: X509Request | SshRequest,
    proof: Proof,
  ): Promise<Issued<Credential> | Issued<SshCertificate>> {
    const outcome = await give(request, proof)
    if (!('id' in outcome)) return { ok: false, refusal: outcome }
    const stored = outcome.signed ?? (await store.certificates.byId(outcome.id))
    if (stored === undefined) return { ok: false, refusal: { code: 'ERR_AUTHORITY_STORE' } }
    const { issuer: id, party, profile, serial, method, der, denied } = stored
    log('issue.done', { party, profile, serial, method, ...(denied.length > 0 && { denied }) })
    const given = { ok: true, recordId: outcome.id, denied } as const
    if (request.kind === 'ssh') return { ...given, credential: readSshCertificate(der) }
    // Where it was given before, its issuer may be another one than that of now.
    const issuer = issuers.published().issuers.find((one) => one.id === id)
    if (issuer === undefined) return { ok: false, refusal: { code: 'ERR_AUTHORITY_NO_ISSUER' } }
    return { ...given, credential: [readCertificate(der), ...issuers.above(issuer.certificate)] }
  }
  return issue
}
