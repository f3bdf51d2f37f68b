// From a raw connection to a finished TLS handshake, or to the reason why there is none. Decides nothing about the caller.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { RefusalCode } from '@countersign/protocol'
import type { Clock } from '../model.ts'
import { type Arrival, arrivalOf, arrivedOf, readHello } from './arrival.ts'
import { type ClientHello, TLS_1_3 } from './client-hello-message.ts'
import { type HandshakeFailure, handshakeFailureOf } from './handshake-failure.ts'
import { plaintextAlert } from './plaintext-alert.ts'
import type { DoorContext } from './secure-context.ts'

/** What a handshake is held with, and whom it tells how it ended. */
export interface HandshakeOptions {
  readonly raw: Socket
  /** Undefined where there is none: a fault of ours, which has been told. */
  readonly context: (hello: ClientHello) => DoorContext | undefined
  readonly alpn: readonly string[] | undefined
  readonly clock: Clock
  readonly timeoutMs: number
  /** Synchronously in TLS's own turn: no octet of the application has been read. */
  readonly onSecure: (arrival: Arrival, context: DoorContext, socket: TLSSocket) => void
  /** `context` where our certificate has been sent. */
  readonly onFailed: (arrival: Arrival, failure: HandshakeFailure, context?: DoorContext) => void
  /** Nobody asked: the connection ended without an octet. */
  readonly onSilent: () => void
}

/** A handshake under way; exactly one of its three callbacks is called, once. */
export interface Handshake {
  /** Gives up on it, for our reason. */
  abandon(code: RefusalCode): void
}

/** Starts to meet whoever is at the other end of `raw`, which is taken over. */
export function startHandshake(options: HandshakeOptions): Handshake {
  const { raw, clock } = options
  const arrived = arrivedOf(raw, clock)
  let arrival: Arrival | undefined
  let socket: TLSSocket | undefined
  let context: DoorContext | undefined
  let settled = false
  // Whatever happens to the connection after its handshake has failed is nobody's concern, and no reason to crash.
  raw.on('error', () => raw.destroy())

  const settle = (): boolean => {
    if (settled) return false
    settled = true
    clearTimeout(timer)
    stopReading()
    return true
  }
  const fail = (failure: HandshakeFailure) => {
    if (!settle()) return
    // Our first flight is the only one that is longer than our certificate, so that its octets tell whether it was sent.
    const presented = context !== undefined && raw.bytesWritten > context.credential.certificates[0].der.length
    closeBoth(raw, socket)
    options.onFailed(arrival ?? arrivalOf(arrived), failure, presented ? context : undefined)
  }
  const beginTls = (asked: Arrival, hello: ClientHello) => {
    context = options.context(hello)
    if (context === undefined) return fail({ code: 'ERR_GATE_FAULT' })
    const tls = new TLSSocket(raw, {
      isServer: true,
      secureContext: context.secureContext,
      requestCert: context.callers !== 'none',
      rejectUnauthorized: false,
      ...(options.alpn && { ALPNProtocols: [...options.alpn] }),
    })
    socket = tls
    tls.once('error', (error) => fail(handshakeFailureOf(error)))
    tls.once('close', () => fail(handshakeFailureOf(undefined)))
    // Node hands later errors only here; without this a broken channel would stay open until the peer closes it.
    tls.on('_tlsError', (error: Error) => tls.destroy(error))
    tls.once('secure', () => {
      if (context && settle()) options.onSecure(asked, context, tls)
    })
  }

  const timer = setTimeout(() => fail({ code: 'ERR_GATE_TIMEOUT' }), options.timeoutMs)
  const stopReading = readHello(raw, (outcome) => {
    if (outcome.kind === 'gone') {
      if (outcome.octets.length > 0) fail({ code: 'ERR_GATE_CALLER_LEFT', note: 'it left within its ClientHello' })
      else if (settle()) {
        raw.destroy()
        options.onSilent()
      }
      return
    }
    if (outcome.kind === 'error') {
      const { code, refusal } = outcome.error
      // To what is not even a handshake record, an alert would be noise.
      if (code !== 'ERR_CLIENT_HELLO_RECORD_TYPE') raw.write(plaintextAlert('decodeError'))
      fail({ code: refusal, note: code })
      return
    }
    const { hello } = outcome
    arrival = arrivalOf(arrived, hello)
    if (hello.supportedVersions.includes(TLS_1_3)) {
      beginTls(arrival, hello)
    } else {
      raw.write(plaintextAlert('protocolVersion'))
      fail({ code: 'ERR_GATE_TLS_VERSION' })
    }
  })
  return { abandon: (code) => fail({ code }) }
}

function closeBoth(raw: Socket, socket: TLSSocket | undefined): void {
  // Lets an alert leave; a peer that then neither reads nor closes is not waited for.
  if (socket) socket.destroy()
  else raw.destroySoon()
}
