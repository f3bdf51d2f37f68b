// What a laptop is told by who watches it, and what it answers; over the channel of a child process.
import type { Place } from './relay.ts'

/** What somebody has open, each at a door. */
export const THINGS = ['download', 'WebSocket', 'psql', 'subscription', 'bank', 'ping', 'shell'] as const
/** What the host with the shell is called. */
export const HOST = 'host.localhost'
/** One of them. */
export type Thing = (typeof THINGS)[number]

/** Whose laptop it is, and where the doors are. */
export interface Laptop {
  readonly party: string
  /** An identity directory that `enroll` wrote. */
  readonly identity: string
  /** By the name of the door. */
  readonly doors: Readonly<Record<string, Place>>
  /** The address by which an account at the bank is opened. */
  readonly invitation: string
  /** The configuration of a client of OpenVPN. */
  readonly vpn: readonly string[]
  /** Behind the VPN. */
  readonly behind: string
  /** A private key, beside which its certificate is, and who counts for hosts. */
  readonly ssh: string
  readonly knownHosts: string
}

/** How one thing is, as its laptop sees it. */
export interface Standing {
  readonly thing: Thing
  /** Epoch milliseconds of the last octet, or packet, that came from the door. */
  readonly lastAt: number
  /** How it ended; absent while it is open. */
  readonly ended?: string
}

/** What came of trying again. */
export interface Return {
  readonly thing: Thing
  readonly isIn: boolean
  /** What the program said. */
  readonly words: string
}

/** What a laptop is asked. */
export type Ask = 'standing' | 'return'

/** What it says by itself once everything is open and flows, and what it answers. */
export type Say =
  | { readonly say: 'open' }
  | { readonly say: 'failed'; readonly words: string }
  | { readonly say: 'standing'; readonly things: readonly Standing[] }
  | { readonly say: 'return'; readonly things: readonly Return[] }
