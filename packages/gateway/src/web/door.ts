// The web door: HTTP/1.1, HTTP/2 and WebSocket for callers that have been met, before one upstream.
import { createAcceptor, createRefusalResponder, type House } from '@countersign/mtls'
import { openDemoUpstream } from '../demo/upstream.ts'
import { openListener } from '../kind/listener.ts'
import type { OpenDoor, Opener } from '../kind/model.ts'
import { createAsserter } from './assertion.ts'
import { createMetServer } from './met-server.ts'
import { type CallersConfig, createNames } from './names.ts'
import { openUpstream, type Upstream, type UpstreamConfig } from './upstream.ts'

/** What a web door is called, what it proves, where it listens and what is behind it. */
export interface WebDoorConfig {
  readonly name: string
  /** DNS names and IP addresses that the door proves; at least one. */
  readonly host: readonly [string, ...string[]]
  readonly listen: { readonly host: string; readonly port: number }
  /** What its names ask of callers. Default `require`. */
  readonly callers?: CallersConfig
  /** `demo` is the small service that comes with Countersign; it is opened and closed with the door. */
  readonly upstream: 'demo' | UpstreamConfig
  /** The audience of signed statements about callers; absent: none are made. */
  readonly assertion?: string
}

/** The web door among the kinds. */
export const webDoor: Opener<WebDoorConfig> = {
  open: openWebDoor,
  calls: ({ upstream }) => upstream !== 'demo' && upstream.url.startsWith('https:'),
  fixed: ['host', 'listen', 'callers', 'assertion'],
}

/**
 * Opens a web door. Every caller meets the gate first; a refused one reaches the responder and never the upstream.
 * @throws {TypeError} where the upstream's URL cannot be used; the system's error where the address cannot be listened on.
 */
export async function openWebDoor(config: WebDoorConfig, house: House): Promise<OpenDoor<WebDoorConfig>> {
  const { name, listen } = config
  const names = createNames(config.host, config.callers)
  // The one that requests are given to, and those before it that still answer.
  const ways = new Set<Upstream>()
  const open = async (wanted: WebDoorConfig) => {
    const way = await openWay(wanted, house)
    ways.add(way)
    return way
  }
  let upstream = await open(config)
  const { assertion, host } = config
  const asserter = assertion === undefined ? undefined : createAsserter(`https://${host[0]}`, assertion, house.clock)
  const met = createMetServer({ door: name, names, upstream: () => upstream, asserter }, house)
  const refusals = createRefusalResponder(house.clock)
  const acceptor = createAcceptor({
    ...house,
    door: name,
    alpn: ['h2', 'http/1.1'],
    callersOf: names.callersOf,
    onAccepted: met.adopt,
    onRefused: refusals.answer,
  })
  const door = await openListener({
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
      await Promise.all([...ways].map((way) => way.close()))
    },
  })
  return {
    ...door,
    ...(asserter && { keys: asserter.keys }),
    async prepare(next) {
      const way = await open(next)
      const leave = (old: Upstream) => {
        ways.delete(old)
        return old.close()
      }
      return {
        apply() {
          const old = upstream
          upstream = way
          old.dispatcher.close().then(
            () => leave(old),
            (error: Error) => house.log('upstream.failed', { door: name, cause: error.message }),
          )
        },
        discard: () => leave(way),
      }
    },
  }
}

async function openWay({ name, upstream }: WebDoorConfig, house: House): Promise<Upstream> {
  if (upstream !== 'demo') return openUpstream(upstream, name, house)
  const demo = await openDemoUpstream({ host: '127.0.0.1', port: 0 })
  const way = openUpstream({ url: demo.url }, name, house)
  return {
    ...way,
    async close() {
      await way.close()
      await demo.close()
    },
  }
}
