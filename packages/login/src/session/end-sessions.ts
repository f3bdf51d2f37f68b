// Ends rows of sessions, within the transaction of what ends them.
import type { RefusalCode } from '@countersign/protocol'
import type { LoginTransaction } from '../model.ts'

/** Which sessions of an account: all, those of one device, or all but one. */
export interface WhichSessions {
  readonly account: string
  readonly device?: string
  readonly except?: string
}

/** Ends them for every process, and answers their ids: what this process holds of them is to be ended after the commit. */
export async function endSessions(
  { db }: Pick<LoginTransaction, 'db'>,
  { account, device, except }: WhichSessions,
  cause: RefusalCode,
  now: Temporal.Instant,
): Promise<readonly string[]> {
  let query = db
    .updateTable('login_session')
    .set({ ended_at: now.epochMilliseconds, ended_by: cause })
    .where('account', '=', account)
    .where('ended_at', 'is', null)
  if (device !== undefined) query = query.where('device', '=', device)
  if (except !== undefined) query = query.where('id', '!=', except)
  return (await query.returning('id').execute()).map(({ id }) => id)
}

/** Ends one. Answers whether it was open. */
export async function endSession(
  { db }: Pick<LoginTransaction, 'db'>,
  id: string,
  cause: RefusalCode,
  now: Temporal.Instant,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('login_session')
    .set({ ended_at: now.epochMilliseconds, ended_by: cause })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
