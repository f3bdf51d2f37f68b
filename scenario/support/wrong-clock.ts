// A process with a clock of its own, by libfaketime.
import { execFileSync } from 'node:child_process'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programPath } from '../../interop/peer.ts'

/** The environment in which a process believes in a time that is off, as in `+1d`. */
export function clockOff(by: string): Readonly<Record<string, string>> {
  return { ...library(), FAKETIME: by }
}

/** A clock that is set while processes run. */
export interface MovableClock {
  /** For each process that goes by it. */
  readonly env: Readonly<Record<string, string>>
  /** In milliseconds before that of everybody else. */
  readonly ahead: number
  /** Sets it, in every process at once. */
  setAhead(milliseconds: number): Promise<void>
}

/** Makes one, which is right at first. @param directory Where it is kept. */
export async function movableClock(directory: string): Promise<MovableClock> {
  const path = join(directory, 'clock')
  let ahead = 0
  const setAhead = async (milliseconds: number) => {
    ahead = milliseconds
    // It is read at any moment, and must be whole then.
    await writeFile(`${path}.next`, `+${milliseconds / 1000}\n`)
    await rename(`${path}.next`, path)
  }
  await setAhead(0)
  return {
    env: { ...library(), FAKETIME_TIMESTAMP_FILE: path, FAKETIME_NO_CACHE: '1' },
    get ahead() {
      return ahead
    },
    setAhead,
  }
}

function library(): Readonly<Record<string, string>> {
  // Where it is, its own program knows best.
  const path = execFileSync(programPath('faketime'), ['-f', '+0d', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' })
  // Only the wall clock: timers go on as they do when a clock is set.
  return { LD_PRELOAD: path.trim(), DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}
