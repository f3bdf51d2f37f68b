// Words that other authorities on the same database send: LISTEN, on a connection of its own that comes back.
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

/** What is listened to, and by whom. */
export interface ListenOptions {
  /** A plain lower-case name. */
  readonly channel: string
  readonly listener: (word?: string) => void
  readonly onFault: (error: Error) => void
}

/** Listens until it is closed. */
export interface Listening {
  close(): Promise<void>
}

const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 10_000
const CONNECT_MS = 5_000

/** Begins to listen. Each time it has connected, `listener` is called without a word: some may have been missed. */
export function createListening(url: string, { channel, listener, onFault }: ListenOptions): Listening {
  const stop = new AbortController()
  let client: Client | undefined

  /** One connection, to its end. */
  const listen = async (): Promise<void> => {
    const own = new Client({
      connectionString: url,
      application_name: 'countersign listens',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    })
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    own.once('end', resolve)
    own.on('error', (error) => {
      if (!stop.signal.aborted) onFault(error)
      resolve()
    })
    client = own
    await own.connect()
    own.on('notification', ({ payload }) => listener(payload))
    await own.query(`LISTEN ${channel}`)
    listener()
    await ended
  }
  const run = async () => {
    let failures = 0
    while (!stop.signal.aborted) {
      const began = performance.now()
      try {
        await listen()
      } catch (error) {
        if (!stop.signal.aborted) onFault(error instanceof Error ? error : new Error(String(error)))
      }
      failures = performance.now() - began > LAST_RETRY_MS ? 1 : failures + 1
      await delay(Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS), undefined, {
        signal: stop.signal,
      }).catch(ignoreAbort)
    }
  }
  const running = run()
  return {
    async close() {
      stop.abort()
      // It may be connecting, or gone already: its end is all that is wanted.
      await client?.end().catch(() => undefined)
      await running
    },
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error
}
