// The gateway that messages by SMS are given to: the operator's own, in whichever way it sends them. It proves itself, and hears
// nobody but this door.
import { randomUUID } from 'node:crypto'
import { type ClientIdentity, dispatcherFor } from '@countersign/mtls'

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
  close(): Promise<void>
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
  const dispatcher = dispatcherFor(identity)
  return {
    async send({ to, text }) {
      // Whoever gets it twice knows by `id` that it is one.
      const body = JSON.stringify({ id: randomUUID(), to, text })
      const [headers, signal] = [{ 'content-type': 'application/json' }, AbortSignal.timeout(TIMEOUT_MS)]
      // Nobody but the gateway is told: it leads nowhere else.
      const asked = { method: 'POST', headers, body, signal, dispatcher, redirect: 'manual' } as const
      const answer = await fetch(url, asked).catch((cause: unknown) => {
        throw new SmsError(signal.aborted ? 'the gateway does not answer' : reasonOf(cause), { cause })
      })
      // What else it says is nobody's matter, and may have no end.
      await answer.body?.cancel()
      if (!answer.ok) throw new SmsError(`the gateway answered ${answer.status}`)
    },
    close: () => dispatcher.destroy(),
  }
}

/** What `fetch` says has its reason below. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
