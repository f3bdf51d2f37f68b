// Open sessions follow what is known: who would be refused now is cut now. The same for doors and for calls of ours.
import type { Decision, RefusalCode } from '@countersign/protocol'
import type { Judgement } from '../gate/judge.ts'
import type { Access, Clock, Session, SessionIndex, SessionKey, Trust } from '../model.ts'
import { createDeadlines } from './deadlines.ts'
import { revokedKey } from './session-keys.ts'
import { inSlices } from './slices.ts'

/** A question that can be put again. Those of one `basis` have the same answer at the same time. */
export interface Question<Answer> {
  readonly basis: string
  ask(now: Temporal.Instant): Answer
}

/** Whether what the peer has proved still stands. Kept small: there is one for each distinct path while many are judged. */
export type Standing =
  | { readonly ok: true; readonly validUntil: Temporal.Instant }
  | { readonly ok: false; readonly code: RefusalCode }

/** What of a judgement an open session needs. */
export function standingOf(judgement: Judgement): Standing {
  return judgement.ok
    ? { ok: true, validUntil: judgement.path.validUntil }
    : { ok: false, code: judgement.refusal.code }
}

/** Something that a session may have by a decision: to be open at all, or a service within it. */
export interface Grant {
  readonly question: Question<Decision>
  /** By which it has it; replaced by each that still says yes. */
  decision: Extract<Decision, { readonly ok: true }>
  /** Told that another decision, which may be by another rule, says yes. */
  readonly onStays?: (decision: Grant['decision']) => void
  readonly end: (cause: RefusalCode) => void
}

/** A session by what it stands. */
export interface Followed {
  readonly session: Session
  /** Absent where the peer was met as nobody. */
  readonly proof?: Question<Standing>
  /** Until when its path and what is known of it hold, as last judged. */
  validUntil?: Temporal.Instant
  readonly grants: Set<Grant>
  /** Cuts it. */
  readonly end: (cause: RefusalCode) => void
}

/** Whom a follower listens to, and what it does with their word. */
export interface FollowerOptions {
  readonly trust: Trust
  /** Absent for calls of ours, where nobody is asked for access. */
  readonly access?: Access
  /** Where sessions are found by key. It may hold those of others, too. */
  readonly sessions: SessionIndex
  readonly revoked: Extract<RefusalCode, 'ERR_CALLER_REVOKED' | 'ERR_CALLEE_REVOKED'>
  readonly clock: Clock
  readonly onFault: (error: unknown) => void
}

/** Follows sessions until they are deleted. While there are none, it listens to nobody. */
export interface Follower {
  /** In the same turn as the judgement, so that no change is missed. */
  add(followed: Followed): void
  delete(followed: Followed): void
  /** After its grants have changed. */
  reschedule(followed: Followed): void
}

/** A decision that is due again the moment it is made is a fault of whoever made it, and not to be asked without end. */
const SOONEST: Temporal.Duration = Temporal.Duration.from({ seconds: 1 })

