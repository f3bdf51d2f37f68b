// Sends notices, and makes nobody wait for it: what cannot be sent now is tried again, later and later.
import { setTimeout as delay } from 'node:timers/promises'
import { createTransport } from 'nodemailer'
import type { Ground } from '../ground.ts'
import { textOf } from './notices.ts'

/** An SMTP server that takes our mail. */
export interface MailOptions {
  readonly host: string
  readonly port: number
  /** `tls`: from the first octet (RFC 8314 §3). `starttls`: or not at all. `none`: on this machine alone. */
  readonly security: 'tls' | 'starttls' | 'none'
  /** Secret: `password`. */
  readonly login?: { readonly user: string; readonly password: string }
  /** As in `Bank <notices@bank.example>`. */
  readonly from: string
  /** PEM, of whoever vouches for the server, where that is nobody whom everybody knows. */
  readonly ca?: string
}

/** Sends what is due. */
export interface NoticeSender {
  /** Sends what is due now; answers how many went. */
  send(): Promise<number>
  /** Ends; what is under way is finished first. */
  close(): Promise<void>
}

/** Looks so often whether anything is due. */
const ROUND_MS = 2_000
/** At once: a long queue does not keep a process from its other work. */
const MAX_A_ROUND = 20
const FIRST_WAIT_MS = 60_000
const LAST_WAIT_MS = 6 * 3_600_000
/** Whoever sends it has it for so long; afterwards another process may: SMTP's own times are shorter. */
const LEASE_MS = 5 * 60_000
/** RFC 5321 §4.5.4.1: give up after four or five days. */
const GIVE_UP_MS = 5 * 24 * 3_600_000
const TIMES = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 }

/** The wait before the next try, after so many. */
export function backOff(tries: number): number {
  return Math.min(FIRST_WAIT_MS * 2 ** Math.max(0, tries - 1), LAST_WAIT_MS)
}

/** Begins to send. */
export function openNoticeSender(
  { store, clock, log, door }: Pick<Ground, 'store' | 'clock' | 'log' | 'door'>,
  { host, port, security, login, from, ca }: MailOptions,
): NoticeSender {
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(login && { auth: { user: login.user, pass: login.password } }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    ...TIMES,
    // What is in a notice is text: nothing of it names a file or an address that is read.
    disableFileAccess: true,
    disableUrlAccess: true,
  })

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

  const send = async () => {
    let sent = 0
    for (const row of await due(clock().epochMilliseconds)) {
      const now = clock().epochMilliseconds
      if (!(await take(row.id, row.next_at, row.tries, now))) continue
      const { subject, text } = textOf(row)
      const failure = await transport
        // As an object: an address is never read as a list of them.
        .sendMail({ from, to: { name: '', address: row.email }, subject, text, messageId: `<${row.id}@${door}>` })
        .then(() => undefined, reasonOf)
      if (failure === undefined) {
        sent++
        await settle(row.id, { sent_at: now })
      } else if (now - row.created_at > GIVE_UP_MS) {
        log('notice.lost', { door, account: row.account, kind: row.kind, cause: failure })
        await settle(row.id, { sent_at: now })
      } else {
        log('notice.waits', { door, account: row.account, kind: row.kind, cause: failure })
        await settle(row.id, { next_at: now + backOff(row.tries + 1) })
      }
    }
    return sent
  }

  const stop = new AbortController()
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
      await running
      transport.close()
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
