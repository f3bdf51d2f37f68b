// The sessions of people at one door: opened, found, renewed and ended, by their rows, which every process has.
import { createPeople, type People, type RefusedMeeting } from '@countersign/mtls'
import type { Meeting, RefusalCode, StepEvidence } from '@countersign/protocol'
import type { Asked, OpenPersonSession } from '../asked.ts'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'
import { makeSecret, makeSessionId, setCookie } from './cookie.ts'
import { athOf } from './dpop.ts'
import { endSession, endSessions } from './end-sessions.ts'
import { createHeldSessions, type Held } from './held.ts'
import { COOKIE_MINUTES, SESSION_HOURS } from './rotation.ts'
import {
  proofsOf,
  readProofs,
  readRecord,
  type SessionRow,
  type ShownProof,
  sideOfAccount,
  writeProofs,
  writeRecord,
} from './row.ts'
import { sweeping } from './sweep.ts'

/** Somebody whose sign-in is complete. */
export interface Opening {
  /** The sign-in, which is done. */
  readonly signIn: string
  readonly account: string
  /** What it is bound to: a device that the account has, by the thumbprint of its key. */
  readonly device: string
  readonly shown: readonly ShownProof[]
  /** Of the first five steps; absent where nothing shows that the step was taken. */
  readonly evidence: readonly (StepEvidence | undefined)[]
  readonly address: string
  /** What comes to be with the session, and with it alone: in its transaction. */
  readonly within?: ((tx: LoginTransaction) => Promise<void>) | undefined
}

/** The sessions of one door, in one process of perhaps several. */
export interface Sessions {
  /** By whom they are met; for records of sign-ins that came to no session. */
  readonly people: People
  /**
   * Asks the policy, and opens a session: its cookie goes with the answer. The certificate of the connection, where there is
   * one, stands for proofs of the device from now on.
   * @throws {PersonRefusal} (rejects) where the policy says no: recorded, and told with the reference.
   */
  open(opening: Opening, asked: Pick<Asked, 'field' | 'now' | 'certificateSha256'>): Promise<OpenPersonSession>
  /** A new secret in the cookie. Whoever calls this has seen a proof of the session's key. Answers until when it is good. */
  renew(session: OpenPersonSession, asked: Pick<Asked, 'field' | 'now'>): Promise<Temporal.Instant>
  /** A session of this door, open or ended; undefined where there is none. */
  row(id: string): Promise<SessionRow | undefined>
  /** Within this process: the policy is asked where it does not hold it yet, or it has shown more. @throws {PersonRefusal} (rejects) */
  hold(row: SessionRow): Promise<Held>
  /**
   * Of a session that the policy has ended: the record of its no, where it would say so again; the same one for as long as
   * it is the same no.
   */
  stillRefused(row: SessionRow): Meeting | undefined
  /** Ends one, for every process. */
  end(id: string, cause: RefusalCode, within?: (tx: LoginTransaction) => Promise<void>): Promise<void>
  /** What hangs in this process on sessions whose rows have ended. */
  dropped(ids: readonly string[], cause: RefusalCode): void
  /** Ends what other processes ended, and what is over. Done every second by itself. */
  sweep(): Promise<void>
  close(): Promise<void>
}

/** Of sessions that the policy has ended and somebody still comes with. */
const MOST_REFUSALS = 10_000

/** What an answer that sets the cookie says beside it: `ath` of the proofs to come. */
export const ATH_FIELD = 'countersign-ath'

