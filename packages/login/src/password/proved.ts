// The password of now, proved within a session: by a sign-in of this device that went as far as KE3, and goes no further.
// So what it shows, how it counts as a guess and what is recorded of it, is the same as wherever a password is proved.
import type { Asked } from '../asked.ts'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'
import { sessionOf } from '../session/fresh.ts'
import type { SignInRow } from '../signin/model.ts'
import { ownSignIn } from '../signin/rows.ts'

/**
 * The sign-in in which this device, for this account, has proved the password within five minutes.
 * @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP` where it has not, or not any more.
 * @see ASVS 5.0 6.2.3
 */
export async function requirePassword(
  ground: Pick<Ground, 'secret' | 'store'>,
  signIn: string,
  asked: Asked,
): Promise<SignInRow> {
  const { account } = sessionOf(asked)
  const row = await ownSignIn(ground, signIn, asked)
  const { state } = row
  // From a device that is not known, KE3 says too little, and `code` comes only after somebody's yes.
  if (!state.isKnown || state.step !== 'code' || state.passwordAt === undefined || state.account !== account)
    throw new PersonRefusal('ERR_PERSON_STEP', { note: 'the password of now has not been proved' })
  return row
}

/** Takes it: what it proved counts once. @throws {PersonRefusal} (rejects) `ERR_PERSON_STEP` where somebody came between. */
export async function spendPassword({ db }: LoginTransaction, { id, sealed }: SignInRow): Promise<void> {
  const { numDeletedRows } = await db
    .deleteFrom('login_sign_in')
    .where('id', '=', id)
    .where('state', '=', sealed)
    .executeTakeFirst()
  if (numDeletedRows !== 1n) throw new PersonRefusal('ERR_PERSON_STEP')
}
