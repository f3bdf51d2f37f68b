// Codes that a telephone shows: in its own session, beside what they are for. Each counts once, and for that alone.

import { randomInt, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { badRequest } from '../refusal.ts'
import { addWaiting } from '../waiting/add.ts'
import { digitsOf, makeDigits } from './digits.ts'

/** What a code is for, and whom it is shown to. */
export interface TelephoneCode {
  readonly account: string
  /** `code`: of a sign-in. `matter`: of something that is confirmed. */
  readonly kind: 'code' | 'matter'
  /** The sign-in or the session that it is for: a code of another one is none. */
  readonly of: string
  /** Line by line, as the telephone shows it. */
  readonly lines: readonly (readonly [string, string])[]
  readonly now: Temporal.Instant
}

const LASTS = { minutes: 5 } as const

/** Two digits that two devices show, by which a person knows that both mean the same. */
export function makeNumber(): string {
  return String(randomInt(10, 100))
}

/**
 * Makes a code for whichever telephone of the account looks next; one that was made before for the same is worth nothing any
 * more. Answers the number that is shown on both.
 * @throws {PersonRefusal} (rejects) where no telephone is enrolled.
 */
export async function showOnTelephone(
  { secret }: Pick<Ground, 'secret'>,
  tx: LoginTransaction,
  { account, kind, of, lines, now }: TelephoneCode,
): Promise<string> {
  const { db } = tx
  const telephones = db.selectFrom('login_device').select('device').where('account', '=', account)
  const one = await telephones.where('is_phone', '=', 1).where('removed_at', 'is', null).limit(1).executeTakeFirst()
  if (one === undefined) throw badRequest('no telephone is enrolled to show codes')
  await db.deleteFrom('login_waiting').where('sign_in', '=', of).where('kind', '=', kind).execute()
  const id = randomUUID()
  const number = makeNumber()
  const code = makeDigits()
  const sealed = secret.seal('waiting code', id, new TextEncoder().encode(code))
  await addWaiting(tx, { id, account, kind, number, lines, of, code: sealed, now, until: now.add(LASTS) })
  return number
}

/** The code of a row, as the telephone shows it. Secret. */
export function shownCode({ secret }: Pick<Ground, 'secret'>, id: string, sealed: Uint8Array): string {
  return new TextDecoder().decode(secret.open('waiting code', id, sealed))
}

/** Whether `typed` is the code that a telephone shows for this, and nobody has used it. */
export async function spendTelephoneCode(
  ground: Pick<Ground, 'secret'>,
  { db }: LoginTransaction,
  {
    account,
    kind,
    of,
    typed,
    lines,
    now,
  }: Omit<TelephoneCode, 'lines'> & { readonly typed: string; readonly lines?: TelephoneCode['lines'] },
): Promise<boolean> {
  const row = await db
    .selectFrom('login_waiting')
    .selectAll()
    .where('sign_in', '=', of)
    .where('kind', '=', kind)
    .where('account', '=', account)
    .where('state', '=', 'open')
    .executeTakeFirst()
  const at = now.epochMilliseconds
  if (row === undefined || row.code === null || at >= row.expires_at || at < row.created_at - LASTS.minutes * 60_000)
    return false
  if (lines !== undefined && row.matter !== JSON.stringify(lines)) return false
  const [shown, said] = [shownCode(ground, row.id, row.code), digitsOf(typed)].map((text) => Buffer.from(text))
  if (shown === undefined || said === undefined || shown.length !== said.length || !timingSafeEqual(shown, said))
    return false
  const { numUpdatedRows } = await db
    .updateTable('login_waiting')
    .set({ state: 'used', code: null })
    .where('id', '=', row.id)
    .where('state', '=', 'open')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}
