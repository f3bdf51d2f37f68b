// What an examination finds: a line for each thing that must be right, and what mends what is not.
import type { Fault } from '@countersign/protocol'

/** What is looked at, in the order in which one rests on another. */
export const AREAS = [
  'identity',
  'status',
  'people',
  'ssh',
  'vpn',
  'name',
  'reach',
  'tls',
  'clock',
  'proof',
  'anchors',
  'door',
  'authority',
] as const
export type Area = (typeof AREAS)[number]

/** What to do, by whom; `command` is what can be pasted. */
export interface Mend {
  readonly text: string
  readonly command?: string
  readonly by: Fault
}

/** One line of an examination. A `note` is no trouble yet; `unknown` could not be looked at. */
export interface Check {
  readonly area: Area
  readonly outcome: 'good' | 'note' | 'bad' | 'unknown'
  /** Lower case, one line. */
  readonly text: string
  /** Lines that say it exactly. */
  readonly more?: readonly string[]
  /** ERR_… of one of our tables, or the system's own. */
  readonly code?: string
  readonly mend?: Mend
}

/** Who is examined, and by what words: what a command to paste is made of. */
export interface Patient {
  /** As it was typed. */
  readonly address: string
  readonly host: string
  readonly port: number
  /** The directory of our identity, as it was typed. */
  readonly directory: string | undefined
  readonly now: Temporal.Instant
}
