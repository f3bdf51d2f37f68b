// The memory of meetings: what `countersign why` reads. It is bounded, and not durable to the last row:
// after a crash or a loss of power the meetings of the last moments may be missing, and nothing else is.
import type { Log } from '@countersign/mtls'
import { type Meeting, type Reference, writeMeeting } from '@countersign/protocol'
import { openDatabase } from './open.ts'

/** Versions 1 and 2 lack columns, and have nothing that must be kept. */
const SCHEMA = `
DROP TABLE IF EXISTS meeting;
CREATE TABLE meeting (
  id INTEGER PRIMARY KEY,
  reference TEXT NOT NULL,
  door TEXT NOT NULL,
  seen_by TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- The caller's, port and all: who repeats another's hello has another one. Empty where it is not known.
  address TEXT NOT NULL,
  accepted INTEGER NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (reference, door, seen_by, at, address)
) STRICT;
CREATE INDEX meeting_accepted ON meeting (accepted, id);
`
/**
 * Rows kept of those that were accepted, and as many of those that were not: a stranger can be refused as often as he
 * likes, and shall not wash away who was let in. The oldest go first. At about 3 kB each the file stays below 400 MB.
 */
const MAX_ROWS = 50_000
/** How long a meeting waits for others, so that many are written together. */
const BATCH_MILLISECONDS = 100
/** Written at once when so many wait. */
const BATCH_ROWS = 500

export interface MeetingStore {
  /**
   * Keeps `meeting` in place of one with the same reference, door, side, time and address.
   * @param onSettled Told, in the order of the records, whether it is kept: from then on the end of this process does not lose it.
   */
  record(meeting: Meeting, onSettled?: (isKept: boolean) => void): void
  /**
   * Each as JSON text, newest first: a reference of 40 bits may name more than one. Of more than 20 the oldest: anyone can
   * repeat a hello that he saw, and nobody the one that is still to come, so that no repetition hides the meeting itself.
   */
  byReference(reference: Reference): readonly string[]
  close(): void
}

/** Opens the memory of meetings at `path`. @throws {AuthorityError} */
export function openMeetings(path: string, log: Log, maxRows: number = MAX_ROWS): MeetingStore {
  const nextWhenMalformed = 'delete it; the memory of past meetings goes with it, and nothing else'
  const db = openDatabase(path, { version: 3, schema: SCHEMA, synchronous: 'NORMAL', nextWhenMalformed })
  const insert = db.prepare(
    `INSERT INTO meeting (reference, door, seen_by, at, address, accepted, json) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (reference, door, seen_by, at, address) DO UPDATE SET accepted = excluded.accepted, json = excluded.json`,
  )
  const forget = db.prepare(
    `DELETE FROM meeting WHERE accepted = ?1 AND id <=
       (SELECT id FROM meeting WHERE accepted = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
  )
  const byReference = db.prepare('SELECT json FROM meeting WHERE reference = ? ORDER BY id LIMIT 20')

  let waiting: { readonly meeting: Meeting; readonly onSettled: ((isKept: boolean) => void) | undefined }[] = []
  let timer: NodeJS.Timeout | undefined

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    let isKept = false
    try {
      db.exec('BEGIN IMMEDIATE')
      for (const { meeting: m } of batch)
        insert.run(
          m.reference,
          m.door,
          m.seenBy,
          m.at.epochMilliseconds,
          m.address ?? '',
          m.outcome.ok ? 1 : 0,
          JSON.stringify(writeMeeting(m)),
        )
      for (const accepted of [0, 1]) forget.run(accepted, maxRows)
      db.exec('COMMIT')
      isKept = true
    } catch (cause) {
      // A full disk must not end the doors: what is lost here is memory of meetings, and the log says so.
      if (db.isTransaction) db.exec('ROLLBACK')
      log('meetings.lost', { count: batch.length, cause: cause instanceof Error ? cause.message : String(cause) })
    }
    for (const { onSettled } of batch) onSettled?.(isKept)
  }

  return {
    record(meeting, onSettled) {
      waiting.push({ meeting, onSettled })
      if (waiting.length >= BATCH_ROWS) flush()
      else timer ??= setTimeout(flush, BATCH_MILLISECONDS).unref()
    },
    byReference(reference) {
      flush()
      return byReference
        .all(reference)
        .map((row) => String(row['json']))
        .reverse()
    },
    close() {
      flush()
      db.close()
    },
  }
}
