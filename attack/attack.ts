/**
 * Attacks a house of its own, with web and TCP doors: `npm run attack [-- --only WORD] [--json] [--write] [--soak COUNT]`.
 *
 * `--write` makes docs/attack-report.md and .json again. `--soak` has COUNT callers refused and prints the memory of the house.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { drawReport, type Report } from './report.ts'
import { runAll } from './run-all.ts'
import type { Result } from './run-attack.ts'
import { soakRefused } from './soak.ts'
import { startAttackedHouse } from './support/house.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    soak: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

if (values.soak === undefined) await attack()
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
  else for (const result of report.results) console.log(line(result))
  process.exitCode = report.results.every(({ ok, defect }) => ok || defect !== undefined) ? 0 : 1
}

async function run(only: string): Promise<Report> {
  await using house = await startAttackedHouse()
  return await runAll(house, only)
}

function line({ attack, way, door, seen, expected, control, ok }: Result): string {
  const as = ok ? '' : ` (expected ${expected.join('; ')}; control ${control})`
  return `${ok ? '✔' : '✘'} ${attack}, ${way}, ${door}: ${seen.join('; ')}${as}`
}
