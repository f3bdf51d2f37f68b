/**
 * Runs what takes longer than the tests of every change: `npm run -s soak [-- --rounds N] [--seconds N] [--only WORD]`.
 *
 * The same faults as in `npm test`, in larger numbers (kill -9 in N rounds, 200 unless told; PostgreSQL away for N seconds, 30),
 * and those that need more than CI has. What came out is written down in docs/soak.md.
 */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { layOutForNow } from './bundle.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** What one file may take. */
const MAX_MILLISECONDS = 3_600_000

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, seconds: { type: 'string' }, only: { type: 'string' } },
})
const [rounds, seconds] = [Number(values.rounds ?? 200), Number(values.seconds ?? 30)]
const isOurs = (file: string) =>
  file.endsWith('.soak.ts') || /COUNTERSIGN_SOAK/.test(readFileSync(`${ROOT}/${file}`, 'utf8'))
const files = globSync(['packages/*/test/**/*.{test,soak}.ts', 'scenario/*.ts'], { cwd: ROOT })
  .filter((file) => isOurs(file) && file.includes(values.only ?? ''))
  .toSorted()

if (!(rounds > 0 && seconds > 0) || files.length === 0) {
  console.error('usage: npm run -s soak [-- --rounds N] [--seconds N] [--only WORD]')
  process.exitCode = 2
} else {
  await using program = await layOutForNow()
  // One after the other: each has the machine for itself.
  const failed = files.filter((file) => !holds(file, program.env))
  for (const file of failed) console.error(`✖ ${file}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

function holds(file: string, env: NodeJS.ProcessEnv): boolean {
  console.log(`\n== ${file}`)
  const { status } = spawnSync(process.execPath, ['--test', `--test-timeout=${MAX_MILLISECONDS}`, file], {
    cwd: ROOT,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...env,
      COUNTERSIGN_SOAK_ROUNDS: String(rounds),
      COUNTERSIGN_SOAK_SECONDS: String(seconds),
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --conditions=source`.trim(),
    },
  })
  return status === 0
}
