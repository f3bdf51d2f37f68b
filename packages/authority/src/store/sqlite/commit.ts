// Group commit: one durable transaction for all that waits, so that durability costs little when many ask at once.
import type { DatabaseSync } from 'node:sqlite'
import type { Kysely } from 'kysely'
import { isStorageFault, storeError } from '../fault.ts'
import type { Tables } from '../tables.ts'
import { inTransaction } from './dialect.ts'

/** Runs `work` in a transaction and resolves to its result once that is on the disk; undone when it throws. */
export type Commit<Transaction> = <Result>(work: (tx: Transaction) => Promise<Result>) => Promise<Result>

interface Job {
  /** Runs the work; answers what to do once the batch is durable. */
  readonly run: (connection: Kysely<Tables>) => Promise<() => void>
  readonly reject: (cause: unknown) => void
}

/**
 * Makes the queue of one database. Each work has a savepoint of its own: one that fails is undone alone.
 * @param path For the error's text.
 */
export function createGroupCommit(database: DatabaseSync, db: Kysely<Tables>, path: string): Commit<Kysely<Tables>> {
  let waiting: Job[] = []
  let isScheduled = false

  const flush = () =>
    db.connection().execute(async (connection) => {
      // What came while another batch had the connection is in this one.
      isScheduled = false
      const batch = waiting
      waiting = []
      const settlements: (() => void)[] = []
      try {
        database.exec('BEGIN IMMEDIATE')
        for (const job of batch) settlements.push(await inTransaction.run(true, () => job.run(connection)))
        database.exec('COMMIT')
      } catch (cause) {
        // SQLite has already rolled back by itself after some faults, a full disk among them.
        if (database.isTransaction) database.exec('ROLLBACK')
        const error = storeError(path, cause)
        for (const job of batch) job.reject(error)
        return
      }
      for (const settle of settlements) settle()
    })

  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push({ run: (connection) => runInSavepoint(database, () => work(connection), resolve, reject), reject })
      if (isScheduled) return
      isScheduled = true
      setImmediate(() => void flush().catch(reject))
    })
}

async function runInSavepoint<Result>(
  database: DatabaseSync,
  work: () => Promise<Result>,
  resolve: (value: Result) => void,
  reject: (cause: unknown) => void,
): Promise<() => void> {
  database.exec('SAVEPOINT work')
  try {
    const value = await work()
    database.exec('RELEASE work')
    return () => resolve(value)
  } catch (cause) {
    if (!database.isTransaction || isStorageFault(cause)) throw cause
    database.exec('ROLLBACK TO work; RELEASE work')
    return () => reject(cause)
  }
}
