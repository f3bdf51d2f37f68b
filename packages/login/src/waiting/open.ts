// What waits for somebody to look at it.
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Tables, WaitingTable } from '../store/tables.ts'

/** What kinds there are. `device`, `recovery` and `invitation` ask every known device, `code` and `matter` show a code on a telephone. */
export const WAITING_KINDS = ['device', 'code', 'matter', 'recovery', 'invitation'] as const
/** A row that waits. */
export type WaitingRow = Readonly<Omit<WaitingTable, 'kind'>> & { readonly kind: (typeof WAITING_KINDS)[number] }

/** So many are looked at: recoveries and invitations first, which lie there for a day and let somebody in by themselves, then the newest. */
const MOST = 50

/** Those of an account that are not answered, and not over. */
export async function openWaiting(
  db: Kysely<Tables>,
  account: string,
  now: Temporal.Instant,
): Promise<readonly WaitingRow[]> {
  const rows = await db
    .selectFrom('login_waiting')
    .selectAll()
    .where('account', '=', account)
    .where('state', '=', 'open')
    .where('expires_at', '>', now.epochMilliseconds)
    .orderBy(({ eb }) => eb.case().when('kind', 'in', ['recovery', 'invitation']).then(0).else(1).end())
    .orderBy('created_at', 'desc')
    .limit(MOST)
    .execute()
  return rows.flatMap((row) => {
    const kind = WAITING_KINDS.find((one) => one === row.kind)
    return kind === undefined ? [] : [{ ...row, kind }]
  })
}

const linesForm = z.array(z.tuple([z.string(), z.string()]))

/** What of it is read, line by line. */
export function linesOf({ matter }: Pick<WaitingTable, 'matter'>): readonly [string, string][] {
  return linesForm.parse(JSON.parse(matter))
}

/** From where it came, as known devices were told. */
export function addressIn(row: Pick<WaitingTable, 'matter'>): string {
  return linesOf(row).find(([what]) => what === 'Network address')?.[1] ?? ''
}
