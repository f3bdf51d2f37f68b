// Rows of the queue's tables, as values.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'
import type { QueuedMessage, QueuedRecipient, RecipientState } from './model.ts'

type Row = Readonly<Record<string, SQLOutputValue>>

/** Reads messages with all of their recipients. */
export function createReader(db: DatabaseSync): {
  readonly all: () => readonly QueuedMessage[]
  readonly find: (id: string) => QueuedMessage | undefined
  readonly due: (nowMs: number, latestMs: number) => readonly QueuedMessage[]
} {
  const recipients = db.prepare('SELECT * FROM recipient WHERE message = ? ORDER BY address')
  const all = db.prepare('SELECT * FROM message ORDER BY at, id')
  const one = db.prepare('SELECT * FROM message WHERE id = ?')
  // A clock that was set back leaves times behind that are later than any that is given: they have come.
  const due = db.prepare(`SELECT * FROM message WHERE id IN (
    SELECT message FROM recipient WHERE state = 'failed' OR (state = 'held' AND was_told = 0)
    UNION SELECT message FROM recipient WHERE state IN ('waiting', 'held') AND (next_at <= ?1 OR next_at > ?2)
  ) ORDER BY at, id LIMIT 100`)
  const whole = (row: Row) => messageOf(row, recipients.all(String(row['id'])))
  return {
    all: () => all.all().map(whole),
    find(id) {
      const row = one.get(id)
      return row && whole(row)
    },
    due: (nowMs, latestMs) => due.all(nowMs, latestMs).map(whole),
  }
}

function messageOf(row: Row, recipients: readonly Row[]): QueuedMessage {
  const { reference, message_id: messageId } = row
  return {
    id: String(row['id']),
    sender: String(row['sender']),
    at: timeOf(row['at']),
    octets: Number(row['octets']),
    isUtf8: row['is_utf8'] === 1,
    isEightBit: row['is_eight_bit'] === 1,
    ...(typeof reference === 'string' && { reference }),
    ...(typeof messageId === 'string' && { messageId }),
    recipients: recipients.map(recipientOf),
  }
}

function recipientOf(row: Row): QueuedRecipient {
  const { last_at: lastAt, code } = row
  return {
    address: String(row['address']),
    // The schema admits no other.
    state: row['state'] as RecipientState,
    nextAt: timeOf(row['next_at']),
    attempts: Number(row['attempts']),
    ...(typeof lastAt === 'number' && { lastAt: timeOf(lastAt) }),
    mayBeThere: row['may_be_there'] === 1,
    wasTold: row['was_told'] === 1,
    ...(isCode(code) && { why: { code, status: String(row['status']), note: String(row['note']) } }),
  }
}

function isCode(word: SQLOutputValue | undefined): word is RefusalCode {
  return typeof word === 'string' && Object.hasOwn(REFUSALS, word)
}

function timeOf(value: SQLOutputValue | undefined): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(Number(value))
}
