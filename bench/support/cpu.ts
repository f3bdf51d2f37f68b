// CPU time of other processes, from the kernel's own books.
import { readFileSync } from 'node:fs'

/** CPU seconds (user and system) that `pids` have used, in ticks of 10 ms. @see proc(5), /proc/pid/stat fields 14 and 15 */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in parentheses may hold spaces, so count from its end: utime and stime are the 12th and 13th fields after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / 100
}
