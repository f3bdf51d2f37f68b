// The world around a command, for tests: it keeps what was written, and has a clock that stands.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Around } from '../../src/command.ts'

export const NOW = Temporal.Instant.from('2026-11-24T12:00:00Z')

export interface FakeAround extends Around {
  readonly stdout: string[]
  readonly stderr: string[]
}

/** `files` are read before the real ones under `cwd`. */
export function fakeAround(
  more: Partial<Pick<Around, 'ask' | 'cwd' | 'env' | 'clock' | 'stopped' | 'color' | 'columns'>> & {
    readonly files?: Readonly<Record<string, string>>
  } = {},
): FakeAround {
  const stdout: string[] = []
  const stderr: string[] = []
  const { files = {}, cwd = '/nowhere', ...rest } = more
  return {
    stdout,
    stderr,
    out: (line) => stdout.push(line),
    err: (line) => stderr.push(line),
    progress: () => undefined,
    readFile: async (path) => {
      const text = files[path]
      return text === undefined ? readFile(resolve(cwd, path)) : new TextEncoder().encode(text)
    },
    readLine: async () => '',
    ask: async () => undefined,
    env: {},
    cwd,
    clock: () => NOW,
    color: { out: false, err: false },
    columns: 80,
    stopped: () => Promise.resolve(),
    onHangup: () => undefined,
    ...rest,
  }
}
