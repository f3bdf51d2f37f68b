// Which service a request is for, by host and path.
import { plainHost } from './names.ts'
import { OWN_PATHS } from './own-paths.ts'

/** What a request is matched by. */
export interface RouteKey {
  /** One of the door's hosts; absent: each of them. */
  readonly host?: string
  /** Begins with `/`, and ends with it only where it is nothing else. It takes what is equal or below, by whole segments. */
  readonly path: string
}

/** Routes, ready to be asked for each request. */
export interface Routes<Route> {
  /**
   * The route of a request: of its host before those of every host, and the longest path first. `unclear` where the path
   * could be read as another one by the service behind, so that no route may be chosen by it.
   */
  find(host: string | undefined, path: string): Route | 'unclear' | undefined
}

/** @param hosts Of the door, the first for requests that name none. */
export function createRoutes<Route extends RouteKey>(
  hosts: readonly [string, ...string[]],
  routes: readonly Route[],
): Routes<Route> {
  const chooses = routes.some(({ path }) => path !== '/')
  const longestFirst = (some: readonly Route[]) => some.toSorted((a, b) => b.path.length - a.path.length)
  const general = longestFirst(routes.filter(({ host }) => host === undefined))
  const byHost = new Map<string, Ordered<Route>>(
    hosts.map((name) => {
      const own = routes.filter(({ host }) => host !== undefined && plainHost(host) === plainHost(name))
      const ordered = [...longestFirst(own), ...general]
      return [plainHost(name), ordered.map((route) => ({ route, path: route.path, lower: route.path.toLowerCase() }))]
    }),
  )
  // As requests write them: callers use the same few.
  const written = new Map<string, Ordered<Route>>()
  const routesOf = (host: string): Ordered<Route> => {
    const before = written.get(host)
    if (before) return before
    const found = byHost.get(plainHost(host)) ?? []
    if (written.size >= MAX_WRITTEN_HOSTS) written.clear()
    written.set(host, found)
    return found
  }
  // Most doors: nothing is to be chosen.
  const only = routes.length === 1 && !chooses && routes[0]?.host === undefined ? routes[0] : undefined
  return {
    find(host = hosts[0], path) {
      if (only) return only
      const own = routesOf(host)
      if (!chooses) return own[0]?.route
      const end = path.indexOf('?')
      const plain = end === -1 ? path : path.slice(0, end)
      if (isUnclear(plain)) return 'unclear'
      const bare = plain.includes(';') ? plain.replaceAll(/;[^/]*/g, '') : plain
      const found = firstOf(own, bare, false)
      // Whom one route lets through must not reach what another guards, however loosely the service reads.
      return firstOf(own, loose(bare), true) === found ? found?.route : 'unclear'
    },
  }
}

/** In the order in which they count. */
type Ordered<Route> = readonly { readonly route: Route; readonly path: string; readonly lower: string }[]

function firstOf<Route>(routes: Ordered<Route>, path: string, isLower: boolean): Ordered<Route>[number] | undefined {
  for (const each of routes) if (isBelow(path, isLower ? each.lower : each.path)) return each
  return undefined
}

/**
 * Express, IIS and others do not look at case; Windows forgets dots and spaces at the end of a name; what decodes before it
 * takes a path apart ends it at `%3f` and `%23`.
 */
function loose(path: string): string {
  const lower = path.toLowerCase()
  return LOOSE.test(lower)
    ? lower
        .replace(/%(?:3f|23).*$/, '')
        .split('/')
        .map(withoutEnd)
        .join('/')
    : lower
}
const LOOSE = /%(?:3f|2[03])|\.(?:\/|$)/

// By hand: a regular expression would begin anew at each of many dots.
function withoutEnd(segment: string): string {
  let end = segment.length
  for (;;) {
    if (segment[end - 1] === '.') end--
    else if (segment.endsWith('%20', end)) end -= 3
    else return segment.slice(0, end)
  }
}

// Hosts differ by case, port and dot; whoever makes up many pushes the others out, and no more.
const MAX_WRITTEN_HOSTS = 256

function isBelow(path: string, prefix: string): boolean {
  if (prefix === '/') return true
  return path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')
}

// Dot segments, empty segments, a backslash, and octets in place of what RFC 3986 §6.2.2.2 calls equivalent: unreserved
// characters, and of slash, backslash, semicolon and NUL; those that no UTF-8 has (RFC 3629 §3), by which slashes were
// smuggled. An octet written twice over stands for nothing that is meant well.
const UNCLEAR =
  /\/(?:[/;]|\.{1,2}(?:[/;]|$))|\\|%(?:00|2[def]|3[0-9b]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae]|c[01]|25[0-9a-f]{2})/i

/**
 * Could a service take this path for another one?
 * @see RFC 3986 §6.2.2
 */
export function isUnclear(path: string): boolean {
  return UNCLEAR.test(path)
}

/** What is wrong with one route of a list. */
export interface RouteFault {
  readonly index: number
  readonly key: keyof RouteKey
  readonly message: string
  readonly near?: readonly [word: string, names: readonly string[]]
}

/** What is wrong with a list of routes: a host that the door does not have, what an earlier one takes already, and what nothing reaches. */
export function routeFaults(hosts: readonly string[], routes: readonly RouteKey[]): readonly RouteFault[] {
  const seen = new Map<string, number>()
  return routes.flatMap((route, index): RouteFault[] => {
    const { host, path } = route
    if (host !== undefined && !isOf(hosts, host)) {
      const message = `must be one of the door's hosts: ${hosts.join(', ')}`
      return [{ index, key: 'host', message, near: [host, hosts] }]
    }
    if (OWN_PATHS.includes(path))
      return [{ index, key: 'path', message: 'must be another: the door answers there itself' }]
    // Two that differ in case alone are one to services that do not look at it.
    const key = `${host === undefined ? '*' : plainHost(host)} ${path.toLowerCase()}`
    const before = seen.get(key)
    seen.set(key, before ?? index)
    if (before !== undefined)
      return [{ index, key: 'path', message: `must differ from that of route ${before + 1}, which takes the same` }]
    const covering = host === undefined ? coveredBy(hosts, routes, path) : []
    if (covering.length === 0) return []
    const others = [...new Set(covering)].map((number) => number + 1).join(', ')
    const message = `must be reached by something: on every host, what it would take is taken before (route ${others})`
    return [{ index, key: 'path', message }]
  })
}

/** The routes of single hosts that take everything from one of every host; none where something is left for it. */
function coveredBy(hosts: readonly string[], routes: readonly RouteKey[], path: string): readonly number[] {
  const covering = hosts.map((name) =>
    routes.findIndex(({ host, path: own }) => host !== undefined && isOf([name], host) && isBelow(path, own)),
  )
  return covering.includes(-1) ? [] : covering
}

function isOf(hosts: readonly string[], host: string): boolean {
  return hosts.some((name) => plainHost(name) === plainHost(host))
}
