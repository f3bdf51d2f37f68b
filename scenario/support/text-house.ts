// A house as a person at a terminal starts it: `countersign up`, read as text.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startCommand } from './run-command.ts'

export interface TextHouse extends AsyncDisposable {
  readonly directory: string
  stdout(): string
  stderr(): string
  /** Waits until standard output has a line that fits. Throws after ten seconds. */
  line(fits: RegExp): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Starts the default house in a fresh directory and waits for `ready`. For `await using`. */
export async function startTextHouse(args: readonly string[] = []): Promise<TextHouse> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-house-'))
  const child = startCommand(['up', ...args], { cwd: directory })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  const line = async (fits: RegExp, withinMs = 10_000) => {
    const deadline = performance.now() + withinMs
    while (!stdout.split('\n').some((each) => fits.test(each))) {
      if (performance.now() > deadline || child.exitCode !== null)
        throw new Error(`no line fits ${fits}: ${stdout}${stderr}`)
      await delay(20)
    }
  }
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }
  const house: TextHouse = {
    directory,
    stdout: () => stdout,
    stderr: () => stderr,
    line,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
  try {
    await line(/^ready$/, 30_000)
  } catch (error) {
    await house[Symbol.asyncDispose]()
    throw error
  }
  return house
}
