// What the files of a sign-in hand each other.
import type { People } from '@countersign/mtls'
import type { AddressAllowance } from '../address-allowance.ts'
import type { Ground } from '../ground.ts'
import type { Sessions } from '../session/sessions.ts'
import type { SignInState } from './core.ts'

/** What the calls rest on. */
export interface SignInGround extends Ground {
  readonly openSession: Sessions['open']
  readonly people: Pick<People, 'meet' | 'refuse'>
  readonly allowance: AddressAllowance
}

/** One that was read. */
export interface SignInRow {
  readonly id: string
  /** Of whoever began it; null where that had no key. */
  readonly device: string | null
  readonly state: SignInState
  /** As it stands in the row. */
  readonly sealed: Uint8Array
  /** Whether its time is over. */
  readonly isLate: boolean
}

/** What goes with an event. */
export interface Moving {
  readonly now: Temporal.Instant
  /** Of the network, for known devices to read. */
  readonly address: string
  /** Where the step that is reached lasts longer than others do. */
  readonly until?: Temporal.Instant
}
