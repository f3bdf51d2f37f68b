// Group commit: one durable transaction for all that waits, so that durability costs little when many ask at once.
import type { DatabaseSync } from 'node:sqlite'
import { isStorageFault, storeError } from './fault.ts'

/**
 * Runs `work` in a transaction of its own (a savepoint) and resolves to its result once that is on the disk.
 * `work` is synchronous, changes nothing but the database, and is undone when it throws.
 * @throws {AuthorityError} (rejects) when the transaction could not be made durable.
 */
export type Commit = <T>(work: () => T) => Promise<T>

interface Job {
  /** Runs the work; answers what to do once the batch is durable. */
  readonly run: () => () => void
  readonly reject: (cause: unknown) => void
}

/** Makes the queue of one database. @param path For the error's text. */
export function createCommit(db: DatabaseSync, path: string): Commit {
  let waiting: Job[] = []

  const flush = (): void => {
    const batch = waiting
    waiting = []
    const settlements: (() => void)[] = []
    let begun = false
    try {
      db.exec('BEGIN IMMEDIATE')
      begun = true
      for (const job of batch) settlements.push(job.run())
      db.exec('COMMIT')
    } catch (cause) {
      // SQLite has already rolled back by itself after some faults, a full disk among them.
      if (begun && db.isTransaction) db.exec('ROLLBACK')
      const error = storeError(path, cause)
      for (const job of batch) job.reject(error)
      return
    }
    for (const settle of settlements) settle()
  }

  return <T>(work: () => T) =>
    new Promise<T>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ run: () => runInSavepoint(db, work, resolve, reject), reject })
    })
}

function runInSavepoint<T>(
  db: DatabaseSync,
  work: () => T,
  resolve: (value: T) => void,
  reject: (cause: unknown) => void,
): () => void {
  db.exec('SAVEPOINT work')
  try {
    const value = work()
    db.exec('RELEASE work')
    return () => resolve(value)
  } catch (cause) {
    if (!db.isTransaction || isStorageFault(cause)) throw cause
    db.exec('ROLLBACK TO work; RELEASE work')
    return () => reject(cause)
  }
}
