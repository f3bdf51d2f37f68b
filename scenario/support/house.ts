// A whole house in a process of its own, in a directory of its own.
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Ran, type RunOptions, runCommand, startCommand } from './run-command.ts'

/** The ready line of `countersign up --json`. */
export interface Ready {
  readonly event: 'ready'
  readonly pid: number
  /** As in `sha256:…`. */
  readonly root: string
  /** Path of the root certificate in PEM. */
  readonly trust: string
  readonly authority: { readonly url: string; readonly crl: string }
  readonly doors: readonly { readonly name: string; readonly kind: string; readonly url: string }[]
}

export interface HouseOptions {
  /** What countersign.yaml says. Absent: the default house. */
  readonly config?: object
  /** A directory to start in again; it is then left to its owner. Absent: a fresh one that goes with the house. */
  readonly directory?: string
  readonly env?: Readonly<Record<string, string>>
  /** As in `RunOptions`; commands run there as well. */
  readonly within?: readonly string[]
  /** Default 30,000. */
  readonly readyMs?: number
}

export interface RunningHouse extends AsyncDisposable {
  readonly ready: Ready
  readonly process: ChildProcess
  /** Where it was started; its data are in `countersign-data`, which commands find by default. */
  readonly directory: string
  readonly data: string
  /** Each line of standard output so far, as JSON. */
  readonly events: readonly Readonly<Record<string, unknown>>[]
  /** Waits for an event that fits, past ones too. Throws after `timeoutMs` (default 10,000). */
  event(
    fits: (event: Readonly<Record<string, unknown>>) => boolean,
    timeoutMs?: number,
  ): Promise<Readonly<Record<string, unknown>>>
  /** Runs `countersign ARGS` in the house's directory. */
  run(args: readonly string[], options?: Partial<RunOptions>): Promise<Ran>
  /** Ends the process (SIGTERM unless told otherwise) and answers how it ended; its directory stays until it is disposed of. */
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  /** Standard error so far. */
  stderr(): string
}

/** Starts `countersign up --json` and waits until it is ready. For `await using`: disposal kills what still runs. */
export async function startHouse(options: HouseOptions = {}): Promise<RunningHouse> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'countersign-house-')))
  const args = ['up', '--json']
  if (options.config !== undefined) {
    // JSON is YAML.
    await writeFile(join(directory, 'countersign.yaml'), JSON.stringify(options.config, null, 2))
    args.push('--config', 'countersign.yaml')
  }
  const { within = [] } = options
  const child = startCommand(args, { cwd: directory, env: options.env ?? {}, within })
  const log = followEvents(child)
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  const dispose = async () => {
    await stop('SIGKILL')
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true })
  }
  let ready: Ready
  try {
    ready = (await log.event(({ event }) => event === 'ready', options.readyMs ?? 30_000)) as unknown as Ready
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    ready,
    process: child,
    directory,
    data: join(directory, 'countersign-data'),
    events: log.events,
    event: log.event,
    run: (command, more = {}) => runCommand(command, { cwd: directory, within, ...more }),
    stop,
    stderr: log.stderr,
    [Symbol.asyncDispose]: dispose,
  }
}

function followEvents(child: ChildProcess): Pick<RunningHouse, 'events' | 'event' | 'stderr'> {
  if (child.stdout === null || child.stderr === null) throw new Error('the house has no output')
  const events: Readonly<Record<string, unknown>>[] = []
  const waiting = new Set<() => void>()
  let stderr = ''
  let over = false
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    // Our own command's output; a line that is not JSON fails the test here.
    events.push(JSON.parse(line) as Readonly<Record<string, unknown>>)
    for (const look of [...waiting]) look()
  })
  child.on('close', () => {
    over = true
    for (const look of [...waiting]) look()
  })
  return {
    events,
    stderr: () => stderr,
    event(fits, timeoutMs = 10_000) {
      const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>()
      const look = () => {
        const found = events.find(fits)
        if (found !== undefined) resolve(found)
        else if (over) reject(new Error(`the house ended with ${child.exitCode ?? child.signalCode}: ${stderr}`))
      }
      const timer = setTimeout(
        () => reject(new Error(`no such event in ${timeoutMs} ms; so far ${JSON.stringify(events)} ${stderr}`)),
        timeoutMs,
      )
      waiting.add(look)
      look()
      return promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(look)
      })
    },
  }
}
