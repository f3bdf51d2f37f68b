// The end of a sign-in that nobody has answered in its time, and of a recovery that nobody came back to. It is a refusal as
// every other, and has a record: the device reads its reference where it asks once more, and it is there where it does not.
import type { People } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import type { Ground } from '../ground.ts'
import { writeNotice } from '../notify/notices.ts'
import { PersonRefusal } from '../refusal.ts'
import { readRecord, sideOfAccount, writeRecord } from '../session/row.ts'
import { linesOf } from '../waiting/open.ts'
import type { SignInState } from './core.ts'
import type { SignInRow } from './model.ts'
import { evidenceOf } from './record.ts'
import { findSignInEvenLate, moveSignIn } from './rows.ts'

/** What it rests on. */
export type LateGround = Ground & { readonly people: Pick<People, 'refuse'> }

/** So many are ended before the next are looked for. */
const AT_ONCE = 100

/**
 * What a sign-in whose time is over is told: the same whenever and however often it asks, and whatever its password was.
 * @throws {PersonRefusal} (rejects) always: `ERR_PERSON_DEVICE` with its record, or `ERR_PERSON_STEP` where it waited for nobody.
 */
export async function refuseLate(
  ground: LateGround,
  row: SignInRow,
  asked: { readonly now: Temporal.Instant; readonly address: string },
): Promise<never> {
  const { record } = row.state
  const meeting = record === undefined ? await endLate(ground, row, asked) : readRecord(record)
  throw new PersonRefusal('ERR_PERSON_DEVICE', { meeting })
}

/**
 * Ends those whose time was over between two moments, and whose password was right: whoever does not ask once more has a record too.
 * Of another password nobody was asked, and whoever tries such does not fill the memory of meetings by it.
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
  at: { readonly now: Temporal.Instant; readonly address: string },
): Promise<void> {
  const row = await findSignInEvenLate(ground, ground.store, id, at.now)
  if (row === undefined || !row.isLate || row.state.isKnown) return
  try {
    await endLate(ground, row, at)
  } catch (error) {
    // It waited for nobody any more, or the device has asked at this very moment.
    if (!(error instanceof PersonRefusal)) throw error
  }
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

/** For the operator alone: whoever asks is told the same of each. */
function noteOf({ step, passwordAt }: SignInState): string {
  if (step !== 'confirm') return 'nobody came back to the recovery in time'
  return passwordAt === undefined
    ? 'the password was wrong, and so no known device was asked'
    : 'the password was right, and no known device has answered in time'
}

/** From where it came, as known devices were told. */
function addressIn(row: Parameters<typeof linesOf>[0]): string {
  return linesOf(row).find(([what]) => what === 'Network address')?.[1] ?? ''
}
