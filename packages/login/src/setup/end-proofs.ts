// The end of all that somebody proves an account with: it was set up anew, or its person was revoked.
import type { RefusalCode } from '@countersign/protocol'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { endRecoveries } from '../recovery/end.ts'
import { endSessions } from '../session/end-sessions.ts'
import { endInvitations } from './invitations.ts'

/** Whose proofs end, and why. */
export interface EndOfProofs {
  readonly account: string
  /** Of the sessions. */
  readonly cause: RefusalCode
  /** Of a recovery, as the ledger says it. */
  readonly how: string
  readonly now: Temporal.Instant
}

/**
 * Devices, passkeys, numbers, sessions, and what is under way; of password, app and recovery codes, whoever calls this writes
 * what they are from then on. Answers the sessions that ended, for every process.
 */
export async function endProofs(
  ground: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  { account, cause, how, now }: EndOfProofs,
): Promise<readonly string[]> {
  const removed_at = now.epochMilliseconds
  await tx.db
    .updateTable('login_device')
    .set({ removed_at, of_device: null, is_phone: 0 })
    .where('account', '=', account)
    .where('removed_at', 'is', null)
    .execute()
  await tx.db
    .updateTable('login_passkey')
    .set({ removed_at })
    .where('account', '=', account)
    .where('removed_at', 'is', null)
    .execute()
  await tx.db.deleteFrom('login_sign_in').where('account', '=', account).execute()
  for (const table of ['login_sms', 'login_sms_code'] as const)
    await tx.db.deleteFrom(table).where('account', '=', account).execute()
  await endRecoveries(ground, tx, { account }, how, now)
  await endInvitations(tx, account, now)
  await tx.db
    .updateTable('login_waiting')
    .set({ state: 'denied', code: null })
    .where('account', '=', account)
    .where('state', '=', 'open')
    .execute()
  return endSessions(tx, { account }, cause, now)
}
