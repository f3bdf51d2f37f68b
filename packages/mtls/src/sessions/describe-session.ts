import type { OpenSession, StepEvidence } from '@countersign/protocol'
import type { Session } from '../model.ts'

/** What of a record's evidence is a proof, beside what a session says that its caller showed. */
const PROOFS: Partial<Record<StepEvidence['kind'], string>> = {
  certificate: 'certificate',
  forwarded: 'certificate',
  picture: 'picture',
  site: 'passkey',
  opaque: 'opaque',
}

/** Tells an open session to those who may see it, also in another process. */
export function describeSession(session: Session): OpenSession {
  const { id, keys, meeting } = session
  const { door, reference, caller, at } = meeting
  return {
    id,
    door,
    reference,
    caller: caller.name,
    ...(caller.party !== undefined && { party: caller.party }),
    since: at,
    octetsSent: session.octetsSent(),
    proofs: proofsOf(session),
    keys,
  }
}

/** A callee proves itself when it presents, and again where OPAQUE, or a passkey's site, is judged (steps 2 and 3); the caller in step 4. */
function proofsOf({ meeting: { steps }, proofs }: Session): Required<OpenSession>['proofs'] {
  const [, presented, judged, shown] = steps.map(({ evidence }) => evidence && PROOFS[evidence.kind])
  const unique = (kinds: readonly (string | undefined)[]) => [...new Set(kinds.filter((kind) => kind !== undefined))]
  return { caller: unique(proofs?.map(({ kind }) => kind) ?? [shown]), callee: unique([presented, judged]) }
}
