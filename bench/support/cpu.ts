// CPU time of other processes, from the kernel's own books.
import { readdirSync, readFileSync } from 'node:fs'

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

/**
 * CPU seconds that a process, those that it has started and those that these have, have used: the ones that have ended, and were
 * waited for, too. @see proc(5), /proc/pid/stat fields 4 and 14 to 17
 */
export function cpuSecondsOfTree(root: number): number {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
  const inTree = new Set([root])
  for (let before = 0; before < inTree.size; ) {
    before = inTree.size
    for (const { pid, parent } of found) if (inTree.has(parent)) inTree.add(pid)
  }
  return found.filter(({ pid }) => inTree.has(pid)).reduce((sum, { ticks }) => sum + ticks, 0) / 100
}

/** Undefined of one that has ended since it was named. */
function statOf(pid: number): { readonly pid: number; readonly parent: number; readonly ticks: number } | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined // It has ended; whoever waits for it counts it.
  }
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return { pid, parent: fields[1] ?? 0, ticks: fields.slice(11, 15).reduce((sum, ticks) => sum + ticks) }
}