/** Makes the follower of one door, or of all calls under one trust. */
export function createFollower(options: FollowerOptions): Follower {
  const { trust, access, sessions, clock, onFault } = options
  const all = new Map<Session, Followed>()
  let stopListening: (() => void) | undefined

  /** Asks about one session, unless it has ended meanwhile. */
  const about =
    <Answer>(ask: (followed: Followed, known: Map<string, Answer>) => void) =>
    (followed: Followed, known: Map<string, Answer>): void => {
      if (followed.session.isCut || !all.has(followed.session)) return
      try {
        ask(followed, known)
        schedule(followed)
      } catch (error) {
        // Nobody stays in because the gate, or its policy, broke.
        followed.end('ERR_GATE_FAULT')
        onFault(error)
      }
    }
  const proofs = createRound<Followed, Standing>(
    about((followed, known) => {
      if (followed.proof === undefined) return
      const standing = answered(known, followed.proof, clock())
      if (standing.ok) followed.validUntil = standing.validUntil
      else followed.end(standing.code)
    }),
    onFault,
  )
  const grants = createRound<Followed, Decision>(
    about((followed, known) => {
      for (const grant of followed.grants) askAgain(grant, known, clock())
    }),
    onFault,
  )
  const visit = (which: Iterable<Followed>) => {
    const these = [...which]
    proofs.add(these)
    grants.add(these)
  }
  // After this turn, as every visit is: whoever told us may be cutting the same sessions, and answer for it.
  const cutSoon = (keys: readonly SessionKey[]) => {
    setImmediate(() => void sessions.cut(keys, options.revoked).catch(onFault))
  }
  const schedule = (followed: Followed): void => {
    const first = firstOf(followed)
    if (first === undefined) {
      deadlines.delete(followed)
      return
    }
    const now = clock()
    deadlines.set(followed, Temporal.Instant.compare(first, now) > 0 ? first : now.add(SOONEST))
  }
  const deadlines = createDeadlines<Followed>(clock, {
    onDue: visit,
    onStepBack: () => visit(all.values()),
  })

  const listen = () => {
    const stopTrust = trust.onChange((change) => {
      if (change.kind === 'announced') cutSoon(change.revoked.map(revokedKey))
      else proofs.add(all.values())
    })
    const stopAccess = access?.onChange((keys) => {
      const found = keys?.flatMap((key) => sessions.find(key)).flatMap((session) => all.get(session) ?? [])
      grants.add(found ?? all.values())
    })
    return () => {
      stopTrust()
      stopAccess?.()
    }
  }

  return {
    add(followed) {
      all.set(followed.session, followed)
      stopListening ??= listen()
      schedule(followed)
    },
    delete(followed) {
      all.delete(followed.session)
      proofs.delete(followed)
      grants.delete(followed)
      deadlines.delete(followed)
      if (all.size > 0) return
      stopListening?.()
      stopListening = undefined
    },
    reschedule(followed) {
      if (all.has(followed.session)) schedule(followed)
    },
  }
}

function askAgain(grant: Grant, known: Map<string, Decision>, now: Temporal.Instant): void {
  const decision = isOver(grant.decision, now) ? SESSION_OVER : answered(known, grant.question, now)
  if (decision.ok) {
    grant.decision = decision
    grant.onStays?.(decision)
  } else grant.end(decision.code)
}

const SESSION_OVER: Decision = { ok: false, code: 'ERR_SESSION_OVER', missing: [] }

/** What is to be visited, soon and in slices. */
interface Round<Item> {
  /** After this turn. What was answered before is asked again. */
  add(items: Iterable<Item>): void
  delete(item: Item): void
}

/** Makes a round whose visits share their answers, so that each distinct question is asked once. */
function createRound<Item, Answer>(
  visit: (item: Item, known: Map<string, Answer>) => void,
  onFault: (error: unknown) => void,
): Round<Item> {
  const pending = new Set<Item>()
  const known = new Map<string, Answer>()
  let running = false
  const run = async () => {
    try {
      // What is added in the moment in which the last slice ends is not left behind.
      while (pending.size > 0)
        await inSlices(pending, (item) => {
          pending.delete(item)
          visit(item, known)
        })
    } finally {
      running = false
      known.clear()
    }
  }
  return {
    add(items) {
      known.clear()
      for (const item of items) pending.add(item)
      if (running || pending.size === 0) return
      running = true
      setImmediate(() => void run().catch(onFault))
    },
    delete: (item) => void pending.delete(item),
  }
}

function answered<Answer>(known: Map<string, Answer>, { basis, ask }: Question<Answer>, now: Temporal.Instant): Answer {
  const same = known.get(basis)
  if (same !== undefined) return same
  const answer = ask(now)
  known.set(basis, answer)
  return answer
}

function isOver({ until }: Grant['decision'], now: Temporal.Instant): boolean {
  return until !== undefined && Temporal.Instant.compare(now, until) > 0
}

/** When it must be looked at again. */
function firstOf({ validUntil, grants }: Followed): Temporal.Instant | undefined {
  let first = validUntil
  const meet = (at: Temporal.Instant | undefined) => {
    if (at !== undefined && (first === undefined || Temporal.Instant.compare(at, first) < 0)) first = at
  }
  for (const { decision } of grants) {
    meet(decision.until)
    meet(decision.recheckAt)
  }
  return first
}
