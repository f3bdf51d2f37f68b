// The one way to a credential, for every protocol: decided, built, linted, signed, recorded; durable before it leaves.
import type { Clock, Log } from '@countersign/mtls'
import type { Identity, Refusal } from '@countersign/protocol'
import { type Certificate, readCertificate, writeCertificate } from '@countersign/x509'
import type { Failpoint } from '../failpoints.ts'
import type { Hierarchy } from '../keys/hierarchy.ts'
import { serialHex, sha256 } from '../octets.ts'
import type { NewCertificate, ProofMethod } from '../store/certificates.ts'
import type { Repositories, Store, StoreTransaction } from '../store/store.ts'
import { makeSerial, partyName } from './build.ts'
import { faultOfNames } from './grant.ts'
import { buildAndLint } from './lint.ts'
import { sameIdentity, spiffeIdOf } from './names.ts'
import { X509_PROFILES, type X509Profile, type X509ProfileName } from './profiles.ts'
import { faultOfKey } from './public-key.ts'

/** What shall be certified. */
export interface IssueRequest {
  readonly kind: 'x509'
  /** DER of a SubjectPublicKeyInfo. Whoever asks has checked that its holder has the private key. */
  readonly publicKey: Uint8Array
  /** Beside the SPIFFE ID, which the profile gives. */
  readonly names: readonly Identity[]
  readonly profile: X509ProfileName
}

/** Who was proved to be asking, and how. */
export interface Proof {
  readonly method: ProofMethod
  readonly party: string
  /** What shows it, as in `token 3f…`: kept with the certificate. */
  readonly evidence: string
  readonly claim?: Claim
}

/** What allows this certificate once: taken in the same transaction that records the certificate. */
export interface Claim {
  /**
   * A refusal; the row of the certificate that was already given for it; or undefined: it may be given. Changes nothing;
   * asked before anything is signed, and again in the transaction.
   */
  take(store: Repositories, now: Temporal.Instant): Promise<Refusal | number | undefined>
  /** Binds it to the row of the new certificate. */
  spend(tx: StoreTransaction, recordId: number, now: Temporal.Instant): Promise<void>
}

/** The certificate and its record, or the refusal. */
export type Issued =
  | { readonly ok: true; readonly credential: Credential; readonly recordId: number }
  | { readonly ok: false; readonly refusal: Refusal }

/** The leaf, its issuer, the root. */
export type Credential = readonly [Certificate, Certificate, Certificate]

/** The one way to a certificate: linted before it is signed, and recorded before it leaves. */
export type Issue = (request: IssueRequest, proof: Proof) => Promise<Issued>

interface Issuance {
  readonly store: Store
  readonly hierarchy: Hierarchy
  readonly domain: string
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
}

/**
 * Makes the one way. A certificate is signed before the transaction that records it: a key in a module answers when it likes.
 * Nothing leaves before that is durable; a signature whose claim a rival took meanwhile is forgotten.
 */
