/**
 * Attacks a house of its own, with web and TCP doors: `npm run attack [-- --only WORD] [--json] [--write] [--soak COUNT]`,
 * or doors that somebody runs: `npm run attack -- --against https://HOST:PORT… --identity DIR [--house DIR] [--only WORD] [--json]`.
 *
 * `--against` takes each door that it is given, `tcp://HOST:PORT` too, and tries what needs nothing but a party that the
 * door lets in, whose identity is in DIR. What the door records is compared where `--house` names the data directory of the
 * house that keeps its records, and this user may ask there. Ask whoever runs it before.
 * Exit codes: 0 as the table says, 1 not, or the identity is not let in, 2 usage, 3 no identity, 4 not reachable.
 * `--write` makes docs/attack-report.md and .json again. `--soak` has COUNT callers refused and prints the memory of the house.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { IdentityError } from '@countersign/mtls'
import { drawReport, type Report, reasonsIn } from './report.ts'
import { runAll, runElsewhere } from './run-all.ts'
import type { Result } from './run-attack.ts'
import { soakRefused } from './soak.ts'
import { doorElsewhere, meetFirst, NotMetError } from './support/elsewhere.ts'
import { recordsIn, startAttackedHouse } from './support/house.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    against: { type: 'string', multiple: true },
    identity: { type: 'string' },
    house: { type: 'string' },
    write: { type: 'boolean', default: false },
    soak: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

if (values.soak === undefined)
  await attack().catch((error: unknown) => {
    if (!(error instanceof NotMetError || error instanceof RangeError || error instanceof IdentityError)) throw error
    console.error(error.message)
    process.exitCode = error instanceof NotMetError ? error.exitCode : error instanceof RangeError ? 2 : 3
  })
else {
  await using house = await startAttackedHouse()
  for (const [refused, kB] of await soakRefused(house, Number(values.soak)))
    console.log(`${refused} refused: ${kB} kB resident`)
}

async function attack(): Promise<void> {
  const report = await run(values.only)
  if (values.write) {
    writeFileSync(new URL('../docs/attack-report.md', import.meta.url), drawReport(report))
    writeFileSync(new URL('../docs/attack-report.json', import.meta.url), `${JSON.stringify(report, null, 2)}\n`)
  }
  if (values.json) console.log(JSON.stringify(report))
  else {
    for (const result of report.results) console.log(line(result))
    console.log(reasonsIn(report))
  }
  process.exitCode = report.results.every(({ ok, defect }) => ok || defect !== undefined) ? 0 : 1
}

async function run(only: string): Promise<Report> {
  const { against, identity, house: data } = values
  if (against !== undefined) {
    if (identity === undefined) throw new RangeError('--against needs --identity DIR: a party that the door lets in')
    const doors = await Promise.all(against.map((address) => doorElsewhere({ address, identity })))
    const records = data === undefined ? undefined : recordsIn(data)
    for (const door of doors) await meetFirst(door, records)
    return runElsewhere(doors, { only, ...(records && { records }) })
  }
  await using house = await startAttackedHouse()
  return await runAll(house, only)
}

function line({ attack, way, door, seen, expected, control, ok }: Result): string {
  const as = ok ? '' : ` (expected ${expected.join('; ')}; control ${control})`
  return `${ok ? '✔' : '✘'} ${attack}, ${way}, ${door}: ${seen.join('; ')}${as}`
}
