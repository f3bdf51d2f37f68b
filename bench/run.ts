/**
 * Runs the bench programs one after another and prints one table: `npm run bench [-- NAME…] [-- --json]`.
 *
 * A program is `bench/NAME.bench.ts`: plain, with no argument, it prints `Measurement`s and ends with 0.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { layOutForNow } from '../tools/bundle.ts'
import { readMeasurement } from './measurement.ts'
import { formatTable, type Row } from './table.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const programs = globSync('*.bench.ts', { cwd: FOLDER })
  .sort()
  .map((file) => basename(file, '.bench.ts'))
const chosen = positionals.length === 0 ? programs : programs.filter((name) => positionals.includes(name))
const unknown = positionals.filter((name) => !programs.includes(name))

if (unknown.length > 0 || chosen.length === 0) {
  const asked = unknown.length > 0 ? `no bench is called ${unknown.join(', ')}; ` : ''
  console.error(`${asked}there are: ${programs.join(', ') || 'none'}`)
  process.exitCode = 2
} else {
  const rows: Row[] = []
  const failed: string[] = []
  await using command = await layOutForNow()
  for (const program of chosen) {
    if (process.stderr.isTTY) console.error(`${program} …`)
    const code = await runProgram(program, rows, command.env)
    if (code !== 0) failed.push(`${program} ended with ${code}`)
  }
  if (values.json) for (const row of rows) console.log(JSON.stringify({ program: row.program, ...row.measurement }))
  else console.log(`${describeMachine()}\n\n${formatTable(rows)}`)
  for (const reason of failed) console.error(`✖ ${reason}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

/** Adds what the program measured to `rows`. Resolves to its exit code, or to 1 when it measured nothing. */
async function runProgram(program: string, rows: Row[], env: NodeJS.ProcessEnv): Promise<number> {
  const before = rows.length
  const child = spawn(process.execPath, ['--conditions=source', join(FOLDER, `${program}.bench.ts`)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Houses are measured as they are published.
    env: { ...process.env, ...env },
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== '') rows.push({ program, measurement: readMeasurement(line) })
  }
  const code = await ended
  return code === 0 && rows.length === before ? 1 : code
}

/** What the numbers were measured on, without which they say nothing. */
function describeMachine(): string {
  const [first] = cpus()
  return [
    Temporal.Now.plainDateISO().toString(),
    `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    `${cpus().length} × ${first?.model.trim() ?? 'an unknown processor'}`,
    `${process.platform} ${process.arch}`,
  ].join(' · ')
}
