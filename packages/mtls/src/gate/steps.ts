// The six steps of a meeting as either side records them.
import type { TLSSocket } from 'node:tls'
import type { Proof, Side, Step, StepEvidence, Steps } from '@countersign/protocol'
import type { StatusEvidence, TrustAnchor, VerifiedPath } from '@countersign/verify'
import { formatName } from '@countersign/x509'
import { sha256 } from '../sha256.ts'
import { exporterSha256 } from './exporter.ts'

/** What is known of one step. Absent in `makeSteps` where nothing shows that the step was taken. */
export interface StepFact {
  readonly evidence?: StepEvidence
  readonly at?: Temporal.Instant
}
type MaybeFact = StepFact | undefined
export type StepFacts = readonly [MaybeFact?, MaybeFact?, MaybeFact?, MaybeFact?, MaybeFact?, MaybeFact?]

const BY = ['caller', 'callee', 'caller', 'caller', 'callee', 'both'] as const

/**
 * Makes the frozen six steps: proved where a fact says so, refused at `refusedAt` (1 to 6), and not reached after it.
 * A step without a fact is not reached, whatever came later: a record claims nothing that it has no fact for.
 */
export function makeSteps(facts: StepFacts, refusedAt?: 1 | 2 | 3 | 4 | 5 | 6): Steps {
  const step = (number: 1 | 2 | 3 | 4 | 5 | 6): Step => {
    const by = BY[number - 1] ?? 'both'
    const fact = facts[number - 1]
    if (number === refusedAt) return Object.freeze({ by, outcome: 'refused', ...fact })
    if (fact === undefined || (refusedAt !== undefined && number > refusedAt))
      return Object.freeze({ by, outcome: 'not reached' })
    return Object.freeze({ by, outcome: 'proved', ...fact })
  }
  return Object.freeze([step(1), step(2), step(3), step(4), step(5), step(6)] as const)
}

/** Step 1: the caller asked. `random` are the 32 octets of ClientHello.random. */
export function helloEvidence(random: Uint8Array, serverName?: string): StepEvidence {
  return { kind: 'clientHello', randomSha256: sha256(random), ...(serverName !== undefined && { serverName }) }
}

/** Steps 2 and 4: a side presented itself. Undefined where it showed no certificate. @param beside What it showed with that. */
export function presentedFact(
  side: Side | undefined,
  at: Temporal.Instant,
  beside: readonly Pick<Proof, 'kind' | 'binding'>[] = [],
): StepFact | undefined {
  const certificate = side?.certificate
  return certificate && { evidence: { kind: 'certificate', certificate, ...(beside.length > 0 && { beside }) }, at }
}

/** Steps 3 and 5, by the side that judged: the anchor it relied on, and how it knows that nothing was revoked. */
export function verdictEvidence({
  path,
  evidence,
}: {
  readonly path: Pick<VerifiedPath, 'anchor'>
  readonly evidence: readonly StatusEvidence[]
}): StepEvidence {
  const leafStatus = evidence.find(({ depth }) => depth === 0)
  return {
    kind: 'verdict',
    ...anchorText(path.anchor),
    status: leafStatus
      ? `not revoked, by ${sourceOf(leafStatus)} of ${formatName(leafStatus.issuer)} from ${leafStatus.thisUpdate}`
      : 'not known, and not required here',
    ...(leafStatus && { knownAt: leafStatus.thisUpdate }),
  }
}

// A door has few anchors, and names one of them at each meeting.
const anchorTexts = new WeakMap<TrustAnchor, { readonly anchor: string; readonly anchorSpkiSha256: string }>()

function anchorText(anchor: TrustAnchor): { readonly anchor: string; readonly anchorSpkiSha256: string } {
  const known = anchorTexts.get(anchor)
  if (known) return known
  const text = {
    anchor: formatName(anchor.name),
    anchorSpkiSha256: sha256(anchor.subjectPublicKeyInfo.der),
  }
  anchorTexts.set(anchor, text)
  return text
}

function sourceOf(status: StatusEvidence): string {
  if (status.kind === 'ocsp') return 'OCSP'
  return status.number === undefined ? 'CRL' : `CRL ${status.number}`
}

/** Step 6: the channel that both hold keys for. Of a socket whose handshake is complete. */
export function channelEvidence(socket: TLSSocket): StepEvidence {
  return {
    kind: 'channel',
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    exporterSha256: exporterSha256(socket),
  }
}
