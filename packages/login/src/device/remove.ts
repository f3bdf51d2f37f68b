// Takes a device from an account: what is bound to it ends with it.
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { endRecoveries } from '../recovery/end.ts'
import { endSessions } from '../session/end-sessions.ts'

/** Answers the sessions that ended, for every process; undefined where the account has no such device. */
export async function removeDevice(
  { door }: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  { account, device, now }: { readonly account: string; readonly device: string; readonly now: Temporal.Instant },
): Promise<readonly string[] | undefined> {
  const removed = await tx.db
    .updateTable('login_device')
    // Its copy of picture and phrase is of no use to anybody any more.
    .set({ removed_at: now.epochMilliseconds, of_device: null, is_phone: 0 })
    .where('device', '=', device)
    .where('account', '=', account)
    .where('removed_at', 'is', null)
    .returning('name')
    .executeTakeFirst()
  if (removed === undefined) return undefined
  // Also what it had under way: it is not known any more.
  const begun = await tx.db.deleteFrom('login_sign_in').where('device', '=', device).returning('id').execute()
  for (const { id } of begun) await endRecoveries({ door }, tx, { account, signIn: id }, 'its device was removed', now)
  const ended = await endSessions(tx, { account, device }, 'ERR_PERSON_DEVICE_REMOVED', now)
  await tx.record({ at: now, account, door, act: 'device removed', evidence: `device ${device}` })
  await writeNotice({ door }, tx, { account, kind: 'device removed', facts: { device: removed.name }, now })
  return ended
}
