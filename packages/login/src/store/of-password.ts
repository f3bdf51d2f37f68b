// The copy of picture and phrase under the password, as an answer has it. It is long: who asks for nothing else reads nothing else.
import type { LoginTransaction } from '../model.ts'

/** Empty where the account has none. */
export async function ofPasswordOf(
  { db }: Pick<LoginTransaction, 'db'>,
  account: string,
): Promise<{ readonly ofPassword?: string }> {
  const row = await db
    .selectFrom('login_account')
    .select('of_password')
    .where('account', '=', account)
    .where('opened_at', 'is not', null)
    .executeTakeFirst()
  return row?.of_password == null ? {} : { ofPassword: row.of_password }
}
