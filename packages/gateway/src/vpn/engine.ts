// OpenVPN as a process of ours: started from a configuration on its standard input, driven over a Unix socket in a directory
// that nobody else can enter, started again where it ends. It ends by itself where this process does, as its management
// connection does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '@countersign/mtls'
import { EngineError } from '../kind/engine-error.ts'
import { createLineReader } from './lines.ts'
import { type Notification, type ReadingState, stepReading } from './notifications.ts'

/** What is to be run, and who is told. */
export interface EngineOptions {
  readonly door: string
  /** The path of the program. */
  readonly program: string
  /** Where the management connection is awaited. */
  readonly socket: string
  /** The configuration of now; asked for at each start. */
  readonly config: () => string
  readonly onSaid: (notification: Notification) => void
  /** It has ended, wanted or not: nobody is connected any more. Before it is started again. */
  readonly onEnded: () => Promise<void>
  readonly log: Log
}

/** The engine, running or about to. */
export interface Engine {
  /** While it does not run, what is said is lost: so are all whom it would be about. */
  say(command: string): void
  /** Ends it and starts it anew, with the configuration of now. Whoever is connected connects again. */
  restart(): void
  close(): Promise<void>
}

const START_TIMEOUT_MS = 10_000
/**
 * It tells its callers at once that it goes, and lives on for seconds, in which it takes whoever comes back: the next one does not
 * know them, and they wait for a minute (`hand-window`). They come back after a second at the earliest.
 */
const END_TIMEOUT_MS = 500
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000
/** So long it must have run before a failure is a new one. */
const STEADY_MS = 60_000
/** Of what it says on its output, for whoever has to mend its start. */
const KEPT_OUTPUT = 4_096
/** What it needs of the environment. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }
const HELLO = ['version 5', 'state on', 'log on', 'bytecount 5', 'hold release', ''].join('\n')

/** One run of the program. */
interface Run {
  /** Rejects where it ends first. */
  readonly started: Promise<void>
  /** With what it said last. */
  readonly ended: Promise<string>
  take(connection: Socket): void
  say(command: string): void
  end(): void
}

/** Starts it. @throws {EngineError} (rejects) where the first start fails, with what it said. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { door, log } = options
  let current: Run | undefined
  const listener = await listenPrivately(options.socket, (connection) => {
    if (current) current.take(connection)
    else connection.destroy()
  })
  const closing = new AbortController()
  let isWanted = false

  const begin = async (): Promise<Run> => {
    const run = start(options)
    current = run
    await run.started
    return run
  }
  /** Until it runs. */
  const beginAgain = async (firstPauseMs: number): Promise<Run> => {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 || FIRST_PAUSE_MS)) {
      await delay(pauseMs, undefined, { signal: closing.signal })
      try {
        return await begin()
      } catch (error) {
        if (!(error instanceof EngineError)) throw error
        log('vpn.engine-failed', { door, cause: error.message })
      }
    }
  }
  const supervise = async (first: Run): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS
    for (let run = first; ; ) {
      const startedAt = performance.now()
      const cause = await run.ended
      await options.onEnded()
      if (closing.signal.aborted) return
      if (!isWanted) log('vpn.engine-ended', { door, cause })
      pauseMs = performance.now() - startedAt > STEADY_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
      run = await beginAgain(isWanted ? 0 : pauseMs)
      log('vpn.engine-started', { door })
      isWanted = false
    }
  }

  let supervised: Promise<void>
  try {
    const first = await begin()
    supervised = supervise(first).catch((error: unknown) => {
      if (!closing.signal.aborted) log('gate.fault', { door, error })
    })
  } catch (error) {
    listener.close()
    throw error
  }
  return {
    say: (command) => current?.say(command),
    restart() {
      isWanted = true
      current?.end()
    },
    async close() {
      closing.abort()
      current?.end()
      await current?.ended
      await supervised
      const closed = once(listener, 'close')
      listener.close()
      await closed
    },
  }
}

function start({ program, config, onSaid }: EngineOptions): Run {
  const child = spawn(program, ['--config', 'stdin'], { stdio: ['pipe', 'pipe', 'pipe'], env: ENVIRONMENT })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-KEPT_OUTPUT)
    })
  // It may have ended before it has read all; why, its output says.
  child.stdin.on('error', () => child.stdin.destroy())
  child.stdin.end(config())

  let connection: Socket | undefined
  const started = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  const patience = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  const over = (cause: string) => {
    clearTimeout(patience)
    connection?.destroy()
    ended.resolve(cause)
    started.reject(
      new EngineError('ERR_ENGINE_FAILED', `OpenVPN did not start: ${cause}`, 'mend what it says, then start again'),
    )
  }
  // A run that ends later has nobody who waits for its start.
  started.promise.catch(() => undefined)
  child.once('error', (error) => over(error.message))
  child.once('close', (code, signal) => over(causeOf(output) ?? `it ended with ${code ?? signal}`))
  return {
    started: started.promise,
    ended: ended.promise,
    take(other) {
      other.on('error', () => other.destroy())
      // Nobody but the engine finds the way here, and it comes once for each run.
      if (connection !== undefined) return void other.destroy()
      connection = other
      readNotifications(other, (said) => {
        if (said.kind === 'state' && said.state === 'CONNECTED') {
          clearTimeout(patience)
          started.resolve()
        }
        onSaid(said)
      })
      other.write(HELLO)
    },
    say: (command) => void connection?.write(command),
    end() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const kill = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS)
      child.once('close', () => clearTimeout(kill))
    },
  }
}

function readNotifications(connection: Socket, onSaid: (said: Notification) => void): void {
  const lines = createLineReader()
  let state: ReadingState = {}
  connection.on('data', (chunk: Buffer) => {
    for (const line of lines.push(chunk)) {
      const read = stepReading(state, line)
      state = read.state
      if (read.said) onSaid(read.said)
    }
  })
}

/** The directory of the socket keeps everybody else out. */
async function listenPrivately(path: string, onConnection: (connection: Socket) => void): Promise<Server> {
  const server = createServer(onConnection)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen({ path }, resolve)
  await promise
  await chmod(path, 0o600)
  return server
}

/** The last of what it said that is an error, without its date. */
function causeOf(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /, ''))
  return lines.findLast((line) => /error|cannot|fail|denied/i.test(line))?.slice(0, 300)
}
