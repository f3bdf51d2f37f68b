// Whether an address of a service is well, found out beside the requests.
import { connect } from 'node:net'
import type { Dispatcher } from 'undici'

/** Whom to ask for what. */
interface Question {
  readonly dispatcher: Dispatcher
  /** host:port, for the field `Host`. */
  readonly address: string
  readonly path: string
  readonly timeoutMs: number
}

/** Asks for `path`, as no caller: rejects where it is not answered in time by 2xx or 3xx. */
export function asksFor({ dispatcher, address, path, timeoutMs }: Question): () => Promise<void> {
  return async () => {
    // Of the way there, too, and of an answer that does not end.
    const signal = AbortSignal.timeout(timeoutMs)
    const { statusCode, body } = await dispatcher.request({
      method: 'GET',
      path,
      headers: { host: address, via: '1.1 countersign' },
      signal,
    })
    await body.dump({ limit: MAX_ANSWER_OCTETS, signal })
    if (statusCode < 200 || statusCode > 399) throw new Error(`${path} is answered by ${statusCode}`)
  }
}

const MAX_ANSWER_OCTETS = 65_536

/** Rejects where nobody takes a connection in time. */
export function reaches(host: string, port: number, timeoutMs: number): () => Promise<void> {
  return () => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const socket = connect({ host, port, signal: AbortSignal.timeout(timeoutMs) })
    socket.once('error', reject).once('connect', () => {
      socket.destroy()
      resolve()
    })
    return promise
  }
}
