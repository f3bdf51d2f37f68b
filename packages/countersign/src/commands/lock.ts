import { fieldOf, formatWhen } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { withEntries } from '../admin/entries.ts'
import { cutLines } from '../admin/receipt.ts'
import { type Arguments, type Around, EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { styleOf } from '../output/style.ts'

/** `countersign lock`: no door lets the party in from now on, and its open sessions end. */
export const lock: Run = async (given, around) => {
  const [reason, until] = [given.text('reason'), given.text('until')]
  const answer = await act(given, around, 'lock', {
    ...(reason !== undefined && { reason }),
    ...(until !== undefined && { until }),
  })
  if (given.flag('json')) return EXIT.ok
  const party = fieldOf(answer).get('party')
  const ends = party
    .get('lock')
    .get('until')
    .optional((each) => each.instant())
  const name = plainText(party.get('name').text(256))
  const style = styleOf(around.color.out)
  around.out(
    `${style.refused('locked')}  ${name}${ends === undefined ? '' : `, until ${formatWhen(ends, around.clock())}`}`,
  )
  for (const line of cutLines(fieldOf(answer), { dryRun: false, style })) around.out(line)
  return EXIT.ok
}

/** `countersign unlock`: what the party has is as good as before. */
export const unlock: Run = async (given, around) => {
  const answer = await act(given, around, 'unlock', {})
  if (given.flag('json')) return EXIT.ok
  const style = styleOf(around.color.out)
  around.out(`${style.proved('unlocked')}  ${plainText(fieldOf(answer).get('party').get('name').text(256))}`)
  for (const line of cutLines(fieldOf(answer), { dryRun: false, style })) around.out(line)
  return EXIT.ok
}

async function act(given: Arguments, around: Around, verb: 'lock' | 'unlock', body: object): Promise<unknown> {
  const admin = await openAdmin(given, around)
  const answer = await admin.post(`/v1/parties/${encodeURIComponent(given.text('PARTY') ?? '')}/${verb}`, body)
  if (given.flag('json')) around.out(JSON.stringify(await withEntries(answer, admin)))
  return answer
}
