// What `openAuthority` takes and gives.
import type { KeyObject } from 'node:crypto'
import type { Clock, FoundMailKeys, KeyAlgorithm, Locks, Log, SessionIndex, Trust } from '@countersign/mtls'
import type { SshStatus } from '@countersign/mtls/ssh'
import type { Family, KnownAuthority, Meeting } from '@countersign/protocol'
import type { Certificate } from '@countersign/x509'
import type { Accounts } from './accounts.ts'
import type { HouseSecret } from './backup/secret.ts'
import type { InvitationRequest, Invited } from './enrollment/token/invite.ts'
import type { Failpoint } from './failpoints.ts'
import type { Credential } from './issuance/issue.ts'
import type { X509ProfileName } from './issuance/profiles.ts'
import type { CustodyOptions } from './keys/custody.ts'
import type { OpenPgpKeys } from './openpgp.ts'
import type { FeedDoor } from './status/feed/feed.ts'
import type { Rules } from './status/feed/published.ts'
import type { RevocationRequest, Revoked } from './status/revoke.ts'
import type { PartOfStore } from './store/part-of-store.ts'
import type { StorePart } from './store/parts.ts'

/** What became of a new configuration. */
export type Reloaded =
  | {
      readonly ok: true
      readonly file: string
      readonly applied: readonly string[]
      readonly warnings: readonly string[]
    }
  | { readonly ok: false; readonly note: string }

/** Puts the configuration in force as it is now, whole or not at all. */
export type Reload = () => Promise<Reloaded>

/** What an authority is opened with. */
export interface AuthorityOptions extends CustodyOptions {
  /** The data directory; made where it is absent. One process at a time. */
  readonly directory: string
  /** `postgres://user@host/database`, which several authorities may share. Absent: a file in the data directory. */
  readonly store?: string
  /** The DNS name that the authority's own certificate proves, as in `authority.localhost`. */
  readonly name: string
  /** The SPIFFE trust domain of every party, as in `acme.example`. Kept from the first start on. */
  readonly domain: string
  /** In the names of the root and the issuing certificate; at most 48 characters. Used at the first start. */
  readonly organization: string
  /** Of all keys that are made: the root's, the issuer's, and those of parties that enroll here. Default p256; kept from the first start on. */
  readonly algorithm?: KeyAlgorithm
  /** `port` 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** By what doors elsewhere decide that have no rules of their own. Absent: as before. */
  readonly rules?: Rules
  /** Reads the configuration of the house again, and puts it in force. Absent where it has no file. */
  readonly reload?: Reload
  /** Tables that other programs of the house keep in the store. */
  readonly parts?: readonly StorePart[]
  /** What the API is asked to do with accounts of people. Absent where nobody signs in. */
  readonly accounts?: Accounts
  /** What other programs of the house must not lose beside the store: in a backup where the keys are. */
  readonly secrets?: () => readonly HouseSecret[]
  /** What certifies and keeps OpenPGP keys of people. Absent where the house has no OpenPGP. */
  readonly openPgp?: OpenPgpKeys
  /** Mail domains whose people's OpenPGP keys anybody is told (Web Key Directory). Default none. */
  readonly keyDirectory?: readonly string[]
  readonly clock: Clock
  readonly log: Log
  /** For tests: called at each moment of `FAILPOINTS`. */
  readonly failpoint?: Failpoint
}

/** What a door or a program in this process asks a certificate for. */
export interface LocalRequest {
  readonly party: string
  readonly dnsNames?: readonly string[]
  readonly ipAddresses?: readonly string[]
  readonly profile: X509ProfileName
  /** DER of the SubjectPublicKeyInfo of a key that this process holds. */
  readonly publicKey: Uint8Array
  /** SHA-256 of the party's certificate that this one takes the place of. */
  readonly succeeds?: Uint8Array
}

/** A running authority. */
export interface Authority {
  readonly root: Certificate
  /** 32 octets. */
  readonly rootSha256: Uint8Array
  /** Path of `root.pem`. */
  readonly rootFile: string
  /** As in `https://authority.localhost:8440`. */
  readonly url: string
  /** host:port, as tokens name it. */
  readonly address: string
  /** The issuing authority's revocation list, DER. */
  readonly crlUrl: string
  /** Path of the socket for administration. */
  readonly socketPath: string
  /** Follows every revocation at once: for doors in this process. */
  readonly trust: Trust
  /** The same, of the parties that are locked. */
  readonly locks: Locks
  /** Open sessions of the authority's own listener. */
  readonly sessions: SessionIndex
  /** Leaf, issuing, root. @throws {AuthorityError} (rejects) when it is refused. */
  issueLocal(request: LocalRequest): Promise<Credential>
  invite(request: InvitationRequest): Promise<Invited>
  revoke(request: RevocationRequest): Promise<Revoked>
  /** Tells doors elsewhere other rules; resolves when those are durable. @throws {AuthorityError} (rejects) and the old ones stay. */
  publish(rules: Rules): Promise<void>
  /** Tells doors elsewhere other authorities, in place of those before. @throws {AuthorityError} (rejects) and the old ones stay. */
  publishAnchors(anchors: readonly KnownAuthority[]): Promise<void>
  /** Its numbers, for OpenMetrics. */
  figures(): Promise<readonly Family[]>
  /** Names of at most `limit` parties. */
  parties(limit: number): Promise<readonly string[]>
  /** Lets a door follow revocations, before it accepts its first connection. Answers how to leave. */
  join(door: FeedDoor): () => void
  /** Keeps a meeting for `GET /v1/meetings/:reference`. The last ones before a crash may be lost. */
  record(meeting: Meeting): void
  /** To which keys mail for an address is encrypted, as `GET /v1/mail/keys` says it. */
  mailKeys(address: string): Promise<FoundMailKeys>
  /** The keys that sign for SSH, and what of theirs is revoked, as `GET /ssh/ca.pub` and `GET /ssh/revoked.krl` say it. */
  sshStatus(): Promise<SshStatus>
  /** Until when everybody who relies on this authority goes on without it; absent where nobody does. */
  holdsWithout(): Promise<Temporal.Instant | undefined>
  /** A setting that other parts of the program keep in the store. */
  setting(key: string): Promise<string | undefined>
  setting(key: string, value: string): Promise<void>
  /** The tables of one of `parts`, by its name. @throws {TypeError} where there is none. */
  part<Tables>(name: string): PartOfStore<Tables>
  /**
   * A key of Ed25519 of another part of the program, in the custody of the authority. Where there is none, `isNew` makes it. Secret.
   * @throws {AuthorityError}
   */
  key(name: string, isNew: boolean): KeyObject | undefined
  /** Stops accepting, lets requests under way end for at most `timeoutMs`. `close` follows. */
  drain(timeoutMs: number): Promise<void>
  close(): Promise<void>
}
