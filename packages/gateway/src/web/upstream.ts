// The service behind a door, and how it is reached: in clear on a trusted network, or by a meeting like any other.
import { type House, MeetingRefusedError } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { Pool } from 'undici'
import { type Balance, createBalance, type Way } from './balance.ts'
import { asksFor, reaches } from './health.ts'
import { type MutualPool, openMutualPool } from './mutual-pool.ts'

/** The service behind a door. */
export interface UpstreamConfig {
  /** `http://host:port` or `https://host:port`; a path is not part of it. Several are one service at several addresses. */
  readonly url: string | readonly [string, ...string[]]
  /**
   * What an `https` upstream must prove where that is not the host in `url`: a DNS name, or a URI as a SPIFFE ID is.
   * Without a meaning, and refused, beside `http`.
   */
  readonly name?: string
  /** How long a connection, with its handshake, may take. Default 10. */
  readonly connectSeconds?: number
  /** How long it may take to begin an answer. Default 60. */
  readonly timeoutSeconds?: number
  /** How long it may be silent within an answer that its caller reads. Default: for ever. */
  readonly idleSeconds?: number
  /** Most requests under way; more are told to come again. Default 1,024. */
  readonly maxRequests?: number
  /** Longest body of a request. Default: any length. */
  readonly maxBodyOctets?: number
  /** Asks each address whether it is well: a GET of `path` that 2xx or 3xx answers. Default: whether it can be reached. */
  readonly health?: HealthConfig
}

/** How a service is asked whether it is well. */
export interface HealthConfig {
  readonly path: string
  /** Default 10. */
  readonly everySeconds?: number
}

/** The way to it. */
export interface Upstream {
  readonly timeoutMs: number
  /** 0: none. */
  readonly idleMs: number
  readonly maxBodyOctets: number
  /** Is reached by TLS. */
  readonly secure: boolean
  /** The open meeting with that reference, where it is reached by TLS. */
  metAs(reference: string): Meeting | undefined
  /** The meeting that ended by this error, or was refused by us. */
  brokenBy(error: Error): Meeting | undefined
  /** As many requests are under way as may be. */
  readonly isFull: boolean
  /** The address for a request that has been tried at none of `tried`. It is released once, however the request ends. */
  take(tried: ReadonlySet<Way>): Way | undefined
  /** Its addresses, and which are left alone now. */
  states: Balance['states']
  /** Ends when what is under way has ended. */
  drain(): Promise<void>
  close(): Promise<void>
}

const ANSWER_TIMEOUT_SECONDS = 60
const CONNECT_TIMEOUT_SECONDS = 10
const MAX_REQUESTS = 1024
const HEALTH_SECONDS = 10

/**
 * Prepares the way to an upstream; nothing is connected yet. There are as many connections as requests under way: with
 * fewer, a few long streams would keep everybody else waiting.
 * @throws {TypeError} where a URL has another form.
 */
export function openUpstream(config: UpstreamConfig, door: string, house: House): Upstream {
  const { url, timeoutSeconds = ANSWER_TIMEOUT_SECONDS, maxRequests = MAX_REQUESTS, maxBodyOctets = Infinity } = config
  const { connectSeconds = CONNECT_TIMEOUT_SECONDS, idleSeconds = 0 } = config
  const connectMs = connectSeconds * 1000
  const urls = (typeof url === 'string' ? [url] : url).map(readUrl)
  const secure = urls.every(({ protocol }) => protocol === 'https:')
  if (!secure && urls.some(({ protocol }) => protocol === 'https:'))
    throw new TypeError(`${String(url)} is partly http and partly https`)
  if (!secure && config.name !== undefined)
    throw new TypeError(`nothing can be proved by ${String(url)}: use https, or leave the name out`)
  const pools = urls.map((each) => openPool(each, { name: config.name, connectMs, door }, house))
  const { health } = config
  const everyMs = health && (health.everySeconds ?? HEALTH_SECONDS) * 1000
  const probeOf = ({ dispatcher, reach }: OnePool, address: string) => {
    if (health && everyMs !== undefined)
      return asksFor({ dispatcher, address, path: health.path, timeoutMs: Math.min(connectMs, everyMs) })
    // To the one address there is, whatever comes is sent.
    return pools.length > 1 ? reach : undefined
  }
  const balance = createBalance(
    pools.map((pool, i) => {
      const address = urls[i]?.host ?? ''
      return { dispatcher: pool.dispatcher, address, probe: probeOf(pool, address) }
    }),
    (address, isDown, cause) =>
      house.log(isDown ? 'upstream.down' : 'upstream.up', { door, address, ...(cause && { cause: cause.message }) }),
    everyMs,
  )
  return {
    timeoutMs: timeoutSeconds * 1000,
    idleMs: idleSeconds * 1000,
    maxBodyOctets,
    secure,
    get isFull() {
      return balance.busy >= maxRequests
    },
    take: balance.take,
    states: balance.states,
    metAs: (reference) => firstOf(pools, (pool) => pool.metAs?.(reference)),
    brokenBy: (error) =>
      error instanceof MeetingRefusedError ? error.meeting : firstOf(pools, (pool) => pool.brokenBy?.(error)),
    async drain() {
      balance.close()
      await Promise.all(pools.map(({ dispatcher }) => dispatcher.close()))
    },
    async close() {
      balance.close()
      await Promise.all(pools.map((pool) => pool.close()))
    },
  }
}

function readUrl(text: string): URL {
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new TypeError(`${text} has more than host and port`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new TypeError(`${text} is neither http nor https`)
  return url
}

/** One address, in clear or by meetings. */
type OnePool = Pick<MutualPool, 'dispatcher' | 'reach' | 'close'> & Partial<MutualPool>

function firstOf(pools: readonly OnePool[], ask: (pool: OnePool) => Meeting | undefined): Meeting | undefined {
  for (const pool of pools) {
    const found = ask(pool)
    if (found) return found
  }
  return undefined
}

function openPool(
  url: URL,
  { name, connectMs, door }: { readonly name: string | undefined; readonly connectMs: number; readonly door: string },
  house: House,
): OnePool {
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  if (url.protocol === 'http:') {
    const pool = new Pool(url.origin, { connectTimeout: connectMs })
    return { dispatcher: pool, reach: reaches(host, Number(url.port || 80), connectMs), close: () => pool.destroy() }
  }
  return openMutualPool(
    { host, port: Number(url.port || 443), name, timeoutMs: connectMs, door: `${door} → ${url.host}` },
    house,
  )
}