export function createIssue({ store, hierarchy, domain, clock, failpoint, log }: Issuance): Issue {
  const { issuing, root, issuerId } = hierarchy

  const sign = async (
    request: IssueRequest,
    proof: Proof,
    now: Temporal.Instant,
  ): Promise<Refusal | { readonly signed: NewCertificate }> => {
    const { publicKey, profile } = request
    const identities = identitiesOf(domain, proof.party, request.names, X509_PROFILES[profile].spiffeId)
    const serial = makeSerial()
    const subject = partyName(proof.party)
    const linted = buildAndLint({ profile, subject, publicKey, identities, issuer: issuing, serial, now })
    if (!linted.ok) {
      log('issue.lint', { party: proof.party, findings: linted.findings })
      return { code: 'ERR_AUTHORITY_LINT', note: linted.findings.map(({ id }) => id).join(', ') }
    }
    if (linted.warnings.length > 0) log('issue.warning', { party: proof.party, findings: linted.warnings })
    failpoint('issue.before-sign')
    const der = writeCertificate(linted.tbs, hierarchy.signer.algorithm, await hierarchy.signer.sign(linted.tbs))
    failpoint('issue.after-sign')
    const { validity } = readCertificate(der)
    const signed: NewCertificate = {
      issuer: issuerId,
      serial: serialHex(serial),
      sha256: sha256(der),
      spkiSha256: sha256(request.publicKey),
      party: proof.party,
      profile: request.profile,
      names: identities,
      der,
      notBefore: validity.notBefore,
      notAfter: validity.notAfter,
      issuedAt: now,
      method: proof.method,
      evidence: proof.evidence,
    }
    return { signed }
  }

  /** What speaks against it whatever is stored: the profile, whoever asks. */
  const faultOfRequest = ({ profile, publicKey, names }: IssueRequest, { party }: Proof): Refusal | undefined => {
    const row: X509Profile = X509_PROFILES[profile]
    if (row.authority !== undefined)
      return { code: 'ERR_ENROLL_PROFILE', note: 'the issuer that is here signs no authority' }
    const keyFault = faultOfKey(publicKey, row)
    if (keyFault !== undefined) return { code: 'ERR_ENROLL_KEY', note: keyFault }
    return faultOfNames(profile, row, names, spiffeIdOf(domain, party))
  }

  /** What speaks against it, or the row that is there already; asked again in the transaction. */
  const decide = async (
    view: Repositories,
    request: IssueRequest,
    proof: Proof,
    now: Temporal.Instant,
  ): Promise<Refusal | number | undefined> => {
    // The house's own certificates are not its doors' callers: of those a lock speaks.
    if (proof.method !== 'local' && (await view.parties.isLocked(proof.party, now)))
      return { code: 'ERR_ENROLL_PARTY_LOCKED' }
    const taken = await proof.claim?.take(view, now)
    if (taken !== undefined) return taken
    if (Temporal.Instant.compare(issuing.validity.notAfter, now) <= 0) return { code: 'ERR_AUTHORITY_NO_ISSUER' }
    const isTaken = await view.certificates.keyTaken(sha256(request.publicKey), proof.party)
    return isTaken ? { code: 'ERR_ENROLL_KEY_TAKEN' } : undefined
  }

  /** All of it in one transaction: a rival sees either nothing of this or all. */
  const record = async (
    tx: StoreTransaction,
    signed: NewCertificate,
    request: IssueRequest,
    proof: Proof,
  ): Promise<Refusal | number> => {
    const now = clock()
    // One party's acts come one after the other: whoever revokes it sees every certificate that it has.
    await tx.alone(`party ${proof.party}`)
    const decided = await decide(tx, request, proof, now)
    if (decided !== undefined) return decided
    if (!(await tx.certificates.takeKey(signed.spkiSha256, proof.party, now))) return { code: 'ERR_ENROLL_KEY_TAKEN' }
    await tx.parties.ensure(proof.party, now)
    const id = await tx.certificates.add(signed)
    await proof.claim?.spend(tx, id, now)
    return id
  }

  /** The row of the certificate, or why there is none. */
  const give = async (request: IssueRequest, proof: Proof): Promise<Refusal | number> => {
    const unfit = faultOfRequest(request, proof)
    if (unfit !== undefined) return unfit
    const now = clock()
    const decided = await decide(store, request, proof, now)
    if (decided !== undefined) return decided
    const made = await sign(request, proof, now)
    if (!('signed' in made)) return made
    const outcome = await store.commit(async (tx) => {
      const recorded = await record(tx, made.signed, request, proof)
      failpoint('issue.before-commit')
      return recorded
    })
    failpoint('issue.after-commit')
    return outcome
  }

  return async (request, proof) => {
    const outcome = await give(request, proof)
    if (typeof outcome !== 'number') return { ok: false, refusal: outcome }
    const stored = await store.certificates.byId(outcome)
    if (stored === undefined) return { ok: false, refusal: { code: 'ERR_AUTHORITY_STORE' } }
    log('issue.done', { party: stored.party, profile: stored.profile, serial: stored.serial, method: stored.method })
    return { ok: true, credential: [readCertificate(stored.der), issuing, root], recordId: outcome }
  }
}

/** The SPIFFE ID first, where the profile gives one; then what was granted, each once. */
export function identitiesOf(
  domain: string,
  party: string,
  names: readonly Identity[],
  spiffeId: boolean,
): readonly Identity[] {
  const all = spiffeId ? [spiffeIdOf(domain, party), ...names] : names
  return all.filter((one, index) => all.findIndex((other) => sameIdentity(one, other)) === index)
}
