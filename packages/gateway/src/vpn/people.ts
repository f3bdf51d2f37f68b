// People at a door for VPN: what the house hands in to check a password with a one-time code.
import type { House } from '@countersign/mtls'
import type { Proof, RefusalCode } from '@countersign/protocol'

/** What came of a check. A no is the same, and takes as long, whatever was wrong. */
export type Checked =
  | { readonly ok: true; readonly proofs: readonly Proof[] }
  | { readonly ok: false; readonly code: RefusalCode; readonly note?: string }

/** What is checked, in clear: it came through the channel. Secret. */
export interface GivenCredentials {
  readonly account: string
  readonly password: string
  readonly code: string
  /** Of the network, without a port. */
  readonly address: string
}

/** Checks a password with a one-time code, with the limits that a sign-in has. Rejects where it cannot be done now. */
export type CheckPerson = (given: GivenCredentials) => Promise<Checked>

/** The house of a door for VPN. */
export interface VpnHouse extends House {
  /** Of a door at which people sign in, by its name; undefined where nobody does there. */
  readonly checkPerson?: (door: string) => CheckPerson | undefined
}
