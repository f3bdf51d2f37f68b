/**
 * Mutates what our readers read and the verifier judges, for as long as is asked: `npm run -s fuzz -- --seconds N [--seed S] [--only READER]`.
 *
 * It runs the same tests as `npm test` does, those that start from a seed, again and again with other seeds and more rounds.
 * Ends with 1 at the first failure, and says how to have it again.
 */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ROUNDS = 4_000
/** What one file may take, many times what it does: a reader that hangs ends here. */
const MAX_MILLISECONDS = 120_000
const USAGE = 'usage: npm run -s fuzz -- --seconds N [--seed S] [--only READER]'

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
})
const seconds = Number(values.seconds)
const first = Number(values.seed ?? Date.now() % 2 ** 31)
const isSeeded = (file: string) =>
  /COUNTERSIGN_FUZZ_SEED|testing\/mutations\.ts/.test(readFileSync(`${ROOT}/${file}`, 'utf8'))
const files = globSync('packages/*/test/**/*.test.ts', { cwd: ROOT }).filter(isSeeded).toSorted()

if (!(seconds > 0) || !Number.isSafeInteger(first)) {
  console.error(USAGE)
  process.exitCode = 2
} else process.exitCode = run()

function run(): 0 | 1 {
  const end = Date.now() + seconds * 1000
  let tests = 0
  let runs = 0
  for (let seed = first; Date.now() < end; seed++, runs++) {
    const pattern = values.only === undefined ? [] : [`--test-name-pattern=${values.only}`]
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        '--conditions=source',
        '--test',
        `--test-timeout=${MAX_MILLISECONDS}`,
        '--test-reporter=tap',
        ...pattern,
        ...files,
      ],
      {
        cwd: ROOT,
        env: { ...process.env, COUNTERSIGN_FUZZ_SEED: String(seed), COUNTERSIGN_FUZZ_ROUNDS: String(ROUNDS) },
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      },
    )
    // A file in which no name fits counts as a test that passed.
    const emptyFiles = stdout.match(/^ok \d+ - .*\.test\.ts$/gm)?.length ?? 0
    const passed = Number(/^# pass (\d+)$/m.exec(stdout)?.[1] ?? 0) - emptyFiles
    tests += passed
    const isEmpty = passed <= 0
    if (status !== 0 || isEmpty) {
      console.log(
        stdout
          .split('\n')
          .filter((line) => /not ok|error:|seed \d|# (?:pass|fail)/.test(line))
          .join('\n'),
      )
      console.error(
        isEmpty && status === 0
          ? `no test is called ${values.only}`
          : `again: npm run -s fuzz -- --seconds 1 --seed ${seed}`,
      )
      return 1
    }
    if (process.stderr.isTTY) process.stderr.write(`\rseed ${seed}: ${tests} tests passed`)
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  console.log(
    `${runs} seeds from ${first} on, ${ROUNDS} rounds each: ${tests} tests passed, none failed (${files.length} files)`,
  )
  return 0
}
