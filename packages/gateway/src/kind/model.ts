// What makes a kind of door: how it is opened, and what it adds to countersign.yaml.
import type { Door, House } from '@countersign/mtls'
import type { z } from 'zod'

/** How one kind of door is opened. */
export interface Opener<Config> {
  /** @throws {TypeError} where the configuration cannot be; the system's error where the address cannot be listened on. */
  open(config: Config, house: House): Promise<Door>
  /** Whether such a door must prove who it is to others, as a caller. */
  calls(config: Config): boolean
}

/** The keys of one object in the file, each with its form and, as description, what it means. */
export type Keys = Readonly<Record<string, z.ZodType>>

/** The part of a door's configuration that only doors of its kind have. */
export interface Section {
  /** In words, for the manual. */
  readonly summary: string
  /** Whether callers meet it, so that it has names to prove and says who may pass. */
  readonly meetsCallers: boolean
  readonly keys: Keys
  /** The keys of objects within, by their path from the door; `*` stands for an index. */
  readonly within?: Readonly<Record<string, Keys>>
}
