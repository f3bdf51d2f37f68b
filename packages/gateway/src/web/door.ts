// The web door: HTTP/1.1, HTTP/2 and WebSocket for callers that have been met, before one upstream or several.
import { createAcceptor, createRefusalResponder, followCertificate, type House } from '@countersign/mtls'
import { openListener } from '../kind/listener.ts'
import type { OpenDoor, Opener } from '../kind/model.ts'
import { openAsserter } from './assertion.ts'
import { type BuiltIn, type BuiltIns, createBuiltIns } from './built-in.ts'
import { lettingNobodyIn, openLogin } from './login.ts'
import { createMetServer, type Route } from './met-server.ts'
import { type CallersConfig, createNames, type Names } from './names.ts'
import type { PeopleConfig, WebHouse } from './people.ts'
import { STRICT_TRANSPORT } from './person-fields.ts'
import { createRoutes, type RouteKey, routeFaults } from './routes.ts'
import { openUpstream, type UpstreamConfig } from './upstream.ts'

/** What a web door is called, what it proves, where it listens and what is behind it. */
export interface WebDoorConfig {
  readonly name: string
  /** DNS names and IP addresses that the door proves; at least one. */
  readonly host: readonly [string, ...string[]]
  readonly listen: { readonly host: string; readonly port: number }
  /** What its names ask of callers. Default `require`, and `none` where people sign in. */
  readonly callers?: CallersConfig
  /** For what no route takes; `demo` and `bank` come with Countersign. Absent: nothing is there. */
  readonly upstream?: BuiltIn | UpstreamConfig
  /** Services for some hosts and paths. */
  readonly routes?: readonly RouteConfig[]
  /** The party of a proxy before the door, whose `Client-Cert` (RFC 9440) says who its callers are. Absent: nobody's does. */
  readonly from?: string
  /** The audience of signed statements about callers; absent: none are made. */
  readonly assertion?: string
  /** Of an authority that browsers believe: presented by the names that ask callers for nothing. Absent: the house's own. */
  readonly certificate?: { readonly chain: string; readonly key: string }
  /** People sign in, and whoever has not reaches nothing but that. Absent: callers are met, and nobody signs in. */
  readonly people?: PeopleConfig
}

/** Where requests for a host and a path go. */
export interface RouteConfig extends RouteKey {
  /** As rules name it, without `service:`: asked for each caller, beside the door. Absent: who may pass the door may have it. */
  readonly service?: string
  readonly upstream: BuiltIn | UpstreamConfig
}

/** The web door among the kinds. */
export const webDoor: Opener<WebDoorConfig> = {
  open: openWebDoor,
  calls: (config) =>
    config.people?.sms !== undefined ||
    routesOf(config).some(
      ({ upstream }) => typeof upstream !== 'string' && [upstream.url].flat().some((url) => url.startsWith('https:')),
    ),
  fixed: ['host', 'listen', 'callers', 'certificate', 'from', 'assertion', 'people'],
}

/**
 * Opens a web door. Every caller meets the gate first; a refused one reaches the responder and never the upstream.
 * @throws {TypeError} where the upstream's URL cannot be used; {IdentityError} where the keys of its statements cannot be read
 *   or kept, or its certificate cannot be presented; the system's error where the address cannot be listened on.
 */
