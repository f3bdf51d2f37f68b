// The process around a command: its streams, files, clock and signals.
import { resolve } from 'node:path'
import { type Around, EXIT, Failure } from './command.ts'
import { main } from './main.ts'
import { openFileLines } from './output/file-lines.ts'
import { writtenLine } from './output/plain-text.ts'
import { readSmallFile } from './small-file.ts'

const MAX_LINE_CHARACTERS = 65_536
/** The terminal, npm and the launcher may each pass on the same signal: what comes this soon is not a second one. */
const SAME_SIGNAL_MS = 400

/** Runs the command line of this process and sets its exit code. */
export async function start(): Promise<void> {
  // A reader that left (`countersign list | head -1`) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT.ok)
  })
  const streams = openStreams()
  const code = await main(process.argv.slice(2), aroundOf(streams))
  // Whoever reads the file must not take it for whole.
  process.exitCode = streams.isFailing() && code === EXIT.ok ? EXIT.input : code
}

interface Streams extends Pick<Around, 'out' | 'err'> {
  /** Whether standard output does not take what is written. */
  readonly isFailing: () => boolean
}

function openStreams(): Streams {
  const errors = openFileLines(2, { onLost: () => undefined, onAgain: (lost) => err(`${lost} lines were lost here`) })
  const err = (line: string): void => {
    if (errors === undefined) process.stderr.write(`${writtenLine(line)}\n`)
    else errors.write(writtenLine(line))
  }
  const lines = openFileLines(1, {
    onLost: (code) => err(`countersign: standard output cannot be written, so its lines are lost [${code}]\n  ${ROOM}`),
    onAgain: (lost) => err(`standard output is written again; ${lost} lines were lost`),
  })
  const out = (line: string): void => {
    if (lines === undefined) process.stdout.write(`${writtenLine(line)}\n`)
    else lines.write(writtenLine(line))
  }
  return { out, err, isFailing: () => lines?.isFailing ?? false }
}

const ROOM = 'free space where it goes; a house goes on all the same'

function aroundOf({ out, err }: Streams): Around {
  const cwd = process.cwd()
  return {
    out,
    err,
    progress: (line = '') => {
      // Back to the first column, and nothing right of what is written now.
      if (canErase(process.stderr.isTTY)) process.stderr.write(`\r${writtenLine(line)}\u001b[K`)
    },
    readFile: (path, maxOctets) => readSmallFile(resolve(cwd, path), maxOctets),
    readLine,
    ask: async (question, hidden = false) => {
      const { askOnTerminal } = await import('./terminal.ts')
      return askOnTerminal(question, hidden)
    },
    env: process.env,
    cwd,
    clock: () => Temporal.Now.instant(),
    color: { out: mayColor(process.stdout.isTTY), err: mayColor(process.stderr.isTTY) },
    columns: process.stdout.columns ?? 80,
    stopped,
    onHangup: (listener) => process.on('SIGHUP', listener),
  }
}

function mayColor(isTerminal: boolean | undefined): boolean {
  // https://no-color.org: present and not empty.
  return canErase(isTerminal) && !process.env['NO_COLOR']
}

function canErase(isTerminal: boolean | undefined): boolean {
  return isTerminal === true && process.env['TERM'] !== 'dumb'
}

async function readLine(): Promise<string> {
  let line = ''
  for await (const text of process.stdin.setEncoding('utf8')) {
    line += text
    const end = line.indexOf('\n')
    if (end >= 0) return line.slice(0, end).replace(/\r$/, '')
    if (line.length > MAX_LINE_CHARACTERS)
      throw new Failure(EXIT.input, `standard input: its first line is longer than ${MAX_LINE_CHARACTERS} characters`, {
        code: 'ERR_CLI_LINE_LIMIT',
        next: 'check what is written to it',
      })
  }
  return line
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function stopped(): Promise<void> {
  const { promise, resolve: stop } = Promise.withResolvers<void>()
  let firstAt: number | undefined
  const signalled = (signal: NodeJS.Signals) => {
    const now = performance.now()
    if (firstAt === undefined) {
      firstAt = now
      stop()
    } else if (now - firstAt > SAME_SIGNAL_MS) process.exit(signal === 'SIGINT' ? 130 : 143)
  }
  process.on('SIGINT', signalled)
  process.on('SIGTERM', signalled)
  return promise
}
