// A PostgreSQL server in a directory of its own, reached over a Unix socket alone.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { needs } from './peer.ts'

/** The options of every test that starts PostgreSQL. */
export const withPostgresql: { readonly skip?: string } = {
  ...needs('psql', 'postgresql'),
  ...needs('setpriv', 'util-linux'),
}

/** Whom the server runs as where the tests run as root, which it refuses: Debian's `nobody`. */
const NOBODY = 65_534

export interface Postgresql extends AsyncDisposable {
  /** Path of its socket. */
  readonly socket: string
  /** Of a database, as programs are given it. */
  url(database: string): string
  /** Ends it as a crash does, and answers how to start it again. */
  crash(): Promise<() => Promise<void>>
  /** Stops it with all its processes, as a machine that hangs: connections stay, and nothing answers. Answers how to let it go on. */
  freeze(): () => void
}

/** Makes a cluster that believes everybody, and starts it. */
export async function startPostgresql(): Promise<Postgresql> {
  const binaries = await binaryFolder()
  const asRoot = process.getuid?.() === 0
  // A folder that only root may enter, as TMPDIR can be, would keep out whom the server runs as.
  const directory = await mkdtemp(join(asRoot ? '/tmp' : tmpdir(), 'pg-'))
  if (asRoot) await chown(directory, NOBODY, NOBODY)
  // The house that connects may be another user.
  await chmod(directory, 0o711)
  const data = join(directory, 'data')
  const prefix = asRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : []
  const run = (program: string, ...args: string[]): [string, string[]] => {
    const [first = '', ...rest] = [...prefix, join(binaries, program), ...args]
    return [first, rest]
  }
  await promisify(execFile)(...run('initdb', '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--locale=C'))
  const [program, args] = run('postgres', '-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off')
  const socket = join(directory, '.s.PGSQL.5432')
  const start = async () => {
    const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory })
    let said = ''
    server.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    const ended = once(server, 'close')
    await untilAnswers(
      socket,
      () => server.exitCode === null,
      () => said,
    )
    return {
      pid: server.pid ?? 0,
      stop: async (signal: NodeJS.Signals) => {
        server.kill(signal)
        await ended
      },
    }
  }
  let running = await start()
  return {
    socket,
    url: (database) => `postgres://postgres@localhost/${database}?host=${encodeURIComponent(directory)}`,
    async crash() {
      // SIGQUIT: its own processes end at once, and it recovers at the next start, as after a crash.
      await running.stop('SIGQUIT')
      return async () => {
        running = await start()
      }
    },
    freeze() {
      // Whoever makes processes first: it makes no more then.
      const all = [running.pid, ...childrenOf(running.pid)]
      for (const pid of all) process.kill(pid, 'SIGSTOP')
      return () => {
        for (const pid of all.toReversed()) process.kill(pid, 'SIGCONT')
      }
    },
    async [Symbol.asyncDispose]() {
      await running.stop('SIGINT')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** proc(5): the processes that `pid` has made. */
function childrenOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

/** Debian keeps the server's programs apart, by version. */
async function binaryFolder(): Promise<string> {
  const versions = await readdir('/usr/lib/postgresql')
  const [newest] = versions.sort((one, other) => Number(other) - Number(one))
  if (newest === undefined) throw new Error('PostgreSQL is not installed (Debian package postgresql)')
  return join('/usr/lib/postgresql', newest, 'bin')
}

async function untilAnswers(path: string, isRunning: () => boolean, said: () => string): Promise<void> {
  const deadline = performance.now() + 15_000
  while (isRunning() && performance.now() < deadline) {
    const answered = await new Promise<boolean>((resolve) => {
      const probe = connect(path, () => {
        probe.destroy()
        resolve(/ready to accept connections/.test(said()))
      })
      probe.once('error', () => resolve(false))
    })
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`postgres did not start: ${said()}`)
}
