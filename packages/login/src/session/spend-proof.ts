// A proof counts once. @see RFC 9449 §11.1
import type { LoginStore } from '../model.ts'
import type { ProvedDevice } from './dpop.ts'

/** Spends a proof: true once, for one caller among all processes. */
export async function spendProof(store: LoginStore, { once, until }: ProvedDevice): Promise<boolean> {
  return store.commit(async ({ db }) => {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('login_used')
      .values({ kind: 'proof', value: once, until: until.epochMilliseconds })
      .onConflict((row) => row.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  })
}
