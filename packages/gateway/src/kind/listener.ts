// What every door does around its protocol: it listens, drains and closes.
import { chmod, lstat, rm } from 'node:fs/promises'
import { connect, createServer, type Server, type ServerOpts, type Socket } from 'node:net'
import type { Door, House } from '@countersign/mtls'
import type { Address } from './address.ts'

/** What a door does with its connections, and how it ends. */
export interface Listening {
  readonly name: string
  readonly kind: string
  /** As in `https`; the URL of a Unix socket begins with `unix:`. */
  readonly scheme: string
  readonly listen: Address
  readonly server: ServerOpts
  readonly house: Pick<House, 'sessions' | 'log'>
  onConnection(raw: Socket): void
  /** Whether something is open that is no session of the index. */
  isBusy?(): boolean
  /** Whether somebody is connected. Default: whether the index has sessions. */
  isMet?(): boolean
  /** Ends what is open without work under way. Called again and again while the door drains. */
  endIdle(): void
  /** Ends what has not met yet, and what is not to end by a cut; called once, before the sessions are cut. */
  stop(): void | Promise<void>
  /** Called once, after every session has ended. */
  close(): Promise<void>
}

const DRAIN_POLL_MS = 20

/** Listens, and makes the door. @throws the system's error where the address cannot be listened on; `close` has then been called. */
export async function openListener(listening: Listening): Promise<Door> {
  const { name, kind, scheme, listen, house } = listening
  const server = createServer(listening.server, (raw) => listening.onConnection(raw))
  try {
    if ('path' in listen) await clearAbandoned(listen.path)
    await listenOn(server, listen)
    // Whoever can connect speaks to this door; the directory's own mode keeps others out until here.
    if ('path' in listen) await chmod(listen.path, 0o600)
  } catch (error) {
    server.close()
    await listening.close()
    throw error
  }
  // Too many open files, say: the next connection may find room.
  server.on('error', (error) => house.log('door.accept-failed', { door: name, cause: error.message }))
  const address = server.address()

  const isMet = () => listening.isMet?.() ?? house.sessions.size > 0
  let closing: Promise<void> | undefined
  const close = async () => {
    const closed = new Promise<void>((done) => server.close(() => done()))
    await listening.stop()
    await Promise.all(house.sessions.list().map((session) => session.cut('ERR_DOOR_DRAINING')))
    await listening.close()
    await closed
    if ('path' in listen) await rm(listen.path, { force: true })
  }
  return {
    name,
    kind,
    url: urlOf(scheme, address, listen),
    sessions: house.sessions,
    close: () => {
      closing ??= close()
      return closing
    },
    async drain(timeoutMs) {
      server.close()
      const deadline = performance.now() + timeoutMs
      while ((isMet() || listening.isBusy?.() === true) && performance.now() < deadline) {
        listening.endIdle()
        await new Promise((next) => setTimeout(next, DRAIN_POLL_MS))
      }
      closing ??= close()
      await closing
    },
  }
}

/** Resolves when it listens. @throws (rejects) the system's error. */
export function listenOn(server: Server, listen: Address): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen({ ...listen }, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}

/** A process that was killed leaves its socket behind: what nobody answers at is taken away. */
export async function clearAbandoned(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = connect({ path }, () => resolve(false))
  probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  const abandoned = await promise
  probe.destroy()
  if (abandoned && (await lstat(path)).isSocket()) await rm(path)
}

function urlOf(scheme: string, address: ReturnType<Server['address']>, listen: Address): string {
  if ('path' in listen || address === null || typeof address === 'string') return `unix:${address}`
  const { address: host, port, family } = address
  return `${scheme}://${family === 'IPv6' ? `[${host}]` : host}:${port}`
}