/** Opens them. */
export function openSessions(ground: Ground): Sessions {
  const { door, store, clock, log, record } = ground
  const people = createPeople(ground, log)
  // Cut here by the policy, while its row says that it is open: another process, or a lock that is lifted, must not find it so.
  const unwritten = new Map<string, RefusalCode>()
  const refusals = new Map<string, RefusedMeeting>()
  const writeCut = async (id: string, cause: RefusalCode) => {
    await store.commit((tx) => endSession(tx, id, cause, clock()))
    unwritten.delete(id)
  }
  const failed = (error: unknown) => log('login.failed', { door, path: 'session', error: String(error) })
  const held = createHeldSessions(people, (id, cause) => {
    unwritten.set(id, cause)
    // The next round tries again.
    void writeCut(id, cause).catch(failed)
  })

  const sessions: Sessions = {
    people,
    async open({ signIn, account, device, shown, evidence, address, within }, { field, now, certificateSha256 }) {
      const id = makeSessionId()
      const proofs = writeProofs(shown)
      const beginning = held.begin(id, proofs)
      const bound: StepEvidence = { kind: 'bound', to: 'device', keySha256: device }
      const five = Array.from({ length: 5 }, (_, i) => evidence[i])
      const caller = sideOfAccount(account)
      const met = people.meet(
        { caller, proofs: proofsOf(account, shown), evidence: [...five, bound], address },
        beginning.end,
      )
      if (!met.ok) {
        record(met.meeting)
        throw new PersonRefusal(met.meeting.outcome.refusal.code, { meeting: met.meeting })
      }
      const { meeting } = met.session
      const { secret, secretSha256 } = makeSecret()
      const at = now.epochMilliseconds
      const row: SessionRow = {
        id,
        account,
        door,
        device,
        certificate: certificateSha256 ?? null,
        secret: secretSha256,
        previous: null,
        rotated_at: at,
        seen_at: at,
        opened_at: at,
        ends_at: now.add({ hours: SESSION_HOURS }).epochMilliseconds,
        proofs,
        confirmed: '[]',
        meeting: writeRecord(meeting),
        ended_at: null,
        ended_by: null,
      }
      let before: readonly string[]
      try {
        // A browser has one session: whoever signs in there anew ends the one before. @see ASVS 5.0 7.2.4
        before = await store.commit(async (tx) => {
          await within?.(tx)
          await standsStill(tx, signIn, row, shown)
          const ended = await endSessions(tx, { account, device }, 'ERR_PERSON_SIGNED_OUT', now)
          await tx.db.insertInto('login_session').values(row).execute()
          return ended
        })
      } catch (error) {
        met.release()
        throw error
      }
      record(meeting)
      sessions.dropped(before, 'ERR_PERSON_SIGNED_OUT')
      beginning.hold(met)
      // It was cut while it was written: then its row is not open either.
      if (met.session.isCut) await sessions.end(id, met.session.cutBy ?? 'ERR_SESSION_OVER')
      giveCookie(field, id, secret)
      return { id, account, device, row, standing: 'current' }
    },
    async renew({ id, row, standing }, { field, now }) {
      const until = (from: number) => Temporal.Instant.fromEpochMilliseconds(from).add({ minutes: COOKIE_MINUTES })
      // Another tab has renewed it just now: its cookie is on its way, and one more would push out what that tab gets.
      if (standing === 'before') return until(row.rotated_at)
      const { secret, secretSha256 } = makeSecret()
      const { numUpdatedRows } = await store.commit(({ db }) =>
        db
          .updateTable('login_session')
          .set({
            secret: secretSha256,
            // Where the last was lost on its way, the browser has the one before, still.
            ...(standing === 'current' && { previous: row.secret }),
            rotated_at: now.epochMilliseconds,
            seen_at: null,
          })
          .where('id', '=', id)
          .where('secret', '=', row.secret)
          .where('ended_at', 'is', null)
          .executeTakeFirst(),
      )
      if (numUpdatedRows === 1n) giveCookie(field, id, secret)
      return until(now.epochMilliseconds)
    },
    row: (id) =>
      store.db.selectFrom('login_session').selectAll().where('id', '=', id).where('door', '=', door).executeTakeFirst(),
    async hold(row) {
      const found = held.of(row)
      if (found.ok) return found.held
      const { meeting, code } = found
      record(meeting)
      await sessions.end(row.id, code)
      throw new PersonRefusal(code, { meeting })
    },
    stillRefused({ id, account, proofs, meeting }) {
      const met = people.resume(readRecord(meeting), proofsOf(account, readProofs(proofs)), () => undefined)
      if (met.ok) {
        met.release()
        refusals.delete(id)
        return undefined
      }
      const before = refusals.get(id)
      if (before?.outcome.refusal.code === met.meeting.outcome.refusal.code) return before
      if (refusals.size >= MOST_REFUSALS) refusals.clear()
      refusals.set(id, met.meeting)
      record(met.meeting)
      return met.meeting
    },
    async end(id, cause, within) {
      let isEnded = false
      await store.commit(async (tx) => {
        isEnded = await endSession(tx, id, cause, clock())
        if (isEnded) await within?.(tx)
      })
      const row = isEnded ? await sessions.row(id) : undefined
      if (row !== undefined) log('session.ended', { door, reference: readRecord(row.meeting).reference, code: cause })
      unwritten.delete(id)
      held.end(id, cause)
    },
    dropped(ids, cause) {
      for (const id of ids) held.end(id, cause)
    },
    ...sweeping(ground, held, unwritten, {
      writeCut,
      end: (id, cause) => sessions.end(id, cause),
    }),
  }
  return sessions
}

/**
 * Whether what a session rests on is there still, all ours alone to the end of the transaction: a removed device and a changed
 * password take sign-ins away with the sessions that they find, as a removed passkey takes sessions, and this session is none yet.
 * @throws {PersonRefusal} (rejects)
 */
async function standsStill(
  { db }: Pick<LoginTransaction, 'db'>,
  signIn: string,
  { account, device }: Pick<SessionRow, 'account' | 'device'>,
  shown: readonly ShownProof[],
): Promise<void> {
  const known = await db
    .updateTable('login_device')
    // Changes nothing; but only what is written is locked.
    .set(({ ref }) => ({ removed_at: ref('removed_at') }))
    .where('device', '=', device)
    .where('account', '=', account)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  if (known.numUpdatedRows !== 1n) throw new PersonRefusal('ERR_PERSON_DEVICE')
  const done = await db
    .updateTable('login_sign_in')
    .set(({ ref }) => ({ step: ref('step') }))
    .where('id', '=', signIn)
    .where('account', '=', account)
    .where('step', '=', 'done')
    .executeTakeFirst()
  if (done.numUpdatedRows !== 1n) throw ended()
  for (const { passkey } of shown) {
    if (passkey === undefined) continue
    const there = await db
      .updateTable('login_passkey')
      .set(({ ref }) => ({ removed_at: ref('removed_at') }))
      .where('passkey', '=', passkey)
      .where('account', '=', account)
      .where('removed_at', 'is', null)
      .executeTakeFirst()
    if (there.numUpdatedRows !== 1n) throw ended()
  }
}

const ended = () => new PersonRefusal('ERR_PERSON_STEP', { note: 'it was ended while it was opened' })

/** The cookie, and what proofs must say of it. */
function giveCookie(field: Asked['field'], id: string, secret: string): void {
  field('set-cookie', setCookie(id, secret))
  field(ATH_FIELD, athOf(id))
}
