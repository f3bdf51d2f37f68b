// A conversation with an authority, and the way to one elsewhere.
import type { Socket } from 'node:net'
import type { EventStream } from '../http-once.ts'

/** The administration API, wherever its authority is. */
export interface Admin {
  get(path: string): Promise<unknown>
  /** Asks for an act; once more, under the same key, where the connection breaks before the answer was whole. */
  post(path: string, body: unknown): Promise<unknown>
  /** The same, of a change. */
  patch(path: string, body: unknown): Promise<unknown>
  /** Opens a stream of events. */
  stream(path: string): Promise<EventStream>
}

/** How to reach an authority elsewhere: `connect` makes one mutually authenticated connection. */
export interface RemoteAuthority {
  readonly host: string
  readonly connect: () => Promise<Socket>
}
