// The service behind a door, and how it is reached.
import { type Dispatcher, Pool } from 'undici'

export interface UpstreamConfig {
  /** `http://host:port`; a path is not part of it. */
  readonly url: string
  /** How long it may take to begin an answer, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number
}

export interface Upstream {
  readonly dispatcher: Dispatcher
  readonly timeoutMs: number
  close(): Promise<void>
}

const ANSWER_TIMEOUT_MS = 60_000
const CONNECT_TIMEOUT_MS = 10_000

/** Prepares the way to an upstream; nothing is connected yet. @throws {TypeError} where its URL has another form. */
export function openUpstream({ url: text, timeoutMs = ANSWER_TIMEOUT_MS }: UpstreamConfig): Upstream {
  const url = new URL(text)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new TypeError(`${text} has more than host and port`)
  if (url.protocol !== 'http:') throw new TypeError(`${text} is not http`)
  // As many connections as requests under way: with fewer, a few long streams would keep everybody else waiting.
  const pool = new Pool(url.origin, { connectTimeout: CONNECT_TIMEOUT_MS })
  return { dispatcher: pool, timeoutMs, close: () => pool.destroy() }
}
