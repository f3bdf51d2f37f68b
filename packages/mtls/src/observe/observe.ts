// Looks at a server without judging it: for who wants to know why a meeting fails. Nothing of ours is presented.
import { lookup } from 'node:dns/promises'
import { connect as connectRaw, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Refusal } from '@countersign/protocol'
import { refusalOfError } from '../client/refused.ts'
import { serverNameOf, targetOf } from '../client/target.ts'
import { presentedCertificates } from '../gate/presented.ts'
import type { Clock } from '../model.ts'
import { type CertificateRequest, readCertificateRequest } from './server-flight.ts'
import { tap } from './tap.ts'

/** Where to look. */
export interface ObserveOptions {
  readonly host: string
  readonly port: number
  /** For SNI; default the host. */
  readonly serverName?: string
  readonly clock: Clock
  /** For each step. Default 5,000. */
  readonly timeoutMs?: number
}

/** How far it came, and what was seen there. */
export type Observation =
  | { readonly stage: 'name'; readonly code: string }
  | {
      readonly stage: 'connection'
      readonly code: string
      /** Each address that the name has. */
      readonly addresses: readonly string[]
    }
  | {
      readonly stage: 'handshake'
      /** As a meeting would be refused for it. */
      readonly refusal: Refusal
      readonly addresses: readonly string[]
      /** What came from there, be it TLS or not. */
      readonly said: Uint8Array
      readonly request: CertificateRequest | undefined | 'unreadable'
    }
  | ServerSeen

/** A server that speaks TLS. */
export interface ServerSeen {
  readonly stage: 'channel'
  readonly addresses: readonly string[]
  readonly connectMs: number
  /** As in `TLSv1.3`. */
  readonly protocol: string
  readonly cipher: string
  /** DER, as it sent them. */
  readonly certificates: readonly Uint8Array[]
  /** Whether it asks for a certificate, and whose. */
  readonly request: CertificateRequest | undefined | 'unreadable'
  /** How far its clock is ahead of ours, in milliseconds, where it told the time; `within` is what cannot be known. */
  readonly clock?: { readonly aheadMs: number; readonly withinMs: number }
}

const TIMEOUT_MS = 5_000
/** What does not speak HTTP is silent for ever. */
const CLOCK_TIMEOUT_MS = 2_000
const MAX_HEAD_OCTETS = 16_384

/**
 * Looks at `host:port`: its addresses, what answers there, its TLS, its certificates, what it asks for, and its time.
 * Any version of TLS and any certificate is good enough to be looked at, and for nothing else. What is there is an
 * answer, never an error.
 */
export async function observe(options: ObserveOptions): Promise<Observation> {
  const { host, port, timeoutMs = TIMEOUT_MS } = options
  const target = targetOf(host, port)
  const found = target.lookup
    ? [{ address: '127.0.0.1' }, { address: '::1' }]
    : await lookup(target.host, { all: true }).catch((error: unknown) => codeOf(error))
  if (typeof found === 'string') return { stage: 'name', code: found }
  const addresses = found.map(({ address }) => address)

  const before = performance.now()
  const raw = connectRaw({ host: target.host, port, ...(target.lookup && { lookup: target.lookup }) })
  const unreached = await settled(raw, 'connect', timeoutMs)
  if (unreached !== undefined) return { stage: 'connection', code: codeOf(unreached), addresses }
  const connectMs = performance.now() - before

  const { duplex, said } = tap(raw)
  const serverName = options.serverName ?? serverNameOf(target, undefined)
  const socket = connectTls({
    socket: duplex,
    ...(serverName !== undefined && { servername: serverName }),
    // What doors speak: one that knows neither would end the handshake without a word of itself (RFC 7301 §3.2).
    ALPNProtocols: ['http/1.1', 'postgresql'],
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    // What is too old for a meeting must be called by its name.
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  let secret: Uint8Array | undefined
  socket.on('keylog', (line: Buffer) => {
    const [label, , hex = ''] = line.toString('latin1').trim().split(' ')
    if (label === 'SERVER_HANDSHAKE_TRAFFIC_SECRET') secret = new Uint8Array(Buffer.from(hex, 'hex'))
  })
  try {
    const failed = await settled(socket, 'secureConnect', timeoutMs)
    const request = readCertificateRequest(said(), secret)
    if (failed !== undefined) {
      const late = codeOf(failed) === 'ETIMEDOUT'
      const refusal: Refusal = late ? { code: 'ERR_GATE_TIMEOUT' } : refusalOfError(failed, 'handshake')
      return { stage: 'handshake', refusal, addresses, said: said(), request }
    }
    const seen = {
      stage: 'channel',
      addresses,
      connectMs,
      protocol: socket.getProtocol() ?? 'unknown',
      cipher: socket.getCipher().standardName,
      certificates: presentedCertificates(socket),
      request,
    } as const
    const clock = await clockOf(socket, host, options)
    return clock === undefined ? seen : { ...seen, clock }
  } finally {
    socket.destroy()
    raw.destroy()
  }
}

/** Waits for `event`; answers the error that came in its place, or undefined. */
function settled(socket: Socket, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  const end = (error: Error) => {
    socket.destroy()
    resolve(error)
  }
  const timer = setTimeout(() => end(systemError('ETIMEDOUT')), timeoutMs)
  // Also what comes later, and is of no interest any more.
  socket.on('error', end)
  socket.on('close', () => resolve(systemError('ECONNRESET')))
  socket.once(event, () => resolve(undefined))
  return promise.finally(() => clearTimeout(timer))
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** Asks for the time by HTTP, which most doors speak; a refusal tells it as well. RFC 9110 §6.6.1. */
async function clockOf(
  socket: TLSSocket,
  host: string,
  { clock, timeoutMs = TIMEOUT_MS }: Pick<ObserveOptions, 'clock' | 'timeoutMs'>,
): Promise<ServerSeen['clock']> {
  const asked = clock().epochMilliseconds
  const head = await new Promise<string>((resolve) => {
    let text = ''
    const timer = setTimeout(() => resolve(text), Math.min(timeoutMs, CLOCK_TIMEOUT_MS))
    const end = () => {
      clearTimeout(timer)
      resolve(text)
    }
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.includes('\r\n\r\n') || text.length > MAX_HEAD_OCTETS || !'HTTP/1.'.startsWith(text.slice(0, 7))) end()
    })
    socket.on('close', end)
    socket.write(`HEAD / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  })
  const answered = clock().epochMilliseconds
  const told = Date.parse(/^date: *(.+?) *\r$/im.exec(head)?.[1] ?? '')
  if (!head.startsWith('HTTP/1.') || Number.isNaN(told)) return undefined
  // It tells whole seconds, and told them somewhere between the two.
  return { aheadMs: told + 500 - (asked + answered) / 2, withinMs: 500 + (answered - asked) / 2 }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
