// The service behind a door, and how it is reached: in clear on a trusted network, or by a meeting like any other.
import type { House } from '@countersign/mtls'
import { type Dispatcher, Pool } from 'undici'
import { openMutualPool } from './mutual-pool.ts'

/** The service behind a door. */
export interface UpstreamConfig {
  /** `http://host:port` or `https://host:port`; a path is not part of it. */
  readonly url: string
  /**
   * What an `https` upstream must prove where that is not the host in `url`: a DNS name, or a URI as a SPIFFE ID is.
   * Without a meaning, and refused, beside `http`.
   */
  readonly name?: string
  /** How long it may take to begin an answer, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
}

/** The way to it. */
export interface Upstream {
  readonly dispatcher: Dispatcher
  readonly timeoutMs: number
  /** Is reached by TLS. */
  readonly secure: boolean
  close(): Promise<void>
}

const ANSWER_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/**
 * Prepares the way to an upstream; nothing is connected yet. There are as many connections as requests under way: with
 * fewer, a few long streams would keep everybody else waiting.
 * @throws {TypeError} where the URL has another form.
 */
export function openUpstream(config: UpstreamConfig, door: string, house: House): Upstream {
  const { url: text, name, timeoutMs = ANSWER_TIMEOUT_MS } = config
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new TypeError(`${text} has more than host and port`)
  switch (url.protocol) {
    case 'http:': {
      if (name !== undefined) throw new TypeError(`nothing can be proved by ${text}: use https, or leave the name out`)
      const pool = new Pool(url.origin, { connectTimeout: CONNECT_TIMEOUT_MS })
      return { dispatcher: pool, timeoutMs, secure: false, close: () => pool.destroy() }
    }
    case 'https:': {
      const host = url.hostname.replaceAll(/^\[|\]$/g, '')
      const pool = openMutualPool(
        { host, port: Number(url.port || 443), name, timeoutMs: CONNECT_TIMEOUT_MS, door: `${door} → ${url.host}` },
        house,
      )
      return { ...pool, timeoutMs, secure: true }
    }
    default:
      throw new TypeError(`${text} is neither http nor https`)
  }
}
