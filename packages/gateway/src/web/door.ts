// The web door: HTTP/1.1 and WebSocket for callers that have been met, before one upstream.
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createAcceptor, type Door, type House } from '@countersign/mtls'
import { openDemoUpstream } from '../demo/upstream.ts'
import type { Opener } from '../kind/model.ts'
import { createMetServer } from './met-server.ts'
import { createRefusalResponder } from './refusal.ts'
import { openUpstream, type UpstreamConfig } from './upstream.ts'

/** What a web door is called, what it proves, where it listens and what is behind it. */
export interface WebDoorConfig {
  readonly name: string
  /** DNS names and IP addresses that the door proves; at least one. */
  readonly host: readonly [string, ...string[]]
  readonly listen: { readonly host: string; readonly port: number }
  /** `demo` is the small service that comes with Countersign; it is opened and closed with the door. */
  readonly upstream: 'demo' | UpstreamConfig
}

const DRAIN_POLL_MS = 20

/** The web door among the kinds. */
export const webDoor: Opener<WebDoorConfig> = {
  open: openWebDoor,
  calls: ({ upstream }) => upstream !== 'demo' && upstream.url.startsWith('https:'),
}

/**
 * Opens a web door. Every caller meets the gate first; a refused one reaches the responder and never the upstream.
 * @throws {TypeError} where the upstream's URL cannot be used; the system's error where the address cannot be listened on.
 */
export async function openWebDoor(config: WebDoorConfig, house: House): Promise<Door> {
  const { name } = config
  const demo = config.upstream === 'demo' ? await openDemoUpstream({ host: '127.0.0.1', port: 0 }) : undefined
  const upstream = openUpstream(config.upstream === 'demo' ? { url: demo?.url ?? '' } : config.upstream, name, house)
  const closeUpstream = async () => {
    await upstream.close()
    await demo?.close()
  }
  const met = createMetServer(name, upstream, house)
  const refusals = createRefusalResponder(house.clock)
  const acceptor = createAcceptor({
    door: name,
    identity: house.identity,
    trust: house.trust,
    access: house.access,
    clock: house.clock,
    sessions: house.sessions,
    record: house.record,
    log: house.log,
    alpn: ['http/1.1'],
    onAccepted: met.adopt,
    onRefused: refusals.answer,
  })
  const server = createServer({ noDelay: true }, (raw) => acceptor.accept(raw))
  await listen(server, config.listen).catch(async (error: unknown) => {
    await closeUpstream()
    throw error
  })
  // Too many open files, say: the next connection may find room.
  server.on('error', (error) => house.log('door.accept-failed', { door: name, cause: error.message }))
  const { address, port, family } = server.address() as AddressInfo

  let closing: Promise<void> | undefined
  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    acceptor.close()
    await Promise.all(house.sessions.list().map((session) => session.cut('ERR_DOOR_DRAINING')))
    refusals.close()
    met.close()
    await closeUpstream()
    await closed
  }
  return {
    name,
    kind: 'web',
    url: `https://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    sessions: house.sessions,
    close: () => {
      closing ??= close()
      return closing
    },
    async drain(timeoutMs) {
      server.close()
      const deadline = performance.now() + timeoutMs
      while (house.sessions.size > 0 && performance.now() < deadline) {
        met.endIdle()
        await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS))
      }
      closing ??= close()
      await closing
    },
  }
}

function listen(server: Server, { host, port }: WebDoorConfig['listen']): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}
