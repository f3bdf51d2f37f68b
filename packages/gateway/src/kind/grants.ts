// What a caller may have beside the door itself: asked once for each service, and followed for as long as its session is open.
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type CallerSession, type RefusedMeeting, referenceOfRandom } from '@countersign/mtls'
import type { Decision, Meeting, RefusalCode, Step, Steps } from '@countersign/protocol'

/** One caller's grants. */
export interface Grants {
  /**
   * Asks whether the caller may have `service`. Where it may, `end` is called as soon as it may not any more, unless
   * `leave` was called before. Where it may not, `refused` is the record of that.
   */
  ask(
    service: string,
    end: (cause: RefusalCode) => void,
  ): { readonly ok: true; readonly leave: () => void } | { readonly ok: false; readonly refused: RefusedMeeting }
}

/** What of the house this needs. */
export interface GrantsOptions {
  readonly now: () => Temporal.Instant
  /** Told of each refusal once, until the answer is another. */
  readonly record: (meeting: Meeting) => void
  readonly onFault: (error: unknown) => void
}

/** Makes the grants of one session; they end with it. */
export function createGrants(
  session: Pick<CallerSession, 'ask' | 'meeting'>,
  { now, record, onFault }: GrantsOptions,
): Grants {
  const held = new Map<string, Set<(cause: RefusalCode) => void>>()
  // A no is asked for again each time, which costs less than to follow it; its record is one as long as it is the same no.
  const told = new Map<string, RefusedMeeting>()

  const decide = (service: string, users: Set<(cause: RefusalCode) => void>): Decision => {
    try {
      return session.ask(service, (cause) => {
        held.delete(service)
        for (const end of [...users]) end(cause)
      }).decision
    } catch (error) {
      // Nobody comes in because the policy broke.
      onFault(error)
      return { ok: false, code: 'ERR_GATE_FAULT', missing: [] }
    }
  }

  const open = (service: string): Set<(cause: RefusalCode) => void> | RefusedMeeting => {
    const users = new Set<(cause: RefusalCode) => void>()
    const decision = decide(service, users)
    if (decision.ok) {
      told.delete(service)
      held.set(service, users)
      return users
    }
    const before = told.get(service)
    if (before && isDeepStrictEqual(before.outcome.refusal.detail, decision)) return before
    const refused = refusedMeeting(session.meeting, service, decision, now())
    told.set(service, refused)
    record(refused)
    return refused
  }

  return {
    ask(service, end) {
      const users = held.get(service) ?? open(service)
      if (!(users instanceof Set)) return { ok: false, refused: users }
      users.add(end)
      return { ok: true, leave: () => users.delete(end) }
    },
  }
}

/** The meeting as this service sees it: all that was proved is proved, and the last word is no. */
function refusedMeeting(
  { steps: [ask, present, verify, show], ...meeting }: Meeting,
  service: string,
  detail: Extract<Decision, { readonly ok: false }>,
  at: Temporal.Instant,
): RefusedMeeting {
  const refused: Step = Object.freeze({ by: 'callee', outcome: 'refused', at })
  const channel: Step = Object.freeze({ by: 'both', outcome: 'not reached' })
  const steps: Steps = Object.freeze([ask, present, verify, show, refused, channel])
  const note = `${service}, on the connection of ${meeting.reference}`
  return Object.freeze({
    ...meeting,
    reference: referenceOfRandom(randomBytes(32)),
    at,
    steps,
    outcome: Object.freeze({ ok: false, refusal: { code: detail.code, detail, note } }),
  })
}