export async function openWebDoor(config: WebDoorConfig, house: WebHouse): Promise<OpenDoor<WebDoorConfig>> {
  const { name, listen } = config
  const names = createNames(config.host, config.callers, config.people && 'none')
  const { assertion, host } = config
  await using opening = new AsyncDisposableStack()
  const certificate = await certificateOf(config, names, house)
  opening.defer(async () => certificate?.close())
  const stated = assertion === undefined ? undefined : { issuer: `https://${host[0]}`, audience: assertion }
  const asserter = stated && (await openAsserter({ door: name, ...stated }, house))
  opening.defer(async () => asserter?.close())
  // They outlive a change of the file: what a customer has under way is kept.
  const builtIns = createBuiltIns(stated && asserter && { ...stated, keys: () => asserter.keys }, house)
  opening.defer(() => builtIns.close())
  const login = config.people && (await openLogin(config, { ...house, ...(certificate && { identity: certificate }) }))
  opening.defer(async () => login?.close())
  // Those that requests are given to, and those before them that still answer.
  const open = new Set<Ways>()
  opening.defer(async () => void (await Promise.all([...open].map((each) => each.close()))))
  const openWays = async (wanted: WebDoorConfig) => {
    const ways = await waysOf(wanted, house, builtIns, login?.routes ?? [])
    open.add(ways)
    return ways
  }
  let ways = await openWays(config)
  const { from } = config
  const met = createMetServer(
    { door: name, names, routes: () => ways.routes, asserter, from, people: login?.people },
    house,
  )
  const refusals = createRefusalResponder(house.clock, config.people && STRICT_TRANSPORT)
  const acceptor = createAcceptor({
    ...house,
    ...(login && { access: lettingNobodyIn(house.access) }),
    door: name,
    alpn: ['h2', 'http/1.1'],
    callersOf: names.callersOf,
    ...(certificate && { ofBrowsers: certificate }),
    onAccepted: met.adopt,
    onRefused: refusals.answer,
  })
  const opened = opening.move()
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
    // A person's session is of no connection, and outlives the door.
    isMet: () => met.size > 0,
    async stop() {
      acceptor.close()
      await login?.stop()
    },
    async close() {
      refusals.close()
      met.close()
      await opened.disposeAsync()
    },
  })
  return {
    ...door,
    ...(asserter && { keys: () => asserter.keys }),
    ...(certificate && { reread: () => certificate.reread() }),
    upstreams: () => ways.states(),
    async prepare(next) {
      const others = await openWays(next)
      const leave = (old: Ways) => {
        open.delete(old)
        return old.close()
      }
      return {
        apply() {
          const old = ways
          ways = others
          const failed = (error: unknown) => house.log('upstream.failed', { door: name, cause: String(error) })
          // What cannot end by itself is closed all the same.
          void old
            .drain()
            .catch(failed)
            .then(() => leave(old))
            .catch(failed)
        },
        discard: () => leave(others),
      }
    },
  }
}

/** The certificate for browsers, where there is one. */
async function certificateOf({ name, host, certificate }: WebDoorConfig, { callersOf }: Names, { clock, log }: House) {
  if (certificate === undefined) return undefined
  const names = host.filter((each) => callersOf(each) === 'none')
  if (names.length === 0) throw new TypeError('every name of this door asks callers for a certificate of theirs')
  return followCertificate({ ...certificate, names }, { door: name, clock, log })
}

/** Every service behind a door, and which requests are for which. */
interface Ways {
  readonly routes: ReturnType<typeof createRoutes<Route & RouteKey>>
  states(): ReturnType<Route['upstream']['states']>
  /** Ends when what is under way has ended. */
  drain(): Promise<void>
  close(): Promise<void>
}

function routesOf({ upstream, routes = [] }: WebDoorConfig): readonly RouteConfig[] {
  return upstream === undefined ? routes : [...routes, { path: '/', upstream }]
}

async function waysOf(
  config: WebDoorConfig,
  house: House,
  builtIns: BuiltIns,
  ofLogin: readonly (Route & RouteKey)[],
): Promise<Ways> {
  const wanted = routesOf(config)
  const [fault] = routeFaults(config.host, wanted)
  if (fault) throw new TypeError(`route ${fault.index + 1}: ${fault.key} ${fault.message}`)
  await using opened = new AsyncDisposableStack()
  const configs = await Promise.all(
    wanted.map(async ({ upstream }) =>
      typeof upstream === 'string' ? { url: await builtIns.urlOf(upstream) } : upstream,
    ),
  )
  const routes = wanted.map(({ host, path, service }, i) => {
    const upstream = openUpstream(configs[i] ?? { url: '' }, config.name, house)
    opened.defer(() => upstream.close())
    return {
      path,
      upstream,
      ...(host !== undefined && { host }),
      ...(service !== undefined && { service: `service:${service}` }),
    }
  })
  const kept = opened.move()
  return {
    routes: createRoutes<Route & RouteKey>(config.host, [...ofLogin, ...routes]),
    states: () => routes.flatMap(({ upstream }) => upstream.states()),
    async drain() {
      await Promise.all(routes.map(({ upstream }) => upstream.drain()))
    },
    close: () => kept.disposeAsync(),
  }
}
