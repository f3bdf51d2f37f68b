// How long a person waits for the command line: --help, beside the least that Node takes, and `up` until it is ready.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startHouse } from '../scenario/support/house.ts'
import { runCommand } from '../scenario/support/run-command.ts'
import { print } from './measurement.ts'

const ROUNDS = 15
const STARTS = 5
/** As the house without a configuration file, on ports that nobody else has. */
const CONFIG = {
  authority: { listen: '127.0.0.1:0' },
  doors: [
    {
      name: 'hello',
      kind: 'web',
      host: ['hello.localhost', '127.0.0.1'],
      listen: '127.0.0.1:0',
      upstream: 'demo',
      allow: ['*'],
    },
  ],
}
const BARE = 'node -e 0'
const run = promisify(execFile)

const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
// A user's cache of compiled code, but not this user's.
const cacheOf = (name: string) => ({ XDG_CACHE_HOME: join(scratch, name) })
const warm = cacheOf('cache')
try {
  await help(warm)
  const bare: number[] = []
  const helped: number[] = []
  const unaided: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await milliseconds(() => run(process.execPath, ['-e', '0'])))
    helped.push(await milliseconds(() => help(warm)))
    unaided.push(await milliseconds(() => help(cacheOf(`cache-${round}`))))
  }
  print({ name: BARE, unit: 'ms', values: bare })
  print({ name: 'countersign --help', unit: 'ms', values: helped, baselines: [BARE], goal: '< 120 ms' })
  print({ name: 'countersign --help, the first time', unit: 'ms', values: unaided, baselines: [BARE] })

  await using house = await startHouse({ config: CONFIG })
  const listed: number[] = []
  const list = () => house.run(['list'], { env: warm })
  await list()
  for (let round = 0; round < ROUNDS; round++) listed.push(await milliseconds(list))
  print({ name: 'countersign list', unit: 'ms', values: listed, baselines: [BARE] })

  const first: number[] = []
  const again: number[] = []
  for (let round = 0; round < STARTS; round++) {
    const directory = await mkdtemp(join(scratch, 'house-'))
    first.push(await millisecondsToReady(directory))
    again.push(await millisecondsToReady(directory))
  }
  print({ name: 'up, a new data directory', unit: 'ms', values: first })
  print({ name: 'up, an existing data directory', unit: 'ms', values: again, goal: '< 1,000 ms' })
} finally {
  await rm(scratch, { recursive: true, force: true })
}

async function help(env: Readonly<Record<string, string>>): Promise<void> {
  const { code, stderr } = await runCommand(['--help'], { cwd: scratch, env })
  if (code !== 0) throw new Error(`countersign --help ended with ${code}: ${stderr}`)
}

/** From the start of the process to its ready line. */
async function millisecondsToReady(directory: string): Promise<number> {
  const before = performance.now()
  const house = await startHouse({ directory, env: warm, config: CONFIG })
  const after = performance.now()
  await house.stop()
  return after - before
}

async function milliseconds(act: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await act()
  return performance.now() - before
}
