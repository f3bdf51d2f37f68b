// Invitations to open an account. What is in the address opens it; the store has its SHA-256 alone.
import { hash, randomBytes } from 'node:crypto'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'

const TOKEN_OCTETS = 32

/** Who is invited. */
export interface Invited {
  /** The party; what the customer types to sign in. */
  readonly account: string
  /** Where notices go. */
  readonly email?: string
  readonly expiresAt: Temporal.Instant
}

/** An invitation that is good now. */
export interface Invitation {
  readonly id: Uint8Array
  readonly account: string
  readonly email: string | null
  readonly expiresAt: number
}

/**
 * Invites somebody: answers what belongs behind `#` in the address of the page of set-up. Secret, and told once.
 * Who has an account gets no other.
 */
export async function invite(
  { store, door, clock }: Pick<Ground, 'store' | 'door' | 'clock'>,
  { account, email, expiresAt }: Invited,
): Promise<{ readonly ok: true; readonly token: string } | { readonly ok: false; readonly reason: 'has an account' }> {
  const token = randomBytes(TOKEN_OCTETS).toString('base64url')
  const now = clock()
  return store.commit(async (tx) => {
    if (await hasAccount(tx, account)) return { ok: false, reason: 'has an account' }
    await tx.db
      .insertInto('login_invitation')
      .values({
        id: idOf(token),
        account,
        door,
        email: email ?? null,
        created_at: now.epochMilliseconds,
        expires_at: expiresAt.epochMilliseconds,
        spent_at: null,
      })
      .execute()
    await tx.record({ at: now, account, door, act: 'invited', evidence: `until ${expiresAt.toString()}` })
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
  if (await hasAccount(tx, row.account)) throw refuse('there is an account of this name')
  return { id: row.id, account: row.account, email: row.email, expiresAt: row.expires_at }
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

async function hasAccount({ db }: LoginTransaction, account: string): Promise<boolean> {
  const found = db.selectFrom('login_account').select('account').where('account', '=', account)
  return (await found.executeTakeFirst()) !== undefined
}

function idOf(token: string): Uint8Array {
  return new Uint8Array(hash('sha256', Buffer.from(token, 'base64url'), 'buffer'))
}
