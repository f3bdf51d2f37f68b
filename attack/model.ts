// What an attack is, what it is run against, and what came of it.
import type { Reference } from '@countersign/protocol'
import type { Holder } from '../interop/chains/house.ts'

/** A door as attackers find it, whose kind decides what it can say; or a caller of ours; or a house that is to start. */
export type TargetKind = 'web' | 'tcp' | 'client' | 'house'

/** Who attacks, and what with. All of the authority's own making unless a name says otherwise. */
export interface Attackers {
  readonly root: Holder
  readonly issuing: Holder
  /** Who may pass the door. */
  readonly alice: Holder
  /** Proved, and not on the list of the door. */
  readonly bob: Holder
}

/** Where an attack goes. */
export interface Target {
  readonly kind: TargetKind
  /** The door's name in its records; a control has none. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly attackers: Attackers
  /** Somebody else runs it: its records and its service are not ours to look into. */
  readonly isElsewhere?: true
  /** Another door of the same house, of the same kind. */
  readonly other?: Target
  /** Another door of the house, which asks nobody for a certificate under `open.localhost`, and everybody under its other name. */
  readonly guarded?: Target
  /** Another door of the house, behind a proxy that is the party `edge`, with a service under `/admin` that rules give to nobody. */
  readonly shop?: Target
  /** The service behind it, where it is ours to look into. */
  readonly service?: Service
  /** Revokes whom the authority has enrolled: answers once the receipt is there. */
  readonly revocable?: Revocable
  /** Starts two processes that are one door, as behind a balancer. */
  readonly twins?: () => Promise<Twins>
  /** Starts a door that follows the authority of the house. */
  readonly follower?: (options: FollowerOptions) => Promise<Follower>
}

/** Two processes of one door with the same ticket keys. */
export interface Twins extends AsyncDisposable {
  readonly first: Target
  readonly second: Target
  /** What either recorded under a reference, or `none`. */
  recordOf(reference: Reference | undefined): Promise<string>
}

/** A door in a process of its own, which follows its authority by a way that can fall silent. */
export interface Follower extends AsyncDisposable {
  /** Where it stands now. */
  readonly door: Target
  /** From now on it hears nothing from its authority, and its clock is ahead. `anew`: it starts once more in the silence. */
  silence(from: { readonly hours: number; readonly anew: boolean }): Promise<void>
  /** What it recorded under a reference, or `none`. */
  recordOf(reference: Reference | undefined): Promise<string>
}

/** How a follower believes. */
export interface FollowerOptions {
  readonly revocation: 'require' | 'prefer'
}

/** The service behind a door: what reached it. */
export interface Service {
  readonly port: number
  /** Everything that arrived on any connection since the last call, as latin1. */
  taken(): string
}

/** A party that can be revoked: each call enrolls another. */
export interface Revocable {
  enroll(): Promise<{ readonly holder: Holder; revoke(): Promise<void> }>
}

/** What one try came to, as the attacker sees it. */
export interface Attempt {
  /** A code of ours, `passed`, `closed`, `alert …`, or what the case says. */
  readonly peer: string
  /** Did the attacker get what it wanted? */
  readonly won: boolean
  /** Of the meeting, made from the ClientHello's random; absent where no hello was whole. */
  readonly reference?: Reference
  /** The door that was met, where it is another than the target's. */
  readonly door?: string
  /** The reference that the door told, where it told one. */
  readonly told?: Reference
  /** The record of a caller of ours, which no door keeps. */
  readonly record?: string
}

/** A door of plain Node options, made to be vulnerable. */
export type Control = (attackers: Attackers) => Promise<Target & AsyncDisposable>

/** One way of an attack. Its expected result stands in the table. */
export interface Case {
  readonly name: string
  readonly run: (target: Target) => Promise<Attempt>
  /** Needs nothing but a party that the door lets in, though not all of its attack do. */
  readonly anywhere?: true
  /** The door that falls for it, or why Node itself lets none fall. */
  readonly control: Control | { readonly impossible: string }
}

/** An attack: one program, in one or more ways. */
export interface Attack {
  readonly name: string
  /** What the attacker wants, in one sentence. */
  readonly goal: string
  /** Its cases wait more than they work, and do not look at the service behind. */
  readonly concurrent?: true
  /** Needs nothing but a door and a party that it lets in. */
  readonly anywhere?: true
  /** What it comes to is seen at the service behind the door, where the door lets it through. */
  readonly looksBehind?: true
  readonly cases: readonly Case[]
}

/** What must be seen on both sides: the peer's view, and the door's record. */
export type Expected = readonly [peer: string, record: string]

/** What must be seen at each kind of door that the way applies to. */
export type Row = Readonly<Partial<Record<TargetKind, Expected>>>
