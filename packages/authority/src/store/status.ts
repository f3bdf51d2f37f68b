// Events in their order, and the revocation lists that were signed.
import type { DatabaseSync } from 'node:sqlite'
import { InvariantError } from '../error.ts'
import { instant, integer, octets, type Row, text } from './row.ts'

export interface StoredCrl {
  /** The row of the issuer's certificate. */
  readonly issuer: number
  readonly number: number
  readonly der: Uint8Array
  readonly thisUpdate: Temporal.Instant
  readonly nextUpdate: Temporal.Instant
  /** Sequence of the newest status event that it knows; 0 for none. */
  readonly covers: number
}

/** What an event is about. Of `status` each counts; of the others a newer one says all that an older one did. */
const EVENT_KINDS = ['status', 'crl', 'policy', 'trust'] as const
export type EventKind = (typeof EVENT_KINDS)[number]

export interface StoredEvent {
  readonly sequence: number
  readonly at: Temporal.Instant
  readonly kind: EventKind
}

export interface StatusStore {
  /** Appends an event; answers its sequence, greater than every one before, also after a crash. */
  addEvent(kind: EventKind, at: Temporal.Instant): number
  /** Sequence of the newest status event; 0 for none. */
  newestStatus(): number
  /** Sequence of the newest event of any kind; 0 for none. */
  newest(): number
  /** At most `limit` events after `after`, in their order. */
  eventsAfter(after: number, limit: number): readonly StoredEvent[]
  /** Keeps `crl` and forgets the older ones of its issuer but the last. */
  addCrl(crl: StoredCrl): void
  newestCrl(issuer: number): StoredCrl | undefined
}

export function createStatusStore(db: DatabaseSync): StatusStore {
  const addEvent = db.prepare('INSERT INTO event (at, kind) VALUES (?, ?)')
  const newestStatus = db.prepare("SELECT sequence FROM event WHERE kind = 'status' ORDER BY sequence DESC LIMIT 1")
  const newest = db.prepare('SELECT max(sequence) AS sequence FROM event')
  const eventsAfter = db.prepare('SELECT * FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?')
  const addCrl = db.prepare(
    'INSERT INTO crl (issuer, number, der, this_update, next_update, covers) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const forget = db.prepare('DELETE FROM crl WHERE issuer = ? AND number < ?')
  const newestCrl = db.prepare('SELECT * FROM crl WHERE issuer = ? ORDER BY number DESC LIMIT 1')
  return {
    addEvent: (kind, at) => Number(addEvent.run(at.epochMilliseconds, kind).lastInsertRowid),
    newestStatus() {
      const row = newestStatus.get()
      return row === undefined ? 0 : integer(row, 'sequence')
    },
    newest() {
      const row = newest.get()
      return row === undefined || row['sequence'] === null ? 0 : integer(row, 'sequence')
    },
    eventsAfter: (after, limit) =>
      eventsAfter.all(after, limit).map((row) => ({
        sequence: integer(row, 'sequence'),
        at: instant(row, 'at'),
        kind: eventKind(text(row, 'kind')),
      })),
    addCrl(crl) {
      const { issuer, number, der, thisUpdate, nextUpdate, covers } = crl
      addCrl.run(issuer, number, der, thisUpdate.epochMilliseconds, nextUpdate.epochMilliseconds, covers)
      forget.run(issuer, number - 1)
    },
    newestCrl(issuer) {
      const row = newestCrl.get(issuer)
      return row === undefined ? undefined : readCrlRow(row)
    },
  }
}

function eventKind(found: string): EventKind {
  const kind = EVENT_KINDS.find((one) => one === found)
  if (kind === undefined) throw new InvariantError(`the store has an event of kind ${found}`)
  return kind
}

function readCrlRow(row: Row): StoredCrl {
  return {
    issuer: integer(row, 'issuer'),
    number: integer(row, 'number'),
    der: octets(row, 'der'),
    thisUpdate: instant(row, 'this_update'),
    nextUpdate: instant(row, 'next_update'),
    covers: integer(row, 'covers'),
  }
}
