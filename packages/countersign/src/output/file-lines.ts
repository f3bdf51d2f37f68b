// Lines into a file that somebody else has opened, as the shell opens `> FILE`. Node destroys such a stream at the first write
// that fails, and the process with it: here what a full disk does not take is lost, and whoever writes goes on.
import { fstatSync, writeSync } from 'node:fs'

/** What a disk says that takes no more now, and may later. */
const PASSING: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EFBIG']

/** Whoever is told of lines that are lost. */
export interface Told {
  /** At the first. */
  readonly onLost: (code: string) => void
  /** When they are written again. */
  readonly onAgain: (lost: number) => void
}

/** Lines of one stream. */
export interface FileLines {
  write(line: string): void
  /** Whether the last line was lost. */
  readonly isFailing: boolean
}

/** For a file alone; undefined where the descriptor is another thing. */
export function openFileLines(descriptor: number, { onLost, onAgain }: Told): FileLines | undefined {
  if (!isFile(descriptor)) return undefined
  let lost = 0
  // After it comes the end of the line that was cut off.
  let isCut = false
  return {
    get isFailing() {
      return lost > 0
    },
    write(line) {
      const octets = Buffer.from(`${isCut ? '\n' : ''}${line}\n`)
      let at = 0
      try {
        while (at < octets.length) at += writeSync(descriptor, octets, at)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && PASSING.includes(error.code))) throw error
        isCut = isCut ? at !== 1 : at > 0
        lost++
        if (lost === 1) onLost(String(error.code))
        return
      }
      isCut = false
      const before = lost
      lost = 0
      if (before > 0) onAgain(before)
    },
  }
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile()
  } catch (error) {
    // Closed by whoever started this process: Node has put something else there.
    if (error instanceof Error && 'code' in error && error.code === 'EBADF') return false
    throw error
  }
}
