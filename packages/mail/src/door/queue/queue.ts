// The durable queue: a message is here from the 250 on until each recipient has it, or its sender was told why not.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { LONGEST_WAIT_MS } from './backoff.ts'
import { type Contents, type ContentWriter, openContents } from './content.ts'
import { openQueueFile, takeQueue } from './database.ts'
import { type NewMessage, type Outcome, type Queue, QueueError, type Told } from './model.ts'
import { createReader } from './rows.ts'

/** What a queue is opened with. */
export interface QueueOptions {
  readonly directory: string
  readonly failpoint?: (name: string) => void
}

/**
 * Opens the queue; this process is then the only one that sends from it.
 * @throws {QueueError} where another process has it, or it cannot be written.
 */
export async function openQueue({ directory, failpoint = () => undefined }: QueueOptions): Promise<Queue> {
  const db = openQueueFile(directory)
  let release: (() => void) | undefined
  let contents: Contents | undefined
  try {
    release = takeQueue(directory)
    contents = await wrapped(openContents(join(directory, 'content')))
    const read = createReader(db)
    await wrapped(contents.sweep(new Set(read.all().map(({ id }) => id))))
    return queueOver({ db, contents, read, release, failpoint })
  } catch (error) {
    await contents?.[Symbol.asyncDispose]()
    release?.()
    db.close()
    throw error
  }
}

/** What a queue stands on. */
interface Parts {
  readonly db: DatabaseSync
  readonly contents: Contents
  readonly read: ReturnType<typeof createReader>
  readonly release: () => void
  readonly failpoint: (name: string) => void
}

function queueOver({ db, contents, read, release, failpoint }: Parts): Queue {
  const unknown = db.prepare(
    "UPDATE recipient SET state = 'waiting', may_be_there = 1, next_at = ? WHERE state = 'trying'",
  )
  const wake = db.prepare(
    "UPDATE recipient SET next_at = ? WHERE state = 'waiting' AND code = 'ERR_MAIL_NEXT_HOP' AND may_be_there = 0",
  )
  const { insert, begin, settle, forget, isGone } = writerOf(db)
  /** Ends of attempts that could not be written. Who has a message gets it no second time while this process lives. */
  const unwritten: Settled[] = []
  const settleAll = ({ id, outcomes, at }: Settled) => {
    for (const [address, outcome] of outcomes) settle(id, address, outcome, at)
    forget(id)
  }
  const remove = async (id: string) => {
    if (!isGone(id)) return
    failpoint('mail.before-remove')
    await wrapped(contents.remove(id))
  }
  return {
    async receive(at) {
      const id = newId(at)
      const writer = await wrapped(contents.begin(id))
      return {
        id,
        write: (octets) => wrapped(writer.write(octets)),
        async enqueue(message) {
          const octets = await ending(writer)
          failpoint('mail.after-content')
          try {
            within(db, () => insert(id, message, octets))
          } catch (error) {
            await contents.remove(id)
            throw error
          }
          failpoint('mail.after-commit')
        },
        discard: () => wrapped(writer.discard()),
      }
    },
    list: read.all,
    find: read.find,
    due: ({ epochMilliseconds }) => read.due(epochMilliseconds, epochMilliseconds + LONGEST_WAIT_MS),
    contentOf: ({ id, octets }) => contents.source(id, octets),
    async recover(at) {
      let count = 0
      within(db, () => {
        for (const each of unwritten) settleAll(each)
        count = Number(unknown.run(at.epochMilliseconds).changes)
      })
      for (const { id } of unwritten.splice(0)) await remove(id)
      return count
    },
    wake: ({ epochMilliseconds }) => within(db, () => wake.run(epochMilliseconds)),
    begin(id, addresses, at) {
      let begun: readonly string[] = []
      within(db, () => {
        begun = addresses.filter((address) => begin(id, address, at))
      })
      failpoint('mail.after-begin')
      return begun
    },
    async settle(id, outcomes, at) {
      failpoint('mail.before-settle')
      const settled = { id, outcomes, at }
      try {
        within(db, () => settleAll(settled))
      } catch (error) {
        unwritten.push(settled)
        throw error
      }
      failpoint('mail.after-settle')
      await remove(id)
    },
    async tell(about, told) {
      const notice = await writtenNotice(contents, told)
      failpoint('mail.before-tell')
      try {
        within(db, () => {
          if (notice && told.message) insert(notice.id, told.message.envelope, notice.octets)
          markTold(db, about.id, told)
          forget(about.id)
        })
      } catch (error) {
        if (notice) await contents.remove(notice.id)
        throw error
      }
      failpoint('mail.after-tell')
      await remove(about.id)
    },
    async [Symbol.asyncDispose]() {
      await contents[Symbol.asyncDispose]()
      db.close()
      release()
    },
  }
}

