// The gateway that messages by SMS are given to: the operator's own, in whichever way it sends them. It proves itself, and hears
// nobody but this door.
import { randomUUID } from 'node:crypto'
import { type ClientIdentity, dispatcherFor, MeetingRefusedError } from '@countersign/mtls'

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
  /** Nobody knows: a gateway that says nothing in time, or hangs up, may send it all the same. */
  readonly mayHaveGone: boolean
  constructor(message: string, mayHaveGone: boolean, options?: ErrorOptions) {
    super(message, options)
    this.mayHaveGone = mayHaveGone
  }
}

/** Somebody looks at a page meanwhile. */
const TIMEOUT_MS = 5_000
/** Before there is a connection, so that nothing was said on it. */
const UNREACHED: ReadonlySet<unknown> = new Set('ECONNREFUSED EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN'.split(' '))
/** @see RFC 9110 §15.6.4: of the answers above 499 the one that says that nothing was done. */
const UNAVAILABLE = 503

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
        const reason = signal.aborted ? 'the gateway does not answer' : reasonOf(cause)
        throw new SmsError(reason, !isUnreached(cause), { cause })
      })
      // What else it says is nobody's matter, whether it has an end or breaks off.
      await answer.body?.cancel().catch(() => undefined)
      const { ok, status } = answer
      if (!ok) throw new SmsError(`the gateway answered ${status}`, status >= 500 && status !== UNAVAILABLE)
    },
    close: () => dispatcher.destroy(),
  }
}

/** Whether the gateway cannot have heard of the message: it was not reached, or it is another one. */
function isUnreached(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { cause } = error
  return cause instanceof MeetingRefusedError || (cause instanceof Error && UNREACHED.has(Reflect.get(cause, 'code')))
}

/** What `fetch` says has its reason below. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
