// An operator looks at a queue and changes it, whether a door works on it or not: what is changed here, the door sees within seconds.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openQueueFile, QUEUE_FILE } from './database.ts'
import { type QueuedMessage, QueueError } from './model.ts'
import { within } from './queue.ts'
import { createReader } from './rows.ts'

/** A queue in an operator's hand. It sends nothing and tells nobody: the door does. */
export interface QueueOperation extends Disposable {
  list(): readonly QueuedMessage[]
  find(id: string): QueuedMessage | undefined
  /** What waits or is held of a message is due now. Answers the recipients whom it concerns. @throws {QueueError} */
  retry(id: string, now: Temporal.Instant): readonly string[]
  /**
   * Gives up what waits or is held of a message, or for one of its recipients. Its sender is told by the door, with the reason.
   * Who is being sent to just now stays. Answers the recipients whom it concerns. @throws {QueueError}
   */
  drop(id: string, reason: string, now: Temporal.Instant, recipient?: string): readonly string[]
}

/** Opens the queue of a door; undefined where there is none. @throws {QueueError} where it cannot be read. */
export function operateQueue(directory: string): QueueOperation | undefined {
  if (!existsSync(join(directory, QUEUE_FILE))) return undefined
  const db = openQueueFile(directory)
  const read = createReader(db)
  const due = db.prepare(`UPDATE recipient SET next_at = ?1
    WHERE message = ?2 AND state IN ('waiting', 'held') RETURNING address`)
  const drop =
    db.prepare(`UPDATE recipient SET state = 'failed', next_at = ?1, code = 'ERR_MAIL_DROPPED', status = '5.7.1', note = ?2
    WHERE message = ?3 AND state IN ('waiting', 'held') AND (?4 IS NULL OR address = ?4) RETURNING address`)
  const changed = (act: () => readonly { readonly address?: unknown }[]) => {
    let found: readonly string[] = []
    within(db, () => {
      found = act().map(({ address }) => String(address))
    })
    return found
  }
  const reading = <Value>(act: () => Value): Value => {
    try {
      return act()
    } catch (error) {
      throw new QueueError(error)
    }
  }
  return {
    list: () => reading(read.all),
    find: (id) => reading(() => read.find(id)),
    retry: (id, { epochMilliseconds }) => changed(() => due.all(epochMilliseconds, id)),
    drop: (id, reason, { epochMilliseconds }, recipient) =>
      changed(() => drop.all(epochMilliseconds, reason, id, recipient ?? null)),
    [Symbol.dispose]: () => db.close(),
  }
}
