// Somebody has the password on a device that is not known: known devices are asked, and the customer is told.

import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { writeNotice } from '../notify/notices.ts'
import { addWaiting } from '../waiting/add.ts'
import type { Moving, SignInRow } from './model.ts'

/** As long as the sign-in waits. */
const LASTS = { minutes: 10 } as const

/** Writes what waits for a known device to be looked at, and the notice of it. */
export async function askDevices(
  ground: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  row: SignInRow,
  { account, number }: { readonly account: string; readonly number: string },
  { now, address }: Moving,
): Promise<void> {
  const name = row.state.device?.name ?? 'a browser without keys'
  const lines = [
    ['Device', name],
    ['Network address', address],
  ] as const
  const until = now.add(LASTS)
  await addWaiting(tx, { account, kind: 'device', number, lines, of: row.id, now, until })
  await writeNotice(ground, tx, { account, kind: 'attempt', facts: { device: name, address }, now })
}
