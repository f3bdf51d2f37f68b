// The file of the queue: made once, worked by one process, looked at by others.
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { QueueError } from './model.ts'
import { QUEUE_SCHEMA, QUEUE_VERSION } from './schema.ts'

/** Its name in the directory of a queue. */
export const QUEUE_FILE = 'queue.db'

// Whoever looks at it holds it for a moment.
const BUSY_MS = 5_000

/** Opens the file in `directory`, making it where it is absent. @throws {QueueError} */
export function openQueueFile(directory: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    db = openPrivate(join(directory, QUEUE_FILE), BUSY_MS)
    // FULL: what was committed is on the disk before a 250 says so.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    db.exec('BEGIN IMMEDIATE')
    const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
    if (found > QUEUE_VERSION) throw new Error(`${directory}: the queue was written by a newer version`)
    if (found === 0) db.exec(`${QUEUE_SCHEMA} PRAGMA user_version = ${QUEUE_VERSION}`)
    db.exec('COMMIT')
    return db
  } catch (error) {
    db?.close()
    throw new QueueError(error)
  }
}

/**
 * Makes this process the one that sends. The system lets go of it however the process ends.
 * @returns Lets go of it.
 * @throws {QueueError} where another process has it.
 */
export function takeQueue(directory: string): () => void {
  let lock: DatabaseSync | undefined
  try {
    lock = openPrivate(join(directory, 'queue.lock'), 0)
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    lock?.close()
    throw new QueueError(new Error(`${directory}: another process works on this queue`, { cause: error }))
  }
  const taken = lock
  return () => taken.close()
}

/** SQLite gives its side files the mode of the main one. */
function openPrivate(path: string, timeout: number): DatabaseSync {
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  return new DatabaseSync(path, { timeout, enableForeignKeyConstraints: true })
}
