// Open sessions follow what is known: who would be refused now is cut now.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CheckSignature } from '@countersign/verify'
import { judge } from '../gate/judge.ts'
import type { Clock, SessionIndex, Trust } from '../model.ts'

// A judgement on remembered signatures takes some 50 µs, so that a slice holds the event loop for about a millisecond.
const SESSIONS_PER_SLICE = 20

/**
 * Judges the caller of every open session anew and cuts those that do not stand any more, in slices that yield.
 * For changes that name no certificate, as a new CRL does; an announcement is quicker by `sessions.cut`.
 * @returns How many were cut.
 */
export async function rejudge(
  sessions: SessionIndex,
  trust: Trust,
  clock: Clock,
  checkSignature: CheckSignature,
): Promise<number> {
  const cuts: Promise<unknown>[] = []
  for (const [i, session] of sessions.list().entries()) {
    if (i > 0 && i % SESSIONS_PER_SLICE === 0) await nextTurn()
    if (session.certificates.length === 0) continue
    const judgement = judge({
      presenter: 'caller',
      certificates: session.certificates,
      trust,
      now: clock(),
      address: session.meeting.address ?? '',
      checkSignature,
    })
    if (!judgement.ok) cuts.push(session.cut(judgement.refusal.code))
  }
  await Promise.all(cuts)
  return cuts.length
}
