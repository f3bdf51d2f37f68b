// Between the versions of HTTP, which read requests, and the door, which answers them.
import type { TLSSocket } from 'node:tls'
import type { Answer } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import type { Grants } from '../kind/grants.ts'
import type { Exchange } from './exchange.ts'
import type { Behind } from './forwarded.ts'

/** Who calls on a connection. */
export interface Caller {
  readonly meeting: Meeting
  /** The name that it asked for in its ClientHello. */
  readonly serverName: string | undefined
  /** Its certificate, as header fields. */
  readonly certificates: readonly string[]
  /** Header fields that tell the upstream who it is. */
  readonly identity: readonly string[]
  /** What it may have beside the door itself. */
  readonly grants: Grants
  /** Resets its connection, with all that is queued. */
  reset(cause: RefusalCode): void
  /** Present where it is a proxy whose word is taken: each request is of whom it says. */
  readonly behind?: Behind<Caller> | undefined
}

/** What a version of HTTP is made with. */
export interface HttpService {
  /** Answers a request, sooner or later. */
  serve(exchange: Exchange, caller: Caller): void
  /** Notes that a caller is refused, and says how it is told. */
  refusal(
    caller: Pick<Caller, 'meeting'>,
    code: RefusalCode,
    cause?: Error,
    accept?: string,
    upstreamReference?: string,
  ): Answer
  readonly maxHeadOctets: number
  /** How long a connection without a request stays. */
  readonly idleTimeoutMs: number
}

/** A version of HTTP, for connections that have been met. */
export interface VersionServer {
  adopt(socket: TLSSocket, caller: Caller): void
  /** From now on callers are asked to leave, and connections without a request end. Call again for those that became idle. */
  endIdle(): void
  close(): void
}
