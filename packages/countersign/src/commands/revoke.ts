import { openAdmin } from '../admin/client.ts'
import { withEntries } from '../admin/entries.ts'
import { receiptLines } from '../admin/receipt.ts'
import { EXIT, type Run } from '../command.ts'
import { styleOf } from '../output/style.ts'

/** `countersign revoke`: answers once the doors have, or after the second that they have for it. */
export const revoke: Run = async (given, around) => {
  const dryRun = given.flag('dry-run')
  const reason = given.text('reason')
  const admin = await openAdmin(given, around)
  const answer = await admin.post('/v1/revocations', {
    subject: given.text('SUBJECT') ?? '',
    ...(reason !== undefined && { reason }),
    ...(dryRun && { dryRun }),
  })
  if (given.flag('json')) around.out(JSON.stringify(await withEntries(answer, admin)))
  else for (const line of receiptLines(answer, { dryRun, style: styleOf(around.color.out) })) around.out(line)
  return EXIT.ok
}
