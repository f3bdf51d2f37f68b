// Sends notices, and makes nobody wait for it: what cannot be sent now is tried again, later and later.
import { setTimeout as delay } from 'node:timers/promises'
import type { Ground } from '../ground.ts'
import type { NoticeTable } from '../store/tables.ts'
import { textOf } from './notices.ts'
import { type MailOptions, openTransport } from './transport.ts'

/** Sends what is due. */
export interface NoticeSender {
  /** Sends what is due now; answers how many went. */
  send(): Promise<number>
  /** Ends; what is under way is finished first, if that is soon. */
  close(): Promise<void>
}

/** Looks so often whether anything is due. */
const ROUND_MS = 2_000
/** At once: a long queue does not keep a process from its other work. */
const MAX_A_ROUND = 20
const FIRST_WAIT_MS = 60_000
const LAST_WAIT_MS = 6 * 3_600_000
/** How long the end of a process waits for a server that may have hung: what is cut then is sent by the next. */
const LAST_SEND_MS = 2_000
/** Whoever sends it has it for so long; afterwards another process may: SMTP's own times are shorter. */
const LEASE_MS = 5 * 60_000
/** RFC 5321 §4.5.4.1: give up after four or five days. */
const GIVE_UP_MS = 5 * 24 * 3_600_000

/** The wait before the next try, after so many. */
export function backOff(tries: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, tries - 1), LAST_WAIT_MS)
}

/** Begins to send. */
export function openNoticeSender(
  { store, clock, log, door }: Pick<Ground, 'store' | 'clock' | 'log' | 'door'>,
  mail: MailOptions,
): NoticeSender {
  const transport = openTransport(mail)
  const { from } = mail

  /** Takes one for this process: nobody else sends it meanwhile. */
  const take = async (id: string, nextAt: number, tries: number, now: number) => {
    const { numUpdatedRows } = await store.commit(({ db }) =>
      db
        .updateTable('login_notice')
        .set({ next_at: now + LEASE_MS, tries: tries + 1 })
        .where('id', '=', id)
        .where('next_at', '=', nextAt)
        .where('sent_at', 'is', null)
        .executeTakeFirst(),
    )
    return numUpdatedRows === 1n
  }
  const unsent = () =>
    store.db.selectFrom('login_notice').selectAll().where('sent_at', 'is', null).orderBy('next_at').limit(MAX_A_ROUND)
  const due = async (now: number) => [
    ...(await unsent().where('next_at', '<=', now).execute()),
    // What is further away than any wait was put there by a clock that has been stepped back.
    ...(await unsent()
      .where('next_at', '>', now + LAST_WAIT_MS)
      .execute()),
  ]
  const settle = async (id: string, set: { readonly sent_at: number } | { readonly next_at: number }) => {
    await store.commit(({ db }) => db.updateTable('login_notice').set(set).where('id', '=', id).execute())
  }

  /** Answers why it was not taken. */
  const sendOne = ({ id, email, ...notice }: Readonly<NoticeTable>): Promise<string | undefined> =>
    transport
      .send({
        from,
        // As an object: an address is never read as a list of them.
        to: { name: '', address: email },
        ...textOf(notice),
        messageId: `<${id}@${door}>`,
      })
      .then(() => undefined, reasonOf)

  const stop = new AbortController()
  const send = async () => {
    let sent = 0
    for (const row of await due(clock().epochMilliseconds)) {
      if (stop.signal.aborted) break
      const now = clock().epochMilliseconds
      if (!(await take(row.id, row.next_at, row.tries, now))) continue
      // Of five days ago, nobody needs to be told any more: the server was away, or there was none.
      const isOld = now - row.created_at > GIVE_UP_MS
      const failure = isOld ? 'nobody took it in time' : await sendOne(row)
      if (failure === undefined || isOld) await settle(row.id, { sent_at: now })
      else await settle(row.id, { next_at: now + backOff(row.tries + 1) })
      if (failure === undefined) sent++
      else log(isOld ? 'notice.lost' : 'notice.waits', { door, account: row.account, kind: row.kind, cause: failure })
    }
    return sent
  }

  const run = async () => {
    while (!stop.signal.aborted) {
      await send().catch((error: unknown) => log('login.failed', { door, path: 'notices', error: String(error) }))
      await delay(ROUND_MS, undefined, { signal: stop.signal, ref: false }).catch(ignoreAbort)
    }
  }
  const running = run()
  return {
    send,
    async close() {
      stop.abort()
      const cut = setTimeout(transport.cut, LAST_SEND_MS)
      await running
      clearTimeout(cut)
    },
  }
}

/** What the server or the network said, without what was said to it. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
