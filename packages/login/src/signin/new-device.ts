// A device becomes one that the account knows: after a sign-in in which somebody vouched for it.
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { PersonRefusal } from '../refusal.ts'
import type { SignInRow } from './model.ts'

/** Keeps it. Its copy of picture and phrase comes later, from its own page. @throws {PersonRefusal} (rejects) where it is another account's. */
export async function keepNewDevice(
  { door }: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  { device, state }: SignInRow,
  { account, by }: { readonly account: string; readonly by: string },
  now: Temporal.Instant,
): Promise<void> {
  const { name } = state.device ?? {}
  if (device === null || name === undefined) throw new PersonRefusal('ERR_PERSON_DEVICE', { note: 'it has no keys' })
  const at = now.epochMilliseconds
  const fresh = { name, of_device: null, how: by, is_phone: 0, added_at: at, last_seen_at: at, removed_at: null }
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('login_device')
    .values({ device, account, ...fresh })
    // One that was removed comes back as a new one; one of another account stays there.
    .onConflict((row) =>
      row
        .column('device')
        .doUpdateSet(fresh)
        .where('login_device.account', '=', account)
        .where('login_device.removed_at', 'is not', null),
    )
    .executeTakeFirst()
  if (numInsertedOrUpdatedRows !== 1n)
    throw new PersonRefusal('ERR_PERSON_DEVICE', { note: 'the keys of this device are of an account already' })
  const facts = { device: name, how: by }
  await tx.record({ at: now, account, door, act: 'device added', evidence: `${device} by ${by}` })
  await writeNotice({ door }, tx, { account, kind: 'new device', facts, now })
}

/** A known device was here. */
export async function seeDevice({ db }: LoginTransaction, device: string | null, now: Temporal.Instant): Promise<void> {
  if (device === null) return
  const seen = { last_seen_at: now.epochMilliseconds }
  await db.updateTable('login_device').set(seen).where('device', '=', device).execute()
}
