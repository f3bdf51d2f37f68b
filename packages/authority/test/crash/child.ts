// Starts authorities in processes of their own, which tests end by SIGKILL.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { link } from '../../../../tools/testing/link.ts'
import type { FailpointName } from '../../src/failpoints.ts'
import { endAfter } from '../support/core.ts'
import type { Place } from '../support/house.ts'

/** What `authority-process.ts` is told. */
export interface ProcessOptions {
  readonly directory: string
  readonly store?: string
  readonly failpoint?: FailpointName
  /** At which occurrence it ends. */
  readonly time?: number
  /** Which of the starts in this directory it is. */
  readonly generation?: number
  /** How long the minute of its housekeeping is. */
  readonly minuteMs?: number
}

/** One that runs; or that has ended before it was ready. */
export interface Child {
  readonly process: ChildProcess
  readonly place?: Place
  /** How it ended. */
  readonly ended: Promise<NodeJS.Signals | number | null>
}

const PROGRAM = 'authority-process'
let linked: Promise<string> | undefined

/** The program in a few files, as it is started a hundred times. */
async function linkProgram(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-authority-'))
  process.once('exit', () => rmSync(directory, { recursive: true }))
  await link([fileURLToPath(new URL(`${PROGRAM}.ts`, import.meta.url))], directory)
  return join(directory, `${PROGRAM}.js`)
}

/** Starts one, and waits until it is ready or has ended. `soon` is called at once, with how to end it. */
export async function startAuthority(
  t: Parameters<typeof endAfter>[0],
  options: ProcessOptions,
  soon?: (kill: () => void) => void,
): Promise<Child> {
  linked ??= linkProgram()
  const child = spawn(process.execPath, [await linked, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit').then(([code, signal]) => signal ?? code)
  endAfter(t, async () => {
    child.kill('SIGKILL')
    await ended
  })
  soon?.(() => child.kill('SIGKILL'))
  assert.ok(child.stdout)
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([once(lines, 'line'), ended.then(() => undefined)])
  return { process: child, ended, ...(line !== undefined && { place: JSON.parse(String(line[0])) }) }
}
