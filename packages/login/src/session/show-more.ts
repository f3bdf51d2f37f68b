// A session shows more than at its sign-in, or that something was confirmed: its row has it, for every process.
import type { Asked } from '../asked.ts'
import type { Ground } from '../ground.ts'
import { countGuess, giveBackGuesses } from '../guessing.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'
import { sessionOf } from './fresh.ts'
import {
  type Confirmation,
  isOpening,
  readConfirmed,
  readShown,
  type ShownProof,
  writeConfirmed,
  writeProofs,
} from './row.ts'

/** So many a service reads of one session; each counts for five minutes (`find.ts`), and is kept for longer. */
const MOST_CONFIRMED = 32
const KEPT_MS = 600_000

/**
 * Adds a proof, in place of an older one of its kind; the passkey that has opened the session stays known beside it, since with
 * it the session ends. @throws {PersonRefusal} (rejects) where the session has ended. */
export async function addProof(tx: LoginTransaction, asked: Asked, proof: ShownProof): Promise<void> {
  const { id } = sessionOf(asked)
  const { proofs, opened_at } = await openRow(tx, id)
  const stays = (one: ShownProof) =>
    one.kind !== proof.kind || (one.kind === 'passkey' && isOpening(one, { opened_at }))
  const others = readShown(proofs).filter(stays)
  await tx.db
    .updateTable('login_session')
    .set({ proofs: writeProofs([...others, proof]) })
    .where('id', '=', id)
    .execute()
}

/** Adds what was confirmed. @throws {PersonRefusal} (rejects) where the session has ended. */
export async function addConfirmed(tx: LoginTransaction, asked: Asked, confirmation: Confirmation): Promise<void> {
  const { id } = sessionOf(asked)
  const since = asked.now.epochMilliseconds - KEPT_MS
  const { confirmed } = await openRow(tx, id)
  const others = readConfirmed(confirmed).filter(({ at }) => at.epochMilliseconds > since)
  await tx.db
    .updateTable('login_session')
    .set({ confirmed: writeConfirmed([...others, confirmation].slice(-MOST_CONFIRMED)) })
    .where('id', '=', id)
    .execute()
}

/**
 * Tries a code within a session: it counts before it is looked at, as one of a sign-in does.
 * @param isRight Spends the code, in the transaction; what follows from it is done there too.
 * @throws {PersonRefusal} (rejects) `ERR_PERSON_CREDENTIALS`, `ERR_PERSON_RESTING`.
 */
export async function tryCode(
  { store }: Pick<Ground, 'store'>,
  asked: Asked,
  isRight: (tx: LoginTransaction) => Promise<boolean>,
): Promise<void> {
  const { account } = sessionOf(asked)
  const right = await store.commit(async (tx) => {
    await countGuess(tx, account, 'known', asked.now)
    if (!(await isRight(tx))) return false
    await giveBackGuesses(tx, account, 'known', 1)
    return true
  })
  if (!right) throw new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'the code is wrong' })
}

/** The row, ours alone to the end of the transaction: two that add to it at once both stand in it. */
async function openRow({ db }: LoginTransaction, id: string) {
  const row = await db
    .updateTable('login_session')
    .set(({ ref }) => ({ ended_at: ref('ended_at') }))
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .returning(['proofs', 'confirmed', 'opened_at'])
    .executeTakeFirst()
  if (row === undefined) throw new PersonRefusal('ERR_PERSON_NOT_SIGNED_IN')
  return row
}
