// The end of a sign-in that nobody has answered in its time, of one whose password was not shown, and of a recovery that nobody
// came back to. It is a refusal as every other, and has a record: the device reads its reference where it asks once more, and it
// is there where it does not.
import type { People } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import type { Ground } from '../ground.ts'
import { writeNotice } from '../notify/notices.ts'
import { PersonRefusal } from '../refusal.ts'
import { readRecord, sideOfAccount, writeRecord } from '../session/row.ts'
import { addressIn } from '../waiting/open.ts'
import type { SignInState } from './core.ts'
import type { SignInRow } from './model.ts'
import { evidenceOf } from './record.ts'
import { findSignInEvenLate, moveSignIn } from './rows.ts'

/** What it rests on. */
export type LateGround = Ground & { readonly people: Pick<People, 'refuse'> }

/** So many are ended before the next are looked for. */
const AT_ONCE = 100

/** The most that are recorded in a round of those whose password was not shown: who guesses fills no memory of meetings. */
export const MOST_UNPROVED = 100

/**
 * What a sign-in that was refused meanwhile, or whose time is over, is told: the same whenever and however often it asks, and
 * whatever its password was.
 * @throws {PersonRefusal} (rejects) always: with its record, or `ERR_PERSON_STEP` where it waited for nobody.
 */
export async function refuseEnded(
  ground: LateGround,
  row: SignInRow,
  asked: { readonly now: Temporal.Instant; readonly address: string },
): Promise<never> {
  const { record } = row.state
  if (record === undefined) throw new PersonRefusal('ERR_PERSON_DEVICE', { meeting: await endLate(ground, row, asked) })
  const meeting = readRecord(record)
  throw new PersonRefusal(meeting.outcome.ok ? 'ERR_PERSON_DEVICE' : meeting.outcome.refusal.code, { meeting })
}

/**
 * Ends those whose time was over between two moments, and whose password was right: whoever does not ask once more has a record too.
 */
export async function endUnanswered(
  ground: LateGround,
  { since, now }: { readonly since: Temporal.Instant | undefined; readonly now: Temporal.Instant },
): Promise<void> {
  const { store, door } = ground
  for (;;) {
    const rows = await store.db
      .selectFrom('login_waiting')
      .select(['id', 'sign_in', 'matter'])
      .where('expires_at', '>', since?.epochMilliseconds ?? 0)
      .where('expires_at', '<=', now.epochMilliseconds)
      .where('state', '=', 'open')
      .where('kind', 'in', ['device', 'recovery'])
      // Another door's sign-ins are sealed to it.
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('login_account')
            .select('account')
            .whereRef('login_account.account', '=', 'login_waiting.account')
            .where('door', '=', door),
        ),
      )
      .limit(AT_ONCE)
      .execute()
    for (const row of rows) {
      const { id, sign_in } = row
      if (sign_in !== null) await endOne(ground, sign_in, { now, address: addressIn(row) })
      // Also where its sign-in has gone on by another way: nobody is asked any more.
      await store.commit(({ db }) =>
        db
          .updateTable('login_waiting')
          .set({ state: 'late' })
          .where('id', '=', id)
          .where('state', '=', 'open')
          .execute(),
      )
    }
    if (rows.length < AT_ONCE) return
  }
}

async function endOne(
  ground: LateGround,
  id: string,
  { now, address }: { readonly now: Temporal.Instant; readonly address: string },
): Promise<void> {
  const row = await findSignInEvenLate(ground, ground.store, id, now)
  if (row === undefined || !row.isLate) return
  const { step, address: typedAt } = row.state
  const at = { now, address: address || (typedAt ?? '') }
  try {
    if (step === 'finish') await endUnfinished(ground, row, at)
    else if (!row.state.isKnown) await endLate(ground, row, at)
  } catch (error) {
    // It waited for nobody any more, or the device has asked at this very moment.
    if (!(error instanceof PersonRefusal)) throw error
  }
}

/**
 * Records those of accounts of this door whose time was over between two moments and whose password was not shown: KE3 was none,
 * or never came. A page learns by KE2 alone that the password is wrong (RFC 9807 §6.2.3), and need not tell us.
 * Nobody who asks sees a difference: of names that nobody has there is no record, and what is told of either stays the same.
 */
export async function recordUnproved(
  ground: LateGround,
  { since, now }: { readonly since: Temporal.Instant | undefined; readonly now: Temporal.Instant },
): Promise<void> {
  const { store, door, log } = ground
  const rows = await store.db
    .selectFrom('login_sign_in')
    .innerJoin('login_account', 'login_account.account', 'login_sign_in.account')
    .select('login_sign_in.id')
    .where('login_sign_in.step', 'in', ['finish', 'confirm'])
    .where('login_sign_in.expires_at', '>', since?.epochMilliseconds ?? 0)
    .where('login_sign_in.expires_at', '<=', now.epochMilliseconds)
    .where('login_account.door', '=', door)
    .orderBy('login_sign_in.expires_at')
    .limit(MOST_UNPROVED + 1)
    .execute()
  for (const { id } of rows.slice(0, MOST_UNPROVED)) await endOne(ground, id, { now, address: '' })
  if (rows.length > MOST_UNPROVED) log('login.guessing', { door, recorded: MOST_UNPROVED })
}

/** @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP` where it waited for nobody, or somebody else was first. */
async function endLate(
  ground: LateGround,
  row: SignInRow,
  { now, address }: { readonly now: Temporal.Instant; readonly address: string },
): Promise<Meeting> {
  const { state, id } = row
  const { account = '' } = state
  const meeting = ground.people.refuse({
    caller: sideOfAccount(account),
    proofs: [],
    evidence: evidenceOf(row, []),
    ...(address !== '' && { address }),
    code: 'ERR_PERSON_DEVICE',
    note: noteOf(state),
  })
  await ground.store.commit(async (tx) => {
    await moveSignIn(ground, tx, row, { type: 'late', record: writeRecord(meeting) }, { now, address })
    const open = tx.db.updateTable('login_waiting').set({ state: 'late' }).where('sign_in', '=', id)
    await open.where('state', '=', 'open').execute()
    if (state.step === 'confirm') return
    const facts = { device: state.device?.name ?? 'a device' }
    await writeNotice(ground, tx, { account, kind: 'recovery over', facts, now })
  })
  ground.record(meeting)
  return meeting
}

/** It is over, and whoever asks hears no more of it than before: its record is the operator's. */
async function endUnfinished(
  ground: LateGround,
  row: SignInRow,
  { now, address }: { readonly now: Temporal.Instant; readonly address: string },
): Promise<void> {
  const meeting = ground.people.refuse({
    caller: sideOfAccount(row.state.account ?? ''),
    proofs: [],
    evidence: evidenceOf(row, []),
    ...(address !== '' && { address }),
    code: 'ERR_PERSON_CREDENTIALS',
    note: 'the password was wrong, or its page was left while it was checked: the message that proves it never came',
  })
  // Its time stays over.
  await ground.store.commit((tx) => moveSignIn(ground, tx, row, { type: 'unfinished' }, { now, address, until: now }))
  ground.record(meeting)
}

/** For the operator alone: whoever asks is told the same of each. */
function noteOf({ step, passwordAt }: SignInState): string {
  if (step !== 'confirm') return 'nobody came back to the recovery in time'
  return passwordAt === undefined
    ? 'the password was wrong, and so no known device was asked'
    : 'the password was right, and no known device has answered in time'
}
