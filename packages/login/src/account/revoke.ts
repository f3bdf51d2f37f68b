// A person is revoked by name: whatever an account was proved by is worth nothing, and so is an invitation to open one. It asks no
// door that stands: an account is revoked with its person also while nobody can sign in to it.
import type { LoginStore, LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { endProofs } from '../setup/end-proofs.ts'
import { endInvitations } from '../setup/invitations.ts'

/** The doors at which there is an account of this name to sign in to, or an invitation to open one that is good at `at`. */
export async function doorsOfAccount(
  db: LoginStore['db'],
  account: string,
  at: Temporal.Instant,
): Promise<readonly string[]> {
  const accounts = await db
    .selectFrom('login_account')
    .select('door')
    .where('account', '=', account)
    .where('totp_secret', 'is not', null)
    .execute()
  const invitations = await db
    .selectFrom('login_invitation')
    .select('door')
    .where('account', '=', account)
    .where('spent_at', 'is', null)
    .where('expires_at', '>', at.epochMilliseconds)
    .execute()
  return [...new Set([...accounts, ...invitations].map(({ door }) => door))].sort()
}

/** In the transaction that revokes the person. The account can be set up anew. */
export async function revokeAccount(
  tx: LoginTransaction,
  { account, reason, at }: { readonly account: string; readonly reason: string; readonly at: Temporal.Instant },
): Promise<void> {
  const doors = await doorsOfAccount(tx.db, account, at)
  const ended = await tx.db
    .updateTable('login_account')
    // Nothing that is shown from now on is that of before: the password of its record alone opens nothing.
    .set({ totp_secret: null })
    .where('account', '=', account)
    .where('totp_secret', 'is not', null)
    .returning('door')
    .executeTakeFirst()
  if (ended === undefined) await endInvitations(tx, account, at)
  else {
    const end = { account, cause: 'ERR_PERSON_REVOKED', how: 'its person was revoked', now: at } as const
    await endProofs(ended, tx, end)
    await tx.db.deleteFrom('login_recovery_code').where('account', '=', account).execute()
    await writeNotice(ended, tx, { account, kind: 'revoked', facts: {}, now: at })
  }
  for (const door of doors) await tx.record({ at, account, door, act: 'revoked', evidence: reason })
}
