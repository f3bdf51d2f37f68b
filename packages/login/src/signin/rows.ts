// Sign-ins under way, as rows: every process has them, and nothing of them is in memory.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Asked } from '../asked.ts'
import type { Ground } from '../ground.ts'
import { countGuess, forgetGuesses, giveBackGuesses } from '../guessing.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { endRecoveries } from '../recovery/end.ts'
import { PersonRefusal } from '../refusal.ts'
import { askDevices } from './ask-devices.ts'
import { SIGN_IN_STEPS, type SignInEffect, type SignInEvent, type SignInState, stepSignIn } from './core.ts'
import type { Moving, SignInRow } from './model.ts'
import { seeDevice } from './new-device.ts'

/** 192 bits: nobody names the sign-in of somebody else. */
const ID_OCTETS = 24
/** How long each step may take, from when it is reached. */
const LIFETIMES = {
  start: { minutes: 5 },
  finish: { minutes: 5 },
  code: { minutes: 5 },
  // Somebody has to find the other device first.
  confirm: { minutes: 10 },
  // These two are said by whoever begins it: a recovery takes a day and more.
  wait: { minutes: 5 },
  restore: { minutes: 5 },
  done: { minutes: 5 },
  over: { minutes: 5 },
} as const satisfies Readonly<Record<SignInState['step'], Temporal.DurationLike>>
/** Two processes of one login need not have the very same time. */
const AHEAD = { seconds: 10 } as const

const stateForm = z.strictObject({
  step: z.enum(SIGN_IN_STEPS),
  isKnown: z.boolean(),
  account: z.string().exactOptional(),
  opaque: z.string().exactOptional(),
  passwordAt: z.string().exactOptional(),
  number: z.string().exactOptional(),
  by: z.enum(['confirmation', 'recovery', 'passkey']).exactOptional(),
  guesses: z.int(),
  // What an earlier version wrote has its keys besides.
  device: z.object({ name: z.string() }).exactOptional(),
  made: z.strictObject({ id: z.string(), name: z.string(), publicKey: z.string(), counter: z.int() }).exactOptional(),
  address: z.string().exactOptional(),
  record: z.string().exactOptional(),
})

/** Writes a new one; answers its id, which is secret. */
export async function addSignIn(
  { secret }: Pick<Ground, 'secret'>,
  { db }: LoginTransaction,
  {
    state,
    device,
    now,
  }: { readonly state: SignInState; readonly device: string | null; readonly now: Temporal.Instant },
): Promise<string> {
  const id = randomBytes(ID_OCTETS).toString('base64url')
  const columns = columnsOf(secret, id, state, now.add(LIFETIMES[state.step]))
  await db
    .insertInto('login_sign_in')
    .values({ id, device, began_at: now.epochMilliseconds, ...columns })
    .execute()
  return id
}

/** The sign-in of whoever asks. @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP`, also where it is another device's. */
export async function ownSignIn(
  ground: Pick<Ground, 'secret' | 'store'>,
  id: string,
  asked: Pick<Asked, 'device' | 'now'>,
): Promise<SignInRow> {
  const row = await ownSignInEvenLate(ground, id, asked)
  if (row.isLate) throw new PersonRefusal('ERR_PERSON_STEP')
  return row
}

/** The same for one whose time is over: whoever has waited for it is told how it ended. @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP`. */
export async function ownSignInEvenLate(
  ground: Pick<Ground, 'secret' | 'store'>,
  id: string,
  { device, now }: Pick<Asked, 'device' | 'now'>,
): Promise<SignInRow> {
  const row = await findSignInEvenLate(ground, ground.store, id, now)
  if (row === undefined || row.device !== (device?.device ?? null)) throw new PersonRefusal('ERR_PERSON_STEP')
  return row
}

/** One that is not over, whoever it is of: for a known device that answers to it. */
export async function findSignIn(
  ground: Pick<Ground, 'secret'>,
  store: Pick<LoginTransaction, 'db'>,
  id: string,
  now: Temporal.Instant,
): Promise<SignInRow | undefined> {
  const row = await findSignInEvenLate(ground, store, id, now)
  return row?.isLate === true ? undefined : row
}

/** The same for one whose time is over. */
export async function findSignInEvenLate(
  { secret }: Pick<Ground, 'secret'>,
  { db }: Pick<LoginTransaction, 'db'>,
  id: string,
  now: Temporal.Instant,
): Promise<SignInRow | undefined> {
  const row = await db.selectFrom('login_sign_in').selectAll().where('id', '=', id).executeTakeFirst()
  // A clock that was stepped back must not make it last the longer.
  if (row === undefined || row.began_at > now.add(AHEAD).epochMilliseconds) return undefined
  const text = new TextDecoder().decode(secret.open('sign-in state', id, row.state))
  const isLate = now.epochMilliseconds >= row.expires_at
  return { id, device: row.device, state: stateForm.parse(JSON.parse(text)), sealed: row.state, isLate }
}

/**
 * Moves a sign-in on, with all that follows from it, in one transaction: whoever comes second finds another row.
 * @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP` where the event has no place now; `ERR_PERSON_RESTING`.
 */
export async function moveSignIn(
  ground: Ground,
  tx: LoginTransaction,
  row: SignInRow,
  event: SignInEvent,
  moving: Moving,
): Promise<SignInRow> {
  const transition = stepSignIn(row.state, event)
  if (!transition.ok) throw new PersonRefusal('ERR_PERSON_STEP', { note: `${event.type} at ${row.state.step}` })
  const { state, effects } = transition
  const until = moving.until ?? moving.now.add(LIFETIMES[state.step])
  const columns = columnsOf(ground.secret, row.id, state, until)
  const { expires_at: _unchanged, ...same } = columns
  const { numUpdatedRows } = await tx.db
    .updateTable('login_sign_in')
    // Who stays where he is gets no more time.
    .set(state.step === row.state.step ? same : columns)
    .where('id', '=', row.id)
    .where('state', '=', row.sealed)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new PersonRefusal('ERR_PERSON_STEP', { note: `${event.type} came twice` })
  const moved = { ...row, state, sealed: columns.state }
  for (const effect of effects) await perform(ground, tx, moved, effect, moving)
  return moved
}

async function perform(
  ground: Ground,
  tx: LoginTransaction,
  row: SignInRow,
  effect: SignInEffect,
  moving: Moving,
): Promise<void> {
  switch (effect.type) {
    case 'count':
      if (await countGuess(tx, effect.account, effect.who, moving.now))
        await writeNotice(ground, tx, { account: effect.account, kind: 'resting', facts: {}, now: moving.now })
      return
    case 'giveBack':
      return giveBackGuesses(tx, effect.account, effect.who, effect.guesses)
    case 'ask':
      return askDevices(ground, tx, row, effect, moving)
    case 'endRecovery':
      return endRecoveries(ground, tx, { account: effect.account, signIn: row.id }, effect.how, moving.now)
    case 'open':
      // Another device becomes known with its session (`record.ts`): the rules may still say no.
      if (effect.by !== 'known device') return
      await forgetGuesses(tx, effect.account)
      return seeDevice(tx, row.device, moving.now)
  }
}

function columnsOf(secret: Ground['secret'], id: string, state: SignInState, until: Temporal.Instant) {
  const text = new TextEncoder().encode(JSON.stringify(state))
  return {
    account: state.account ?? null,
    step: state.step,
    state: secret.seal('sign-in state', id, text),
    expires_at: until.epochMilliseconds,
  }
}
