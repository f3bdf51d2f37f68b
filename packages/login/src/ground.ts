// What everything in login rests on: the house, and the door's own name and secret.
import type { LoginHouse } from './model.ts'
import type { OpaqueServer } from './opaque/server.ts'
import type { DoorSecret } from './secret.ts'
import type { Sms } from './sms/gateway.ts'

/** One login at one door. */
export interface Ground extends LoginHouse {
  /** The name of the door, as browsers have it: of pages, proofs and passkeys. */
  readonly host: string
  readonly secret: DoorSecret
  readonly opaque: OpaqueServer
  /** Where the operator has a gateway for SMS. */
  readonly sms?: Sms
}
