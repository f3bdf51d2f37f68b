// Puts something where the devices of an account look.
import { randomUUID } from 'node:crypto'
import type { LoginTransaction } from '../model.ts'
import type { WaitingRow } from './open.ts'

/** What is to be looked at. */
export interface Waiting extends Pick<WaitingRow, 'account' | 'kind' | 'number'> {
  /** Drawn where it is absent; a code is sealed to it. */
  readonly id?: string
  /** Line by line, as it is read. */
  readonly lines: readonly (readonly [string, string])[]
  /** The sign-in, or what else it is for. */
  readonly of: string | null
  /** Sealed. */
  readonly code?: Uint8Array
  readonly now: Temporal.Instant
  readonly until: Temporal.Instant
  /** Of a recovery: when it may go on. */
  readonly ready?: Temporal.Instant
}

/** Writes it. */
export async function addWaiting(
  { db }: LoginTransaction,
  { id = randomUUID(), account, kind, number, lines, of, code, now, until, ready }: Waiting,
): Promise<void> {
  await db
    .insertInto('login_waiting')
    .values({
      id,
      account,
      kind,
      number,
      matter: JSON.stringify(lines),
      code: code ?? null,
      sign_in: of,
      state: 'open',
      created_at: now.epochMilliseconds,
      expires_at: until.epochMilliseconds,
      ready_at: ready?.epochMilliseconds ?? null,
    })
    .execute()
}
