// What a meeting shows of certificates: pure, from the record that its door made.
import type { Meeting, Side, Step } from '@countersign/protocol'
import type { SeenAs } from '../store/certificates.ts'
import type { Vouched } from '../store/watch.ts'

/** By whom a house knows what is its own. All hexadecimal or as `formatName` writes them. */
export interface OwnAuthorities {
  /** SHA-256 of the key of each anchor of the house's own. */
  readonly anchors: ReadonlySet<string>
  /** The names of its roots and issuers. */
  readonly names: ReadonlySet<string>
}

/** A certificate that was shown, and whose key was proved, in one meeting. */
export interface Shown {
  readonly certificate: NonNullable<Side['certificate']>
  readonly as: SeenAs
  /** Who vouches for it, where that matters: absent where nobody does, and its issuer is not called as one of ours. */
  readonly vouched?: Vouched
  /** What the operator calls another authority. */
  readonly authority?: string
}

/**
 * Both sides, where each has shown a certificate; whether the meeting was accepted is all the same, for a certificate that
 * is refused is in use. A side is seen where the other one got so far as to judge it: before that, TLS has proved no key.
 */
export function shownIn({ caller, callee, steps }: Meeting, own: OwnAuthorities): readonly Shown[] {
  const [, , ofCallee, , ofCaller] = steps
  return [...shownBy(caller, 'caller', ofCaller, own), ...shownBy(callee, 'callee', ofCallee, own)]
}

function shownBy({ certificate, authority }: Side, as: SeenAs, judged: Step, own: OwnAuthorities): readonly Shown[] {
  if (certificate === undefined) return []
  // A caller's record says nothing of what the callee made of it; its own certificate was presented all the same.
  if (as === 'callee' && judged.outcome === 'not reached') return []
  const { evidence } = judged
  if (evidence?.kind === 'verdict')
    return own.anchors.has(evidence.anchorSpkiSha256)
      ? [{ certificate, as, vouched: 'own' }]
      : [{ certificate, as, vouched: 'other', ...(authority !== undefined && { authority }) }]
  return [{ certificate, as, ...(own.names.has(certificate.issuer) && { vouched: 'claimed' as const }) }]
}
