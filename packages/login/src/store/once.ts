// What counts once, among all processes: the first to write its row has it.
import type { LoginTransaction } from '../model.ts'

/** Spends `value`: true for one caller. @param until From when on the row may be forgotten. */
export async function spendOnce(
  { db }: LoginTransaction,
  kind: string,
  value: string,
  until: Temporal.Instant,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('login_used')
    .values({ kind, value, until: until.epochMilliseconds })
    .onConflict((row) => row.doNothing())
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}
