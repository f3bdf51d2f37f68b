// The sessions of an account that are open now, as their customer sees them.
import type { LoginStore } from '../model.ts'
import { overBy } from './rotation.ts'
import { isOpening, readShown } from './row.ts'

/** One of them. */
export interface OpenSession {
  readonly id: string
  /** What its device is called. */
  readonly device: string
  readonly openedAt: Temporal.Instant
  /** By which it was opened, where it was by one. */
  readonly passkey?: string
}

/** The oldest first. One that is over by its time is none, though its row may not say so yet. */
export async function openSessionsOf(
  db: LoginStore['db'],
  { account, door, now }: { readonly account: string; readonly door: string; readonly now: Temporal.Instant },
): Promise<readonly OpenSession[]> {
  const rows = await db
    .selectFrom('login_session')
    .innerJoin('login_device', 'login_device.device', 'login_session.device')
    .selectAll('login_session')
    .select('login_device.name')
    .where('login_session.account', '=', account)
    .where('login_session.door', '=', door)
    .where('login_session.ended_at', 'is', null)
    .orderBy('login_session.opened_at')
    .execute()
  return rows
    .filter((row) => overBy(row, now) === undefined)
    .map((row) => {
      const passkey = readShown(row.proofs).find(
        (proof) => isOpening(proof, row) && proof.passkey !== undefined,
      )?.passkey
      return {
        id: row.id,
        device: row.name,
        openedAt: Temporal.Instant.fromEpochMilliseconds(row.opened_at),
        ...(passkey !== undefined && { passkey }),
      }
    })
}
