// From HTTP to the feed, on a connection that has met the authority.
import { request as requestHttp } from 'node:http'
import type { Duplex } from 'node:stream'
import { FEED_PATH, FEED_PROTOCOL } from '@countersign/protocol'

/** The feed cannot be believed, or not followed. */
export class FeedError extends Error {
  override readonly name = 'FeedError'
}

/** Asks for the feed on a connection that has met the authority. @throws {FeedError} where it does not switch. */
export async function upgrade(socket: Duplex, host: string, timeoutMs: number): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const request = requestHttp({
    path: FEED_PATH,
    createConnection: () => socket,
    headers: { host, connection: 'Upgrade', upgrade: FEED_PROTOCOL },
  })
  const timer = setTimeout(
    () => socket.destroy(new FeedError(`the authority does not answer within ${timeoutMs / 1000} s`)),
    timeoutMs,
  )
  request.once('error', reject)
  request.once('response', (response) => {
    response.destroy()
    const why =
      response.statusCode === 403
        ? 'this party may not follow: its name must begin with door/'
        : `status ${response.statusCode}`
    reject(new FeedError(`the authority does not open its feed: ${why}`))
  })
  request.once('upgrade', (_response, upgraded, head) => {
    if (head.length > 0) upgraded.unshift(head)
    resolve(upgraded)
  })
  request.end()
  return promise.finally(() => clearTimeout(timer))
}
