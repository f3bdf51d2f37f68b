// What makes a kind of door: how it is opened, and what it adds to countersign.yaml.
import type { Door, House } from '@countersign/mtls'
import type { z } from 'zod'

/** A door as its kind opens it: what is not fixed of its configuration can change while it stands. */
export interface OpenDoor<Config> extends Door {
  /**
   * Makes ready for another configuration, equal to this one in what its kind has fixed.
   * @throws as the `open` of its kind; nothing has then changed.
   */
  prepare(next: Config): Promise<Change>
  /** Looks at files again that others replace, as certificates; the house was asked to. */
  reread?(): Promise<void>
  /** JSON Web Keys by which what the door states of its callers is checked. */
  keys?(): readonly object[]
  /** The addresses of the services behind it, and whether each is one that requests are sent to. */
  upstreams?(): readonly { readonly address: string; readonly isUp: boolean }[]
}

/** A change that is ready: exactly one of the two is called. */
export interface Change {
  /** What begins from now on is done by the new configuration; what is under way ends by the old one. */
  apply(): void
  discard(): Promise<void>
}

/** How one kind of door is opened. */
export interface Opener<Config> {
  /** @throws {TypeError} where the configuration cannot be; the system's error where the address cannot be listened on. */
  open(config: Config, house: House): Promise<OpenDoor<Config>>
  /** Whether such a door must prove who it is to others, as a caller. */
  calls(config: Config): boolean
  /** What stays as it is while the door stands, beside its name and kind. */
  readonly fixed: readonly (keyof Config)[]
}

/** The keys of one object in the file, each with its form and, as description, what it means. */
export type Keys = Readonly<Record<string, z.ZodType>>

/** What is wrong, and where: the path from the door. */
export interface Fault {
  readonly path: readonly (string | number)[]
  readonly message: string
  /** A word, and those of which one may have been meant. */
  readonly near?: readonly [word: string, names: readonly string[]]
}

/** The part of a door's configuration that only doors of its kind have. */
export interface Section {
  /** In words, for the manual. */
  readonly summary: string
  /** Whether callers meet it, so that it has names to prove and says who may pass. */
  readonly meetsCallers: boolean
  readonly keys: Keys
  /** What is wrong in a door whose every key is as it must be. */
  readonly faults?: (door: unknown) => readonly Fault[]
  /** Services within the door, which rules can speak of beside it. Default: none. */
  readonly services?: (door: unknown) => readonly string[]
  /** How rules call a host of it. Default: as it is. */
  readonly labelOf?: (host: string) => string
  /** The keys of objects within, by their path from the door; `*` stands for an index. */
  readonly within?: Readonly<Record<string, Keys>>
}
