// A process with a clock of its own, by libfaketime.
import { execFileSync } from 'node:child_process'
import { programPath } from '../../interop/peer.ts'

/** The environment in which a process believes in a time that is off, as in `+1d`. */
export function clockOff(by: string): Readonly<Record<string, string>> {
  // Where the library is, its own program knows best.
  const library = execFileSync(programPath('faketime'), ['-f', '+0d', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' })
  // Only the wall clock: timers go on as they do when a clock is set.
  return { LD_PRELOAD: library.trim(), FAKETIME: by, DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' }
}
