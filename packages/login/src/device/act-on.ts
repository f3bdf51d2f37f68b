// What a customer has done on a device: the ledger has it, and a notice tells of it, in the transaction of the act.
import type { Ground } from '../ground.ts'
import type { AccountEntry, LoginTransaction } from '../model.ts'
import { type NoticeKind, writeNotice } from '../notify/notices.ts'

/** Acts that are told by the same word. */
export type DeviceAct = Extract<AccountEntry['act'], NoticeKind>

/** Records and tells it. @param device A device of the account, as it has one. */
export async function actOnDevice(
  { door }: Pick<Ground, 'door'>,
  tx: LoginTransaction,
  { account, device, act, now }: { account: string; device: string; act: DeviceAct; now: Temporal.Instant },
): Promise<void> {
  const { name } = await tx.db
    .selectFrom('login_device')
    .select('name')
    .where('device', '=', device)
    .executeTakeFirstOrThrow()
  await tx.record({ at: now, account, door, act, evidence: `on device ${device}` })
  await writeNotice({ door }, tx, { account, kind: act, facts: { device: name }, now })
}
