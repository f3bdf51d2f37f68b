// A connection that asks to meet, until its ClientHello is whole.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Reference } from '@countersign/protocol'
import { referenceOfRandom } from '../gate/reference.ts'
import type { Clock } from '../model.ts'
import { createClientHelloReader } from './client-hello.ts'
import { ClientHelloError } from './client-hello-error.ts'
import type { ClientHello } from './client-hello-message.ts'

/** A caller that has not said a word. */
export interface Arrived {
  readonly at: Temporal.Instant
  /** As in `192.0.2.7:51234`. */
  readonly address: string
}

/** What is known of a caller that asks. */
export interface Arrival extends Arrived {
  /** Derived from the hello; one of our own making where none could be read. */
  readonly reference: Reference
  readonly hello?: ClientHello
}

/** Describes a connection while it is open: a closed one has no address. */
export function arrivedOf(raw: Socket, clock: Clock): Arrived {
  const { remoteAddress = 'unknown', remotePort, remoteFamily } = raw
  const host = remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress
  return {
    at: clock(),
    address: remotePort === undefined ? host : `${host}:${remotePort}`,
  }
}

/** Adds the reference: that of its hello, or one of our own making where none could be read. */
export function arrivalOf(arrived: Arrived, hello?: ClientHello): Arrival {
  return { ...arrived, reference: referenceOfRandom(hello?.random ?? randomBytes(32)), ...(hello && { hello }) }
}

/** How the reading of a hello ended. `gone`: the connection ended first, after `octets` octets. */
export type HelloOutcome =
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'error'; readonly error: ClientHelloError; readonly octets: Uint8Array }
  | { readonly kind: 'gone'; readonly octets: Uint8Array }

/**
 * Reads the ClientHello from a raw connection and puts every octet back, so that TLS finds the stream untouched.
 * @returns Stops the reading; `done` is then not called any more.
 */
export function readHello(raw: Socket, done: (outcome: HelloOutcome) => void): () => void {
  const reader = createClientHelloReader()
  const stop = () => {
    raw.off('data', onData).off('end', onGone).off('close', onGone).off('error', onGone)
    raw.pause()
  }
  const finish = (outcome: HelloOutcome) => {
    stop()
    done(outcome)
  }
  const onGone = () => finish({ kind: 'gone', octets: reader.octets() })
  const onData = (chunk: Buffer) => {
    let hello: ClientHello | undefined
    try {
      hello = reader.push(chunk)
    } catch (error) {
      if (!(error instanceof ClientHelloError)) throw error
      finish({ kind: 'error', error, octets: reader.octets() })
      return
    }
    if (hello === undefined) return
    stop()
    raw.unshift(reader.octets())
    done({ kind: 'hello', hello })
  }
  raw.on('data', onData).on('end', onGone).on('close', onGone).on('error', onGone)
  return stop
}
