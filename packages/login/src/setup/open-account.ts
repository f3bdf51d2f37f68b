// The end of a set-up: an account is open, or one that was there has new proofs in place of all that it had.
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { keepRecoveryCodes } from '../otp/recovery-codes.ts'
import { badRequest, PersonRefusal } from '../refusal.ts'
import { endProofs } from './end-proofs.ts'
import { spendInvitation } from './invitations.ts'
import { endSetUp, type SetUpRow, type SetUpState } from './rows.ts'

/** All that makes an account, or nothing of it. Answers the sessions that ended, for every process. @throws {PersonRefusal} (rejects) */
export async function openAccount(
  ground: Pick<Ground, 'door' | 'secret'>,
  tx: LoginTransaction,
  row: SetUpRow,
  now: Temporal.Instant,
): Promise<readonly string[]> {
  const { door, secret } = ground
  const { account, email, isAgain, device, chosen, totp, recovery } = row.state
  if (chosen === undefined || totp === undefined || recovery === undefined)
    throw new TypeError('a set-up that has come so far has all of these')
  await endSetUp(tx, row)
  await spendInvitation(tx, row.invitation, now)
  const at = now.epochMilliseconds
  const proofs = {
    name: chosen.name,
    email,
    record: chosen.record,
    totp_secret: secret.seal('totp secret', account, octetsOf(totp)),
    of_password: chosen.ofPassword,
  }
  const facts = { device: device.name }
  if (isAgain) await tellOldAddress(ground, tx, row.state, now)
  const again = { cause: 'ERR_PERSON_DEVICE_REMOVED', how: 'the account was set up anew' } as const
  const ended = isAgain ? await endProofs(ground, tx, { account, ...again, now }) : []
  const isDone = isAgain
    ? await replaceAccount(tx, { account, door, proofs })
    : await addAccount(tx, { account, door, opened_at: at, ...proofs })
  if (!isDone) throw new PersonRefusal('ERR_PERSON_INVITATION', { note: 'there is an account of this name, or none' })
  await checkFree(tx, row.device)
  const times = { added_at: at, last_seen_at: at, removed_at: null }
  await tx.db
    .insertInto('login_device')
    .values({
      device: row.device,
      account,
      name: device.name,
      of_device: chosen.ofDevice,
      how: 'set-up',
      is_phone: 0,
      ...times,
    })
    .execute()
  await keepRecoveryCodes(tx, account, recovery.map(octetsOf))
  const act = isAgain ? 'opened again' : 'opened'
  await tx.record({ at: now, account, door, act, evidence: `device ${row.device}` })
  await writeNotice(ground, tx, { account, kind: act, facts, now })
  return ended
}

/** A device is of one account: pages make keys for each. @throws {PersonRefusal} (rejects) */
export async function checkFree({ db }: LoginTransaction, device: string): Promise<void> {
  const taken = db.selectFrom('login_device').select('device').where('device', '=', device)
  if ((await taken.executeTakeFirst()) !== undefined)
    throw badRequest('the keys of this device are of an account already: make new ones')
}

type Proofs = Readonly<{
  name: string
  email: string | null
  record: string
  totp_secret: Uint8Array
  of_password: string
}>

async function addAccount(
  { db }: LoginTransaction,
  row: Proofs & { readonly account: string; readonly door: string; readonly opened_at: number },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('login_account')
    .values(row)
    .onConflict((one) => one.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

async function replaceAccount(
  { db }: LoginTransaction,
  { account, door, proofs }: { readonly account: string; readonly door: string; readonly proofs: Proofs },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('login_account')
    .set(proofs)
    .where('account', '=', account)
    .where('door', '=', door)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Where the address is another from now on, the one of before hears of it too: it may be the customer's. */
async function tellOldAddress(
  ground: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  { account, email, device }: SetUpState,
  now: Temporal.Instant,
): Promise<void> {
  const before = await tx.db
    .selectFrom('login_account')
    .select('email')
    .where('account', '=', account)
    .executeTakeFirst()
  if (before === undefined || before.email === email) return
  await writeNotice(ground, tx, { account, kind: 'opened again', facts: { device: device.name }, now })
}

function octetsOf(text: string): Uint8Array {
  return Uint8Array.fromBase64(text, { alphabet: 'base64url' })
}
