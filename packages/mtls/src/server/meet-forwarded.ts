// Callers behind a proxy that was met: judged on their certificates like any other, by the proxy's word that they have the keys.
import type { Meeting, Side } from '@countersign/protocol'
import type { Judgement } from '../gate/judge.ts'
import { sideOf } from '../gate/side.ts'
import { verdictEvidence } from '../gate/steps.ts'
import type { CallerSession, Session } from '../model.ts'
import type { Admitted, Following } from './follow-caller.ts'
import { admitHeld, type Found, type HeldFacts } from './held-session.ts'
import { decideOn, judgeCaller, proofsOf } from './meet-caller.ts'

/** The callers behind one proxy's connection. */
export interface Forwarding {
  readonly meet: CallerSession['meetFor']
  /** With the connection, each of them ends. */
  close(): void
}

/** @param proxy How it was met; every record of its callers rests on that. */
export function createForwarding(
  { meeting: proxy }: Admitted,
  { octetsSent }: Pick<Session, 'octetsSent'>,
  options: Following,
): Forwarding {
  const { clock } = options
  const address = proxy.address ?? ''
  const open = new Set<() => void>()

  const find = (certificates: readonly Uint8Array[], mayBeNobody: boolean, now: Temporal.Instant): Found => {
    const judgement =
      certificates.length === 0 && mayBeNobody ? undefined : judgeCaller({ certificates, address, now }, options)
    const caller = judgement?.side ?? sideOf(undefined, address)
    const proofs = proofsOf(caller, now, 'none')
    // It has seen the proxy prove itself, and not this door: a rule by which it must see more does not hold.
    const seen: Side = { ...proxy.callee, identities: [] }
    return {
      record: recordOf(proxy, caller, judgement, now),
      proofs,
      seen,
      ...(judgement?.ok && { path: judgement.path }),
      decided: decideOn(judgement, { caller, callee: seen, proofs, now }, options),
    }
  }

  return {
    meet(certificates, { mayBeNobody, end }) {
      const now = clock()
      const unfound = recordOf(proxy, sideOf(undefined, address), undefined, now)
      // What ends is what it has under way, and not the proxy's connection.
      const met = admitHeld(() => find(certificates, mayBeNobody, now), unfound, { octetsSent, end }, options)
      if (!met.ok) return met
      const { session, release } = met
      open.add(release)
      return {
        ok: true,
        session,
        release() {
          open.delete(release)
          release()
        },
      }
    },
    close() {
      for (const release of open) release()
      open.clear()
    },
  }
}

/** The channel is the proxy's, the certificate is the caller's as the proxy tells it, the verdict is ours. */
function recordOf(
  { steps: [ask, present, verify, , , channel], caller: proxy, door, callee, address }: Meeting,
  caller: Side,
  judgement: Judgement | undefined,
  at: Temporal.Instant,
): HeldFacts {
  const { certificate } = caller
  const facts = [
    ask,
    present,
    verify,
    certificate && ({ evidence: { kind: 'forwarded', by: proxy.name, certificate }, at } as const),
    judgement && (judgement.ok ? { evidence: verdictEvidence(judgement), at } : { at }),
    channel,
  ] as const
  return { door, caller, callee, at, ...(address !== undefined && { address }), facts }
}
