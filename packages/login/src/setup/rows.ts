// Set-ups under way, as rows. Nothing of one is an account before the last step.
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Asked } from '../asked.ts'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'
import { SET_UP_STEPS, type SetUpEvent, type SetUpStep, stepSetUp } from './core.ts'
import type { Invitation } from './invitations.ts'

const ID_OCTETS = 24
/** From its beginning: choosing a picture, finding the telephone with the app, writing codes down. */
const LASTS = { minutes: 60 } as const

const stateForm = z.strictObject({
  step: z.enum(SET_UP_STEPS),
  account: z.string(),
  email: z.string().nullable(),
  isAgain: z.boolean(),
  // What an earlier version wrote has its keys besides.
  device: z.object({ name: z.string() }),
  /** From the record on. */
  chosen: z
    .strictObject({ name: z.string(), record: z.string(), ofPassword: z.string(), ofDevice: z.string() })
    .exactOptional(),
  /** Base64url; as long as no account has it. */
  totp: z.string().exactOptional(),
  /** What is kept of the recovery codes, base64url. */
  recovery: z.array(z.string()).exactOptional(),
})
/** What was told so far. Secret. */
export type SetUpState = z.infer<typeof stateForm>

/** One that was read. */
export interface SetUpRow {
  readonly id: string
  readonly device: string
  readonly invitation: Uint8Array
  readonly state: SetUpState
  readonly sealed: Uint8Array
}

/** Begins one, in place of any other of the same invitation. Answers its id, which is secret. */
export async function addSetUp(
  { secret }: Pick<Ground, 'secret'>,
  { db }: LoginTransaction,
  invitation: Invitation,
  { device, state, now }: { readonly device: string; readonly state: SetUpState; readonly now: Temporal.Instant },
): Promise<string> {
  await db.deleteFrom('login_set_up').where('invitation', '=', invitation.id).execute()
  const id = randomBytes(ID_OCTETS).toString('base64url')
  const expiresAt = Math.min(now.add(LASTS).epochMilliseconds, invitation.expiresAt)
  const sealed = sealOf(secret, id, state)
  await db
    .insertInto('login_set_up')
    .values({ id, invitation: invitation.id, device, state: sealed, expires_at: expiresAt })
    .execute()
  return id
}

/**
 * The set-up of whoever asks, and where `event` leads from it.
 * @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP`, also where it is another device's, or was begun anew elsewhere.
 */
export async function ownSetUp(
  { secret, store }: Pick<Ground, 'secret' | 'store'>,
  id: string,
  event: SetUpEvent,
  { device, now }: Pick<Asked, 'device' | 'now'>,
): Promise<{ readonly row: SetUpRow; readonly next: SetUpStep | 'open' }> {
  const found = await store.db.selectFrom('login_set_up').selectAll().where('id', '=', id).executeTakeFirst()
  if (found === undefined || found.device !== device?.device || now.epochMilliseconds >= found.expires_at)
    throw new PersonRefusal('ERR_PERSON_STEP')
  const text = new TextDecoder().decode(secret.open('set-up state', id, found.state))
  const state = stateForm.parse(JSON.parse(text))
  const next = stepSetUp(state.step, event)
  if (next === undefined) throw new PersonRefusal('ERR_PERSON_STEP', { note: `${event} at ${state.step}` })
  return { row: { id, device: found.device, invitation: found.invitation, state, sealed: found.state }, next }
}

/** Keeps what was told, where nobody came between. @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP` */
export async function keepSetUp(
  { secret }: Pick<Ground, 'secret'>,
  { db }: LoginTransaction,
  { id, sealed }: SetUpRow,
  state: SetUpState,
): Promise<void> {
  const { numUpdatedRows } = await db
    .updateTable('login_set_up')
    .set({ state: sealOf(secret, id, state) })
    .where('id', '=', id)
    .where('state', '=', sealed)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new PersonRefusal('ERR_PERSON_STEP')
}

/** Takes it away, where nobody came between. @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP` */
export async function endSetUp({ db }: LoginTransaction, { id, sealed }: SetUpRow): Promise<void> {
  const ended = db.deleteFrom('login_set_up').where('id', '=', id).where('state', '=', sealed)
  if ((await ended.executeTakeFirst()).numDeletedRows !== 1n) throw new PersonRefusal('ERR_PERSON_STEP')
}

function sealOf(secret: Ground['secret'], id: string, state: SetUpState): Uint8Array {
  return secret.seal('set-up state', id, new TextEncoder().encode(JSON.stringify(state)))
}
