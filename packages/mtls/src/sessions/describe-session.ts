import type { OpenSession } from '@countersign/protocol'
import type { Session } from '../model.ts'

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
    keys,
  }
}
