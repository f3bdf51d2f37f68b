// What the routes are given: functions of the authority, and nothing else of it.
import type { Duplex } from 'node:stream'
import type { Clock, Log } from '@countersign/mtls'
import type { Family, Meeting, OpenSession, PartyId, Reference } from '@countersign/protocol'
import type { Accounts } from '../accounts.ts'
import type { Certify } from '../enrollment/certify.ts'
import type { Renew } from '../enrollment/renew.ts'
import type { EnrollSsh } from '../enrollment/ssh/enroll.ts'
import type { Enroll } from '../enrollment/token/enroll.ts'
import type { AuthorityAddress, Invite } from '../enrollment/token/invite.ts'
import type { Failpoint } from '../failpoints.ts'
import type { Figures } from '../figures.ts'
import type { IssuerAdministration } from '../issuers/model.ts'
import type { Issuers } from '../keys/issuers.ts'
import type { Receipts } from '../ledger/receipts.ts'
import type { Reload } from '../model.ts'
import type { OpenPgpKeys } from '../openpgp.ts'
import type { Changes } from '../status/changes.ts'
import type { Lists } from '../status/crl/publish.ts'
import type { KnownDoor } from '../status/feed/feed.ts'
import type { Locking } from '../status/lock.ts'
import type { Revocation } from '../status/revoke.ts'
import type { Store } from '../store/store.ts'
import type { TimeStamps } from '../time-stamps.ts'
import type { BackupBody } from './schemas.ts'

export interface Api {
  readonly store: Store
  readonly issuers: Issuers
  readonly issuerAdministration: IssuerAdministration
  readonly address: () => AuthorityAddress
  readonly invite: Invite
  /** Makes a backup on this machine; answers what secrets the house has beside its keys. @throws {AuthorityError} (rejects) */
  readonly backup: (body: BackupBody) => Promise<{ readonly secrets: readonly string[] }>
  readonly certify: Certify
  /** Absent where there is no file of a configuration. */
  readonly reload: Reload | undefined
  /** Absent where nobody signs in. */
  readonly accounts: Accounts | undefined
  /** Absent where the house has no OpenPGP. */
  readonly openPgp: OpenPgpKeys | undefined
  /** Mail domains whose keys anybody is told. */
  readonly keyDirectory: readonly string[]
  readonly enroll: Enroll
  readonly renew: Renew
  readonly enrollSsh: EnrollSsh
  readonly timeStamps: TimeStamps
  readonly revocation: Revocation
  readonly locking: Locking
  readonly receipts: Receipts
  /** What is counted, and what it is now. */
  readonly figures: Pick<Figures, 'answered' | 'follows'> & { families(): Promise<readonly Family[]> }
  /** What happened: the newest number, and to wait for more. */
  readonly happened: Pick<Changes, 'wait' | 'isClosed'> & { readonly newest: number }
  /** DER of the current revocation lists. */
  readonly crls: () => Lists
  /** The revocation list of SSH. */
  readonly krl: () => Uint8Array
  /** Told of each new list. */
  readonly changes: Changes
  /** Those that follow the authority now. */
  readonly doors: () => readonly KnownDoor[]
  /** Open sessions at every door. */
  readonly sessions: () => Promise<readonly OpenSession[]>
  /** Lets a door in another process follow, on a connection that it has asked on. */
  readonly follow: (party: PartyId, socket: Duplex) => void
  readonly record: (meeting: Meeting) => void
  /** Meetings with that reference, each as JSON text. */
  readonly meetings: (reference: Reference) => Promise<readonly string[]>
  readonly clock: Clock
  readonly failpoint: Failpoint
  readonly log: Log
}
