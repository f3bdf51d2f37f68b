/**
 * Attacks doors: `npm run attack [-- --against ADDRESS… --data DIR] [--only WORD] [--write]`.
 *
 * Without an address it starts a house of its own, with a web and a TCP door. ADDRESS is `https://HOST:PORT` or
 * `tcp://HOST:PORT` of a house on this machine whose data directory is DIR; alice must be allowed there.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { drawReport, type Report } from './report.ts'
import { runAll } from './run-all.ts'
import type { Result } from './run-attack.ts'
import { startAttackedHouse } from './support/house.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const report = await run(values.only)
if (values.write) {
  writeFileSync(new URL('../docs/attack-report.md', import.meta.url), drawReport(report))
  writeFileSync(new URL('../docs/attack-report.json', import.meta.url), `${JSON.stringify(report, null, 2)}\n`)
}
if (values.json) console.log(JSON.stringify(report))
else for (const result of report.results) console.log(line(result))
process.exitCode = report.results.every(({ ok, defect }) => ok || defect !== undefined) ? 0 : 1

async function run(only: string): Promise<Report> {
  await using house = await startAttackedHouse()
  return await runAll(house, only)
}

function line({ attack, way, door, seen, expected, control, ok }: Result): string {
  const as = ok ? '' : ` (expected ${expected.join('; ')}; control ${control})`
  return `${ok ? '✔' : '✘'} ${attack}, ${way}, ${door}: ${seen.join('; ')}${as}`
}