/** The report of {@link Told} on the disk, before it stands in the queue. */
async function writtenNotice(
  contents: Contents,
  { message }: Told,
): Promise<{ readonly id: string; readonly octets: number } | undefined> {
  if (message === undefined) return undefined
  const id = newId(message.envelope.at)
  const writer = await wrapped(contents.begin(id))
  try {
    await writer.write(message.content)
  } catch (error) {
    await writer.discard()
    throw new QueueError(error)
  }
  return { id, octets: await ending(writer) }
}

/** How an attempt ended, for each of its recipients. */
interface Settled {
  readonly id: string
  readonly outcomes: ReadonlyMap<string, Outcome>
  readonly at: Temporal.Instant
}

function writerOf(db: DatabaseSync) {
  const message = db.prepare(
    'INSERT INTO message (id, sender, at, octets, is_utf8, is_eight_bit, reference, message_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const recipient = db.prepare("INSERT INTO recipient (message, address, state, next_at) VALUES (?, ?, 'waiting', ?)")
  const trying = db.prepare(
    `UPDATE recipient SET state = 'trying', attempts = attempts + 1, last_at = ?1
    WHERE message = ?2 AND address = ?3 AND state IN ('waiting', 'held')`,
  )
  const sent = db.prepare('DELETE FROM recipient WHERE message = ? AND address = ?')
  const other = db.prepare(`UPDATE recipient SET state = ?1, next_at = ?2, may_be_there = max(may_be_there, ?3),
    code = ?4, status = ?5, note = ?6 WHERE message = ?7 AND address = ?8 AND state <> 'failed'`)
  const attempted = db.prepare('UPDATE recipient SET attempts = attempts + 1 WHERE message = ? AND address = ?')
  const forget = db.prepare(
    'DELETE FROM message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM recipient WHERE message = ?1)',
  )
  const exists = db.prepare('SELECT 1 FROM message WHERE id = ?')
  return {
    insert(
      id: string,
      { sender, at, isUtf8, isEightBit, reference, messageId, recipients }: NewMessage,
      octets: number,
    ) {
      const ms = at.epochMilliseconds
      message.run(id, sender, ms, octets, Number(isUtf8), Number(isEightBit), reference ?? null, messageId ?? null)
      for (const address of new Set(recipients)) recipient.run(id, address, ms)
    },
    begin: (id: string, address: string, at: Temporal.Instant) =>
      trying.run(at.epochMilliseconds, id, address).changes > 0,
    settle(id: string, address: string, outcome: Outcome, at: Temporal.Instant) {
      if (outcome.kind === 'sent') return void sent.run(id, address)
      const { kind, why } = outcome
      const state = kind === 'held' || kind === 'failed' ? kind : 'waiting'
      const { epochMilliseconds: next } = kind === 'failed' ? at : outcome.nextAt
      // What an operator has dropped meanwhile stays so. What is held was never handed on: its wait grows all the same.
      if (kind === 'held') attempted.run(id, address)
      other.run(state, next, Number(kind === 'unknown'), why.code, why.status, why.note, id, address)
    },
    forget: (id: string) => void forget.run(id),
    isGone: (id: string) => exists.get(id) === undefined,
  }
}

function markTold(db: DatabaseSync, id: string, { gone, late }: Told): void {
  const remove = db.prepare('DELETE FROM recipient WHERE message = ? AND address = ?')
  const mark = db.prepare('UPDATE recipient SET was_told = 1 WHERE message = ? AND address = ?')
  for (const address of gone) remove.run(id, address)
  for (const address of late) mark.run(id, address)
}

/** All of it, or nothing. @throws {QueueError} */
export function within(db: DatabaseSync, act: () => void): void {
  try {
    db.exec('BEGIN IMMEDIATE')
    try {
      act()
      db.exec('COMMIT')
    } catch (error) {
      // A commit that failed for want of room has not always ended the transaction.
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  } catch (error) {
    throw new QueueError(error)
  }
}

/** What could not be written whole is not there. */
async function ending(writer: ContentWriter): Promise<number> {
  try {
    return await writer.end()
  } catch (error) {
    await writer.discard()
    throw new QueueError(error)
  }
}

async function wrapped<Value>(act: Promise<Value>): Promise<Value> {
  try {
    return await act
  } catch (error) {
    throw error instanceof QueueError ? error : new QueueError(error)
  }
}

/** The oldest first, by name too. */
function newId({ epochMilliseconds }: Temporal.Instant): string {
  return `${epochMilliseconds.toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`
}
