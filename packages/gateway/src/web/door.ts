// The web door: HTTP/1.1 and WebSocket for callers that have been met, before one upstream.
import { createAcceptor, type Door, type House } from '@countersign/mtls'
import { openDemoUpstream } from '../demo/upstream.ts'
import { openListener } from '../kind/listener.ts'
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
  const { name, listen } = config
  const demo = config.upstream === 'demo' ? await openDemoUpstream({ host: '127.0.0.1', port: 0 }) : undefined
  const upstream = openUpstream(config.upstream === 'demo' ? { url: demo?.url ?? '' } : config.upstream, name, house)
  const met = createMetServer(name, upstream, house)
  const refusals = createRefusalResponder(house.clock)
  const acceptor = createAcceptor({
    ...house,
    door: name,
    alpn: ['http/1.1'],
    onAccepted: met.adopt,
    onRefused: refusals.answer,
  })
  return openListener({
    name,
    kind: 'web',
    scheme: 'https',
    listen,
    server: { noDelay: true },
    house,
    onConnection: (raw) => acceptor.accept(raw),
    endIdle: () => met.endIdle(),
    // Who is in the middle of a handshake has been let in by the listener already.
    isBusy: () => acceptor.pending > 0,
    stop: () => acceptor.close(),
    async close() {
      refusals.close()
      met.close()
      await upstream.close()
      await demo?.close()
    },
  })
}
