import { type Field, fieldOf } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { withEntries } from '../admin/entries.ts'
import type { Admin } from '../admin/model.ts'
import { receiptLines } from '../admin/receipt.ts'
import { type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { shellWord } from '../output/shell-word.ts'
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
  if (given.flag('json')) around.out(JSON.stringify(await afterwards(withEntries(answer, admin), answer, around)))
  else {
    for (const line of receiptLines(answer, { dryRun, style: styleOf(around.color.out) })) around.out(line)
    for (const line of await afterwards(leftLines(answer, admin), [], around)) around.out(line)
  }
  return EXIT.ok
}

/** What was done is done, and is told, whatever becomes of a question after it. */
async function afterwards<Answer>(asked: Promise<Answer>, otherwise: Answer, around: Around): Promise<Answer> {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    around.err(`the receipt is whole; more was not told: ${plainText(error.message)}`)
    return otherwise
  }
}

/** So many of one party are counted; whoever has more has many. */
const MAX_COUNTED = 100

/** What of whoever had the certificates goes on: who names one of them may mean all. */
async function leftLines(answer: unknown, admin: Admin): Promise<readonly string[]> {
  const revoked = fieldOf(answer).get('revoked').list(100_000)
  const gone = new Set(revoked.map(serialOf))
  const lines: string[] = []
  for (const party of new Set(revoked.map((one) => one.get('party').text(256)))) {
    const query = new URLSearchParams({ party, state: 'valid', limit: String(MAX_COUNTED) })
    const found = fieldOf(await admin.get(`/v1/certificates?${query}`))
      .get('certificates')
      .list(MAX_COUNTED)
    const left = found.filter((one) => !gone.has(serialOf(one)))
    if (left.length === 0) continue
    const profiles = [...new Set(left.map((one) => one.get('profile').text(64)))].map(plainText).join(', ')
    const count = left.length === 1 ? 'another certificate' : `${left.length} other certificates`
    lines.push(
      `${plainText(party)} has ${count} in force (${profiles}): countersign revoke ${plainText(shellWord(party))} ends all`,
    )
  }
  return lines
}

function serialOf(certificate: Field): bigint {
  return BigInt(`0x${certificate.get('serialNumber').text(256)}`)
}
