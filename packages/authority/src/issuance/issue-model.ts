// What the kinds of credentials have in common on their way to a signature.
import type { Log } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import type { Failpoint } from '../failpoints.ts'
import type { Signer } from '../keys/signer.ts'
import type { NewCertificate, ProofMethod } from '../store/certificates.ts'
import type { Repositories, StoreTransaction } from '../store/store.ts'
import type { Linted, LintedTbs } from './lint.ts'

/** Who was proved to be asking, and how. */
export interface Proof {
  readonly method: ProofMethod
  readonly party: string
  /** What shows it, as in `token 3f…`: kept with the certificate. */
  readonly evidence: string
  /** SHA-256 of the party's certificate that this one takes the place of. */
  readonly succeeds?: Uint8Array
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

/** What signing needs. */
export interface SigningParts {
  readonly domain: string
  readonly failpoint: Failpoint
  readonly log: Log
}

/** A request that its profile allows. */
export interface FitRequest<Issuer> {
  /** By which the store knows the key. */
  readonly keySha256: Uint8Array
  /** Signs what was linted; what is signed is not recorded yet, and may not leave. */
  sign(now: Temporal.Instant, issuer: Issuer): Promise<NewCertificate | Refusal>
}

/** Signs what passed its lints, or tells which it broke. */
export async function signLinted(
  linted: Linted,
  party: string,
  signer: Signer,
  { failpoint, log }: SigningParts,
): Promise<{ readonly tbs: LintedTbs; readonly signature: Uint8Array } | Refusal> {
  if (!linted.ok) {
    log('issue.lint', { party, findings: linted.findings })
    return { code: 'ERR_AUTHORITY_LINT', note: linted.findings.map(({ id }) => id).join(', ') }
  }
  const { tbs, warnings } = linted
  if (warnings.length > 0) log('issue.warning', { party, findings: warnings })
  failpoint('issue.before-sign')
  const signature = await signer.sign(tbs)
  failpoint('issue.after-sign')
  return { tbs, signature }
}
