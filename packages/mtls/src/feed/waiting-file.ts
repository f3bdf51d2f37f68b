// What waits for the authority, on the disk too: a process that is killed leaves it to its next start.
// Nobody who meets waits for this: it is written in the background, many at once.
import { type FileHandle, open, rm } from 'node:fs/promises'
import { removeDurably, renameDurably } from '../identity/durable.ts'
import { IdentityError, systemCode } from '../identity/error.ts'
import type { Log } from '../model.ts'
import type { MeetingQueue } from './queue.ts'
import { createTurns } from './turns.ts'
import { readLines, writeLine } from './waiting-lines.ts'

/** The file of one queue. It stands while something waits. */
export interface WaitingFile {
  /** What waits has changed: it is written at once, or `soon`, if it then still waits. */
  changed(when: 'now' | 'soon'): void
  /** Writes what still waits, and closes. */
  close(): Promise<void>
}

/** What the authority has kept by then is never written. */
const SOON_MS = 1_000
/** A disk that fails is not asked again for each meeting. */
const RETRY_MS = 2_000
/** Some milliseconds of work between two turns of the loop. */
const AT_ONCE = 50
/** It is begun anew when it has grown by so much: what the authority has kept since is then left out. */
const MAX_SPARE_OCTETS = 16_777_216
/** More than ours ever has; of a larger one, the newest. */
const MAX_READ_OCTETS = 134_217_728

interface Standing {
  readonly handle: FileHandle
  readonly began: number
  octets: number
}

/**
 * Puts what an earlier process left at `path` into `queue`, and from now on keeps there what waits in it. A file that is
 * damaged or cannot be used is no reason not to start: `meetings.damaged` counts what was cut off it, `meetings.unwritten`
 * says that it cannot be written, and `meetings.written` that it can again.
 */
export async function openWaitingFile(path: string, queue: MeetingQueue, log: Log): Promise<WaitingFile> {
  let file: Standing | undefined
  /** The newest that `file` has. */
  let written = 0
  let mayStand = true
  let fails = false

  const letGo = async () => {
    const { handle } = file ?? {}
    file = undefined
    await handle?.close()
  }

  /** Writes what is behind `written` at octet `at`; answers where it ends. What comes meanwhile is for the next time. */
  const append = async (handle: FileHandle, at: number): Promise<number> => {
    let end = at
    for (const { newest } = queue; written < newest; ) {
      const some = queue.after(written, AT_ONCE)
      const last = some.at(-1)
      // What was not written yet has been kept.
      if (last === undefined) break
      const lines = Buffer.from(some.map(({ meeting }) => writeLine(meeting)).join(''))
      for (let done = 0; done < lines.length; ) {
        const { bytesWritten } = await handle.write(lines, done, lines.length - done, end + done)
        done += bytesWritten
      }
      end += lines.length
      written = last.id
    }
    return end
  }

  /** Whole, and beside its place first: the one before stays until this one is durable. */
  const begin = async () => {
    await letGo()
    const beside = `${path}.tmp`
    await rm(beside, { force: true })
    const handle = await open(beside, 'wx', 0o600)
    try {
      written = 0
      const octets = await append(handle, 0)
      await handle.sync()
      await renameDurably(beside, path)
      mayStand = true
      file = { handle, began: octets, octets }
    } catch (error) {
      await handle.close()
      await rm(beside, { force: true })
      throw error
    }
  }

  const goOn = async (own: Standing) => {
    const before = written
    try {
      const octets = await append(own.handle, own.octets)
      await own.handle.datasync()
      own.octets = octets
    } catch (error) {
      written = before
      await own.handle.truncate(own.octets)
      throw error
    }
  }

  const save = async () => {
    if (queue.size === 0) {
      await letGo()
      if (mayStand) await removeDurably(path)
      mayStand = false
      return
    }
    // Somebody may have removed it, or put another in its place.
    const isThere = file !== undefined && (await file.handle.stat()).nlink > 0
    if (!file || !isThere || file.octets > file.began + MAX_SPARE_OCTETS) await begin()
    else if (queue.after(written, 1).length > 0) await goOn(file)
  }

  const saveOrTell = async () => {
    try {
      await save()
      if (fails) log('meetings.written', { file: path })
      fails = false
    } catch (error) {
      if (!isOfTheDisk(error)) throw error
      if (!fails) log('meetings.unwritten', { file: path, cause: error.message })
      fails = true
    }
  }

  await recover(path, queue, log)
  let isUrgent = true
  let newestThen = 0
  const turns = createTurns(async () => {
    const [oldest] = queue.after(0, 1)
    const isYoung = oldest !== undefined && oldest.id > newestThen
    const mayWait = !isUrgent && file === undefined && isYoung
    newestThen = queue.newest
    isUrgent = false
    if (!mayWait) await saveOrTell()
    if (mayWait || fails) turns.in(fails ? RETRY_MS : SOON_MS)
  })
  turns.in(0)
  return {
    changed(when) {
      if (when === 'now') isUrgent = true
      if (!fails) turns.in(when === 'now' ? 0 : SOON_MS)
    },
    async close() {
      await turns.end()
      await saveOrTell()
      await letGo()
    },
  }
}

/** What an earlier process left. */
async function recover(path: string, queue: MeetingQueue, log: Log): Promise<void> {
  try {
    const { meetings, damaged } = readLines(await readNewest(path))
    for (const meeting of meetings) queue.add(meeting)
    if (meetings.length > 0) log('meetings.found', { file: path, count: meetings.length })
    if (damaged > 0) log('meetings.damaged', { file: path, count: damaged, whole: meetings.length })
  } catch (error) {
    if (!isOfTheDisk(error)) throw error
    if (systemCode(error) !== 'ENOENT') log('meetings.damaged', { file: path, count: 'all', cause: error.message })
  }
}

/** The last octets of a file, as text. */
async function readNewest(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const octets = Buffer.alloc(Math.min(size, MAX_READ_OCTETS))
    const { bytesRead } = await file.read(octets, 0, octets.length, size - octets.length)
    return octets.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

function isOfTheDisk(error: unknown): error is Error {
  return error instanceof IdentityError || systemCode(error) !== undefined
}
