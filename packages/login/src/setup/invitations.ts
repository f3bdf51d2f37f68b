// Invitations to open an account, or to set one up anew that has lost everything. What is in the address opens it; the store
// has its SHA-256 alone.

import { hash, randomBytes } from 'node:crypto'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { PersonRefusal } from '../refusal.ts'
import { addWaiting } from '../waiting/add.ts'

const TOKEN_OCTETS = 32

/** Who is invited. */
export interface Invited {
  /** The party; what the customer types to sign in. */
  readonly account: string
  /** Where notices go. */
  readonly email?: string
  readonly expiresAt: Temporal.Instant
  /** In place of an account that is there, which goes on until then. @see ASVS 5.0 6.4.4 */
  readonly isAgain?: boolean
  /** By what they have proved who they are, for the ledger. */
  readonly proofed?: string
}

/** An invitation that is good now. */
export interface Invitation {
  readonly id: Uint8Array
  readonly account: string
  readonly email: string | null
  readonly isAgain: boolean
  readonly expiresAt: number
}

/**
 * Invites somebody: answers what belongs behind `#` in the address of the page of set-up. Secret, and told once.
 * Who has an account gets no other, but the same anew where that is asked for.
 */
export async function invite(
  { store, door, clock }: Pick<Ground, 'store' | 'door' | 'clock'>,
  { account, email, expiresAt, isAgain = false, proofed }: Invited,
): Promise<
  { readonly ok: true; readonly token: string } | { readonly ok: false; readonly reason: 'has an account' | 'has none' }
> {
  const token = randomBytes(TOKEN_OCTETS).toString('base64url')
  const now = clock()
  return store.commit(async (tx) => {
    const has = await findAccount(tx, account)
    // Of another door: neither free for a new one, nor ours to set up anew.
    if (has !== undefined && (!isAgain || has.door !== door)) return { ok: false, reason: 'has an account' }
    if (has === undefined && isAgain) return { ok: false, reason: 'has none' }
    if (isAgain) await endInvitations(tx, account, now)
    await tx.db
      .insertInto('login_invitation')
      .values({
        id: idOf(token),
        account,
        door,
        email: email ?? has?.email ?? null,
        is_again: isAgain ? 1 : 0,
        created_at: now.epochMilliseconds,
        expires_at: expiresAt.epochMilliseconds,
        spent_at: null,
      })
      .execute()
    const act = isAgain ? 'invited again' : 'invited'
    const evidence = `until ${expiresAt.toString()}${proofed === undefined ? '' : `; proofed by: ${proofed}`}`
    await tx.record({ at: now, account, door, act, evidence })
    if (isAgain) await tellOfInvitation({ door }, tx, { account, expiresAt, now })
    return { ok: true, token }
  })
}

/** The invitation that a token is of. @throws {PersonRefusal} (rejects) where there is none that is good. */
export async function findInvitation(
  { door }: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  token: string,
  now: Temporal.Instant,
): Promise<Invitation> {
  const refuse = (note: string) => new PersonRefusal('ERR_PERSON_INVITATION', { note })
  const row = await tx.db.selectFrom('login_invitation').selectAll().where('id', '=', idOf(token)).executeTakeFirst()
  if (row === undefined || row.door !== door) throw refuse('there is no such invitation')
  if (row.spent_at !== null) throw refuse('it was used')
  if (now.epochMilliseconds >= row.expires_at) throw refuse('it has expired')
  const isAgain = row.is_again === 1
  const has = (await findAccount(tx, row.account)) !== undefined
  if (has !== isAgain) throw refuse(has ? 'there is an account of this name' : 'there is no account of this name')
  return { id: row.id, account: row.account, email: row.email, isAgain, expiresAt: row.expires_at }
}

/** Spends it: once, among all processes. @throws {PersonRefusal} (rejects) */
export async function spendInvitation({ db }: LoginTransaction, id: Uint8Array, now: Temporal.Instant): Promise<void> {
  const at = now.epochMilliseconds
  const { numUpdatedRows } = await db
    .updateTable('login_invitation')
    .set({ spent_at: at })
    .where('id', '=', id)
    .where('spent_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst()
  if (numUpdatedRows !== 1n) throw new PersonRefusal('ERR_PERSON_INVITATION', { note: 'it was used, or has expired' })
}

/** Ends those of an account that nobody has used, with what was begun by them. */
export async function endInvitations({ db }: LoginTransaction, account: string, now: Temporal.Instant): Promise<void> {
  const at = now.epochMilliseconds
  const ended = await db
    .updateTable('login_invitation')
    .set({ spent_at: at })
    .where('account', '=', account)
    .where('spent_at', 'is', null)
    .returning('id')
    .execute()
  for (const { id } of ended) await db.deleteFrom('login_set_up').where('invitation', '=', id).execute()
  await db
    .updateTable('login_waiting')
    .set({ state: 'used' })
    .where('account', '=', account)
    .where('kind', '=', 'invitation')
    .where('state', '=', 'open')
    .execute()
}

/** Every known device shows it, and can refuse it: an operator may have been talked into it. @see ASVS 5.0 6.3.7 */
async function tellOfInvitation(
  ground: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  {
    account,
    expiresAt,
    now,
  }: { readonly account: string; readonly expiresAt: Temporal.Instant; readonly now: Temporal.Instant },
): Promise<void> {
  const lines = [['Can be used until', expiresAt.round('second').toString()]] as const
  await addWaiting(tx, { account, kind: 'invitation', number: '', lines, of: null, now, until: expiresAt })
  const facts = { until: expiresAt.round('minute').toString() }
  await writeNotice(ground, tx, { account, kind: 'invited again', facts, now })
}

async function findAccount({ db }: LoginTransaction, account: string) {
  return db.selectFrom('login_account').select(['door', 'email']).where('account', '=', account).executeTakeFirst()
}

function idOf(token: string): Uint8Array {
  return new Uint8Array(hash('sha256', Buffer.from(token, 'base64url'), 'buffer'))
}
