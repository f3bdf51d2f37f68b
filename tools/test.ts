/**
 * Runs the tests: `npm test [-- WORD…] [-- --node-test-flag…]`.
 *
 * A WORD is a kind of `KINDS` or a part of a path; without one, everything runs. A test whose foreign program is not
 * installed is skipped and named at the end; with COUNTERSIGN_NO_SKIPS=1, as in CI, a skip is a failure.
 */
import { spawn } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { layOutForNow } from './bundle.ts'
import { type Outcome, objections, report } from './testing/outcome.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Which files hold which kind of test. A file that several kinds match belongs to the first. */
const KINDS: Record<string, readonly string[]> = {
  vectors: ['packages/*/test/**/*.vectors.test.ts'],
  unit: ['packages/*/test/**/*.test.ts', 'tools/test/**/*.test.ts', 'bench/test/**/*.test.ts'],
  interop: ['interop/**/*.interop.ts'],
  scenario: ['scenario/*.ts'],
  attack: ['attack/*.test.ts'],
}

/** No test of ours is this slow: one that is still running has hung, and must not hang the build. */
const TIMEOUT_MILLISECONDS = 300_000

/** What a house takes that has no file, and keeps: while tests run nobody has them, so that none takes them from another. */
const PORTS_OF_A_HOUSE = [7443, 8443, 8444]

/** Files at once. Node takes one less than there are processors; tests wait more than they work. */
const CONCURRENCY = availableParallelism() + 1

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'))
const flags = process.argv.slice(2).filter((word) => word.startsWith('-'))
const files = findTests(words)
if (files.length === 0) {
  console.error(`no test file matches ${words.length > 0 ? words.join(' ') : Object.values(KINDS).flat().join(' ')}`)
  process.exitCode = 1
} else {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-test-'))
  for (const port of PORTS_OF_A_HOUSE) hold(port)
  try {
    await using program = await layOutForNow()
    const { exitCode, outcome } = await runTests(files, directory, program.env)
    const noSkips = process.env['COUNTERSIGN_NO_SKIPS'] === '1'
    console.log(report(outcome, ROOT))
    const reasons = objections(outcome, files, { noSkips, root: ROOT })
    for (const reason of reasons) console.error(`✖ ${reason}`)
    process.exitCode = exitCode !== 0 ? exitCode : reasons.length > 0 ? 1 : 0
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function findTests(wanted: readonly string[]): string[] {
  const kindOf = new Map<string, string>()
  for (const [kind, globs] of Object.entries(KINDS)) {
    for (const file of globSync([...globs], { cwd: ROOT })) if (!kindOf.has(file)) kindOf.set(file, kind)
  }
  const asked = [...kindOf].filter(
    ([file, kind]) =>
      wanted.length === 0 ||
      wanted.some((word) => word === kind || (!(word in KINDS) && file.includes(relative(ROOT, join(ROOT, word))))),
  )
  return asked.map(([file]) => join(ROOT, file)).sort()
}

/** Listens there until this process ends; whoever else has the port keeps it as well. */
function hold(port: number): void {
  createServer()
    .on('error', ({ message }) => console.error(`a port of a house: ${message}`))
    .listen(port, '127.0.0.1')
    .unref()
}

/** Runs node's own test runner, its spec reporter on the terminal and our reporter into a file of `directory`. */
function runTests(
  tests: readonly string[],
  directory: string,
  env: NodeJS.ProcessEnv,
): Promise<{ exitCode: number; outcome: Outcome }> {
  const outcomeFile = join(directory, 'outcome.json')
  const reporter = new URL('testing/outcome-reporter.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-timeout=${TIMEOUT_MILLISECONDS}`,
      `--test-concurrency=${CONCURRENCY}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${outcomeFile}`,
      ...flags,
      ...tests,
    ],
    {
      cwd: ROOT,
      stdio: 'inherit',
      // By environment and not by argument, so that the programs that a test starts run our sources too.
      env: {
        ...process.env,
        NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --conditions=source`.trim(),
        // Each file is a process, which reads much the same sources: a fifth of what they do is to compile them.
        NODE_COMPILE_CACHE: join(directory, 'compiled'),
        ...env,
      },
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      try {
        resolve({ exitCode: code ?? 1, outcome: JSON.parse(readFileSync(outcomeFile, 'utf8')) as Outcome })
      } catch (cause) {
        reject(new Error(`node --test ended with ${code} and left no outcome`, { cause }))
      }
    })
  })
}
