// What ends in this process although nobody asks: what another process ended, and what is over.
import type { RefusalCode } from '@countersign/protocol'
import type { Ground } from '../ground.ts'
import type { HeldSessions } from './held.ts'
import { overBy } from './rotation.ts'
import { readCause, type SessionRow } from './row.ts'

const SWEEP_MS = 1000
/** What nothing hangs on is found to be over when it comes again; only lists would have it for so many rounds. */
const ROUNDS_OF_ALL = 60
/** Ids of one question. */
const AT_ONCE = 500

/** What a round does with what it finds. */
export interface Ends {
  /** Writes into its row that a session was cut here. */
  writeCut(id: string, cause: RefusalCode): Promise<void>
  end(id: string, cause: RefusalCode): Promise<void>
}

/** Sweeps every second, until closed; each round looks at what something hangs on. */
export function sweeping(
  { door, store, clock, log }: Pick<Ground, 'door' | 'store' | 'clock' | 'log'>,
  held: HeldSessions,
  unwritten: ReadonlyMap<string, RefusalCode>,
  { writeCut, end }: Ends,
): { readonly sweep: () => Promise<void>; readonly close: () => Promise<void> } {
  let rounds = 0
  const sweep = async () => {
    for (const [id, cause] of [...unwritten]) await writeCut(id, cause)
    const ids = held.ids(rounds++ % ROUNDS_OF_ALL === 0 ? 'all' : 'followed')
    for (let i = 0; i < ids.length; i += AT_ONCE) {
      const some = ids.slice(i, i + AT_ONCE)
      const rows = await store.db.selectFrom('login_session').selectAll().where('id', 'in', some).execute()
      const found = new Map(rows.map((row) => [row.id, row]))
      for (const id of some) await look(id, found.get(id))
    }
  }
  const look = async (id: string, row: SessionRow | undefined) => {
    if (row === undefined) held.end(id, 'ERR_SESSION_OVER')
    else if (row.ended_by !== null) held.end(id, readCause(row.ended_by))
    else {
      const cause = overBy(row, clock())
      if (cause !== undefined) await end(id, cause)
    }
  }

  let round: Promise<void> | undefined
  const timer = setInterval(() => {
    round ??= sweep()
      .catch((error: unknown) => log('login.failed', { door, path: 'session', error: String(error) }))
      .finally(() => {
        round = undefined
      })
  }, SWEEP_MS).unref()
  return {
    sweep,
    async close() {
      clearInterval(timer)
      await round
      held.close()
    },
  }
}
