// From the store into the tree: what was committed gets its number, and within a second a checkpoint that it is under.
import type { Log } from '@countersign/mtls'
import { AuthorityError } from '../error.ts'
import type { Failpoint } from '../failpoints.ts'
import type { LedgerKey } from '../keys/ledger-key.ts'
import type { Store } from '../store/store.ts'
import { openLedgerDirectory } from './directory.ts'
import { LedgerError } from './error.ts'
import { type Ledger, openLedger } from './ledger.ts'

/** From the first entry that waits to a checkpoint with all that came meanwhile. */
const GATHER_MS = 250
/** A disk that is full is not tried four times a second. */
const AFTER_FAILURE_MS = 5_000
/** How often one looks who shares a store: what another authority has written is in nobody's hands where that was killed. */
const LOOK_MS = 500
/** Entries in one checkpoint, at most. */
const BATCH = 4_096

export interface Integration {
  readonly ledger: Ledger
  /** The store, which sees to it that what is committed comes into the tree. */
  readonly store: Store
  /** The number of what happened last, as of the last look. */
  readonly newest: number
  /** After what is committed is in the tree, where that can be. */
  close(): Promise<void>
}

/**
 * Opens the ledger in `directory`, and follows the store. What its files lack is written from the store; what they have
 * more than the store is refused: then the store is an old one, and would write another history.
 * @throws {AuthorityError} (rejects)
 */
export async function openIntegration({
  store,
  directory,
  log,
  onGrown,
  failpoint = () => undefined,
  ...signing
}: {
  store: Store
  directory: string
  log: Log
  /** After more is numbered, and in the tree where it belongs there. */
  onGrown: () => void
  failpoint?: Failpoint
} & LedgerKey): Promise<Integration> {
  const ledger = await openLedger({ store: openLedgerDirectory(directory), failpoint, ...signing })
    .then((opened) => compareEnd(opened, store, directory))
    .catch((cause: unknown) => {
      if (!(cause instanceof LedgerError)) throw cause
      throw new AuthorityError('ERR_AUTHORITY_LEDGER', directory, cause.message, { cause })
    })
  let seen = await store.ledger.newest()
  const work = async () => {
    await integrate(ledger, store, failpoint)
    const newest = await store.ledger.newest()
    if (newest === seen) return
    seen = newest
    onGrown()
  }
  const follower = createFollower(work, log)
  follower.tell()
  const look = store.onElsewhere && setInterval(follower.tell, LOOK_MS).unref()
  return {
    ledger,
    get newest() {
      return seen
    },
    store: {
      ...store,
      async commit(work) {
        const result = await store.commit(work)
        follower.tell()
        return result
      },
    },
    close() {
      clearInterval(look)
      return follower.close()
    },
  }
}

/** The last entry of the tree must be that of its number in the store. */
async function compareEnd(ledger: Ledger, store: Store, directory: string): Promise<Ledger> {
  const last = ledger.checkpoint.size - 1
  if (last < 0) return ledger
  const entries = await store.ledger.from(last, 1)
  if (entries.length === 0)
    throw new AuthorityError('ERR_AUTHORITY_LEDGER', directory, 'it has entries that the store has not')
  await ledger.append(last, entries)
  return ledger
}

async function integrate(ledger: Ledger, store: Store, failpoint: Failpoint): Promise<void> {
  for (;;) {
    if (await store.ledger.isWaiting()) {
      await store.commit(async (tx) => {
        await tx.ledger.number(BATCH)
        failpoint('ledger.before-commit')
      })
      failpoint('ledger.after-commit')
    }
    const { size } = ledger.checkpoint
    const entries = await store.ledger.from(size, BATCH)
    if (entries.length === 0) return
    await ledger.append(size, entries)
  }
}

/** Runs `work` soon after it was told, and a last time at the end; never twice at once. One that fails is tried again. */
function createFollower(work: () => Promise<void>, log: Log): { tell(): void; close(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let closed = false

  async function run(): Promise<void> {
    timer = undefined
    try {
      await work()
    } catch (error) {
      log('ledger.failed', { cause: error instanceof Error ? error.message : String(error) })
      if (!closed) start(AFTER_FAILURE_MS)
    }
  }

  function start(milliseconds: number): void {
    timer ??= setTimeout(() => {
      running = running.then(run)
    }, milliseconds).unref()
  }

  return {
    tell() {
      if (!closed) start(GATHER_MS)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await running
      await run()
    },
  }
}
