// One request and its answer, the same in each version of HTTP: what the door judges and carries rests on this alone.
import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { RefusalCode } from '@countersign/protocol'

/** What a request begins with, as it came. */
export interface RequestHead {
  /** `1.0`, `1.1`, `2.0`; others are for `readTarget` to refuse. */
  readonly version: string
  readonly method: string
  /** The request-target of HTTP/1, `:path` of HTTP/2. */
  readonly target: string
  /** `:scheme`, `:authority` and `:protocol` (RFC 8441 §4) of HTTP/2. */
  readonly scheme?: string | undefined
  readonly authority?: string | undefined
  readonly protocol?: string | undefined
  /** Field names and values in turn, as they came; no pseudo-fields. */
  readonly fields: readonly string[]
  /** The same as Node joins them. */
  readonly headers: IncomingHttpHeaders
  readonly hasBody: boolean
}

/** What was carried of an exchange. Whoever carries something adds it. */
export interface Tally {
  /** Of the final answer that began; 0 where none did. */
  status: number
  /** Content alone, as it was carried: from the caller, and to it. */
  octetsIn: number
  octetsOut: number
}

/** A request under way, and how to answer it. */
export interface Exchange {
  readonly head: RequestHead
  readonly tally: Tally
  readonly body: Readable
  /** The body has come to the end that it announced, and did not merely stop. */
  readonly isWhole: boolean
  /** Where the content of the answer is written. It closes with the exchange: early where the caller left or was cut. */
  readonly out: Writable
  /** The final answer has begun, and cannot be taken back. */
  readonly begun: boolean
  /** Sends an interim answer; nothing where the caller knows none. @see RFC 9110 §15.2 */
  inform(status: number, fields: readonly string[]): void
  /** Begins the final answer. `fields` are names and values in turn. */
  begin(status: number, fields: readonly string[]): void
  end(trailers: readonly [name: string, value: string][]): void
  /** Ends it at once, whatever is under way; where one request follows another, with its connection. */
  cut(cause: RefusalCode): void
  /** What follows on the connection may have been read wrongly as well: where one request follows another, this is the last. */
  distrust(): void
  /**
   * Present where the caller asks for a WebSocket: says yes, and gives what flows from now on. `octets` were sent behind the
   * request. `accept` is what the upstream must answer as `Sec-WebSocket-Accept`, where the caller does not look at it.
   * @see RFC 6455 §4.2.2, RFC 8441 §5
   */
  readonly tunnel?: {
    readonly accept?: string
    open(fields: readonly string[]): { readonly near: Duplex; readonly octets: Uint8Array }
  }
}
