// A conversation with an authority, and the way to one elsewhere.
import type { Socket } from 'node:net'
import type { EventStream } from '../http-once.ts'
import type { DeletePath, GetPath, PatchBodies, PostBodies } from './api-types.ts'

/** What is answered page by page. */
export type PagedPath = GetPath extends infer P ? (P extends `${infer Q}?${string}` ? Q : never) : never

/** The administration API, wherever its authority is. */
export interface Admin {
  get(path: GetPath): Promise<unknown>
  /** Asks for an act; once more, under the same key, where the connection breaks before the answer was whole. */
  post<Path extends keyof PostBodies>(path: Path, body: PostBodies[Path]): Promise<unknown>
  /** The same, of a change. */
  patch<Path extends keyof PatchBodies>(path: Path, body: PatchBodies[Path]): Promise<unknown>
  /** The same, of an end. */
  delete(path: DeletePath): Promise<unknown>
  /** Opens a stream of events. */
  stream(path: GetPath): Promise<EventStream>
}

/** How to reach an authority elsewhere: `connect` makes one mutually authenticated connection. */
export interface RemoteAuthority {
  readonly host: string
  readonly connect: () => Promise<Socket>
}
