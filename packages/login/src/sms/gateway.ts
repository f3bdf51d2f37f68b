// The gateway that messages by SMS are given to: the operator's own, in whichever way it sends them. It proves itself, and hears
// nobody but this door.
import { randomUUID } from 'node:crypto'
import { request } from 'node:https'
import { agentFor, type ClientIdentity } from '@countersign/mtls'

/** Where messages go, and who gives them. */
export interface SmsOptions {
  /** As in `https://sms.bank.example:8443/send`; what it names must be proved to `identity`. */
  readonly url: string
  /** Of the door, with whom it believes. */
  readonly identity: ClientIdentity
}

/** One message. */
export interface SmsMessage {
  /** As in `+4915112345678`. @see ITU-T E.164 */
  readonly to: string
  readonly text: string
}

/** Takes messages. */
export interface SmsGateway {
  /** Resolves when the gateway has taken it. @throws {SmsError} (rejects) where it has not, or nobody knows. */
  send(message: SmsMessage): Promise<void>
  close(): void
}

/** Of login where the operator has a gateway. */
export interface Sms extends SmsGateway {
  /** The bank, as its customers read it. */
  readonly bank: string
}

/** Why a message was not taken, without what was in it. */
export class SmsError extends Error {
  override readonly name = 'SmsError'
}

/** Somebody looks at a page meanwhile. */
const TIMEOUT_MS = 5_000

/** Speaks to the gateway by `POST`, JSON, over mutual TLS; any answer but 2xx is a no. */
export function openSmsGateway({ url, identity }: SmsOptions): SmsGateway {
  const agent = agentFor(identity)
  return {
    async send({ to, text }) {
      // Whoever gets it twice knows by `id` that it is one.
      const body = Buffer.from(JSON.stringify({ id: randomUUID(), to, text }))
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      const headers = { 'content-type': 'application/json', 'content-length': body.length }
      const asked = request(url, { method: 'POST', agent, headers, signal })
      asked.on('error', (cause) => {
        reject(new SmsError(signal.aborted ? 'the gateway does not answer' : cause.message, { cause }))
      })
      asked.on('response', (answer) => {
        const { statusCode = 0 } = answer
        // What else it says is nobody's matter, and may have no end.
        answer.destroy()
        if (statusCode >= 200 && statusCode < 300) resolve()
        else reject(new SmsError(`the gateway answered ${statusCode}`))
      })
      asked.end(body)
      return promise
    },
    close: () => agent.destroy(),
  }
}
