// The access log: one JSON object a line for each meeting, request and session, each with the meeting's reference.
import { type FileHandle, open } from 'node:fs/promises'
import type { Log } from '@countersign/mtls'
import { writeJson } from '@countersign/protocol'

/** A log that is being written. */
export interface AccessLog {
  /** Returns at once. What a disk does not take in time is lost, and told by `access-log.failed`. */
  write(entry: Readonly<Record<string, unknown>>): void
  /** Goes on in a file at the same path: the one before was moved away. @throws (rejects) the system's error; the file before stays. */
  reopen(): Promise<void>
  /** Writes what waits, and closes. */
  close(): Promise<void>
}

/** What waits for a slow disk: some 16,000 lines. */
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

/** Opens the log to append to it; others may not read it. @throws (rejects) the system's error. */
export async function openAccessLog(path: string, log: Log): Promise<AccessLog> {
  let file = await openToAppend(path)
  let waiting: string[] = []
  let waitingCharacters = 0
  let lost = 0
  let fails = false
  // One thing after another: lines stay whole, and a file is not closed under them.
  let turn = Promise.resolve()

  const flush = async () => {
    const lines = waiting
    waiting = []
    waitingCharacters = 0
    try {
      await appendWhole(file, Buffer.from(lines.join('')))
    } catch (error) {
      lost += lines.length
      if (!fails) log('access-log.failed', { file: path, cause: String(error) })
      fails = true
      return
    }
    if (lost > 0) log('access-log.resumed', { file: path, lost })
    lost = 0
    fails = false
  }

  return {
    write(entry) {
      const line = `${JSON.stringify(writeJson(entry))}\n`
      if (waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
        if (!fails) log('access-log.failed', { file: path, cause: 'the disk is slower than what happens' })
        fails = true
        lost++
        return
      }
      waitingCharacters += line.length
      if (waiting.push(line) === 1) turn = turn.then(flush)
    },
    reopen() {
      const reopened = turn.then(async () => {
        const next = await openToAppend(path)
        await file.close()
        file = next
      })
      turn = reopened.catch(() => undefined)
      return reopened
    },
    async close() {
      await turn
      await file.close()
    },
  }
}

async function openToAppend(path: string): Promise<FileHandle> {
  return open(path, 'a', 0o600)
}

/** All of `octets`, or none: a disk that is full in the midst of a line would leave half of it. */
async function appendWhole(file: FileHandle, octets: Uint8Array): Promise<void> {
  let written = 0
  try {
    while (written < octets.length) written += (await file.write(octets, written)).bytesWritten
  } catch (error) {
    // Not the size from before: whoever rotates by copying may have emptied it meanwhile.
    const { size } = await file.stat()
    if (written > 0) await file.truncate(Math.max(0, size - written))
    throw error
  }
}
