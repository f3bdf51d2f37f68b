// The seams of a mutually authenticated connection: what a door is given, and what it gives back.
import type { KeyObject } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Cut, Decision, DoorName, Meeting, Proof, RefusalCode, RevokedSerial, Side } from '@countersign/protocol'
import type { CrlIndex, ReferenceIdentity, TrustAnchor } from '@countersign/verify'
import type { Certificate, CertificateList } from '@countersign/x509'

/** Time is an argument, also for processes: tests and machines with stepping clocks hand in their own. */
export type Clock = () => Temporal.Instant

/** What this side presents. `certificates` leads from the leaf to (with or without) the root, as sent. Secret: `privateKey`. */
export interface Credential {
  readonly certificates: readonly [Certificate, ...Certificate[]]
  readonly privateKey: KeyObject
}

/** This side's identity; `current()` may answer another credential after a renewal. */
export interface OwnIdentity {
  current(): Credential
  /** Called after `current()` changed. Answers how to stop. */
  onChange(listener: () => void): () => void
  /** Told of each callee that a client refused as this identity: its own authority keeps why. Makes nobody wait. */
  report?(meeting: Meeting): void
}

/** Whom this side believes, and what it knows about revocation. One value, replaced part by part; never empty. */
export interface Trust {
  readonly anchors: readonly TrustAnchor[]
  /** The trust domain whose parties our own authority vouches for; undefined where it may be any. */
  readonly domain?: string | undefined
  /** What the operator calls the other authority whose anchor this is. Undefined: it is an anchor of the house's own. */
  authorityOf(anchor: TrustAnchor): string | undefined
  /** Issuers known from elsewhere than the peer. Only candidates. */
  readonly issuers: readonly Certificate[]
  readonly crls: readonly CrlIndex[]
  readonly revocation: 'require' | 'prefer'
  /** When the newest status was learned. */
  readonly asOf: Temporal.Instant
  /** Changes with every change of anchors, issuers or status: what is remembered under an old one is void. */
  readonly version: number
  /** Hexadecimal SHA-256 over the anchors, for `sessionIdContext`. */
  readonly anchorsSha256: string
  /** Notes revocations at once; they count beside the CRLs. */
  announce(revoked: readonly RevokedSerial[], at: Temporal.Instant): void
  /** Replaces each older CRL of the same issuer. A CRL that is older than the one held is ignored. */
  replaceCrls(crls: readonly CertificateList[], at: Temporal.Instant): void
  /**
   * Believes these from now on, in place of those before; open sessions are judged by them too.
   * @throws {RangeError} when there is no anchor.
   */
  replaceAuthorities(next: { readonly anchors: readonly Certificate[]; readonly issuers: readonly Certificate[] }): void
  announced(issuerSpkiSha256: string, serialNumber: bigint): RevokedSerial | undefined
  /** Called after each change, in its turn. Answers how to stop. */
  onChange(listener: (change: TrustChange) => void): () => void
}

/** What became known. `status`: by CRLs, which may concern anybody. */
export type TrustChange =
  | { readonly kind: 'announced'; readonly revoked: readonly RevokedSerial[] }
  | { readonly kind: 'status' }

/** What a door asks of a caller that has proved itself. */
export interface AccessQuestion {
  readonly caller: Side
  /** This side, as it has proved itself to the caller. */
  readonly callee: Side
  readonly proofs: readonly Proof[]
  /** The service that is asked for. Absent: the one that the door is. */
  readonly what?: string
  readonly now: Temporal.Instant
}

/** The access decision of one door, from local knowledge only. */
export interface Access {
  /** Synchronous, and pure but for the rules of now. */
  decide(question: AccessQuestion): Decision
  /**
   * Called after the rules, or what they rest on, changed: open sessions are then judged anew, those of `affected` or,
   * where it is absent, all. Answers how to stop.
   */
  onChange(listener: (affected?: readonly SessionKey[]) => void): () => void
}

/** A key under which open sessions are found, as in `certificate:ab12…:4f`, `key:…`, `party:alice`, `identity:…`, `label:…`, `rule:…`. */
export type SessionKey = string

/** What stays open after a meeting. */
export interface Session {
  readonly id: string
  readonly meeting: Meeting
  /** May change, while it is in no index: another rule may let it stay. */
  readonly keys: readonly SessionKey[]
  /** The peer's path below the anchor, leaf first; empty for a peer that was met as nobody. */
  readonly certificates: readonly Certificate[]
  /** Whether it is being cut, or has been. */
  readonly isCut: boolean
  /** Why it is being cut, or was. */
  readonly cutBy?: RefusalCode | undefined
  /** What the caller showed, where the other side of this session is one. */
  readonly proofs?: readonly Proof[]
  /** Octets handed to the kernel for the peer so far, below TLS. */
  octetsSent(): number
  /**
   * Nothing that the application writes from now on is sent. Cheap beside the cut that is to follow, so that many stop at
   * once. It does not make the session one that is cut, but for HTTP/2 and callers behind a proxy, who can be stopped in no other way.
   */
  stop(cause: RefusalCode): void
  /** Resets the connection beneath TLS, so that nothing queued leaves any more. Idempotent. */
  cut(cause: RefusalCode): Promise<{ readonly lastOctetAt: Temporal.Instant }>
}

/** A session of a caller that a door has let in. */
export interface CallerSession extends Session {
  /** What the caller showed. */
  readonly proofs: readonly Proof[]
  /**
   * Asks whether this caller may have `what`, a service beside the door's own. Where it may, the answer is followed until
   * it is released or the session ends: `end` is called, once, when it turns into a no.
   */
  ask(what: string, end: (cause: RefusalCode) => void): { readonly decision: Decision; readonly release: () => void }
  /**
   * Meets a caller by the word of this one, a proxy before the door: its certificate is judged like any other, that its key
   * was proved is for the proxy to know, and the record says so. `end` is called, once, where it would be refused now.
   * @param certificates DER, leaf first; none: met as nobody, where `mayBeNobody`.
   */
  meetFor(
    certificates: readonly Uint8Array[],
    options: { readonly mayBeNobody: boolean; readonly end: (cause: RefusalCode) => void },
  ): ForwardedMeeting
}

/** How the gate decided on a caller behind a proxy. Whoever has its session releases it when it is over. */
export type ForwardedMeeting =
  | { readonly ok: true; readonly session: Omit<CallerSession, 'meetFor'>; readonly release: () => void }
  | { readonly ok: false; readonly meeting: RefusedMeeting }

/** The record of a refusal. */
export type RefusedMeeting = Meeting & { readonly outcome: Extract<Meeting['outcome'], { readonly ok: false }> }

/** The open sessions of one door, found by key. */
export interface SessionIndex {
  readonly size: number
  add(session: Session): void
  remove(session: Session): void
  list(): readonly Session[]
  find(key: SessionKey): readonly Session[]
  /** Stops what any of `keys` finds, then cuts it, in slices that yield. Answers when each is cut. */
  cut(keys: readonly SessionKey[], cause: RefusalCode): Promise<readonly Cut[]>
}

/** What makes meetings resumable: a key, and what callers sent while it was in use. Both begin and end together. */
export interface TicketEpoch {
  /** 48 octets, as TLS takes them. Secret. */
  readonly key: Buffer
  /** The issuers that callers sent: a resumed caller shows its leaf alone. Only candidates. */
  issuers(): readonly Certificate[]
  /** Looks for what other processes were sent. True where that is more. */
  refresh(): boolean
}

/** The tickets of a door, in one process or in several. */
export interface Tickets {
  current(): TicketEpoch
  /** Keeps what the caller of an accepted path sent. Where there is no room, a new epoch begins. */
  learn(issuers: readonly Certificate[]): void
}

/**
 * What a name asks of its callers. `require`: without a certificate they are refused. `ask`: without one they are met as
 * nobody, and `access` is asked all the same. `none`: no certificate is asked for, and everybody is nobody.
 */
export type Callers = 'require' | 'ask' | 'none'

/** What the server side of a gate needs. */
export interface AcceptorOptions {
  readonly door: DoorName
  readonly identity: OwnIdentity
  readonly trust: Trust
  readonly access: Access
  /** What is asked of callers, by the name that they ask for (absent where they name none). Default: `require`, whatever the name. */
  readonly callersOf?: (serverName: string | undefined) => Callers
  /** Presented in place of `identity` where nothing is asked of callers: browsers need not believe our authority. */
  readonly ofBrowsers?: OwnIdentity
  /** `refuse` (default): a certificate for servers alone is no caller's. `admit`: where it is itself what is asked about. */
  readonly servers?: 'refuse' | 'admit'
  readonly clock: Clock
  readonly alpn?: readonly string[]
  /** Default: tickets of this acceptor alone. `openTickets` shares them with other processes. */
  readonly tickets?: Tickets
  readonly sessions: SessionIndex
  /** Each meeting once, accepted or refused, as soon as it is decided. */
  readonly record: (meeting: Meeting) => void
  /** After the gate has accepted; the first octet of the application is still unread. */
  readonly onAccepted: (socket: TLSSocket, meeting: Meeting, session: CallerSession) => void
  /** After the gate has refused and the handshake is complete: only the refusal itself may be told here. */
  readonly onRefused: (socket: TLSSocket, meeting: Meeting) => void
  /** Milliseconds from the first octet awaited to the end of the handshake. Default 10,000. */
  readonly handshakeTimeoutMs?: number
  /** Told what should not happen: `gate.fault`, `gate.identity-unusable`. Default: a warning of the process. */
  readonly log?: Log
}

/** Takes raw connections from any `net.Server`. */
export interface Acceptor {
  accept(raw: Socket): void
  /** Handshakes under way. */
  readonly pending: number
  /** Ends handshakes under way and accepts no more. */
  close(): void
}

/** Where a client goes, as whom, and within which limits. */
export interface ConnectTarget {
  /** Where to connect. `*.localhost` is mapped to loopback here. */
  readonly host: string
  readonly port: number
  /** SNI where it differs from `name` or `host`. */
  readonly serverName?: string
  /** Absent: this side meets as nobody (enrollment). */
  readonly identity?: OwnIdentity
  readonly clock?: Clock
  readonly alpn?: readonly string[]
  /** Whether this side may still write after the callee has ended. Default: no. */
  readonly allowHalfOpen?: boolean
  /** Label for the meeting's record. Default `host:port`. */
  readonly door?: DoorName
  /** Milliseconds until the callee has proved itself. Default 10,000. */
  readonly timeoutMs?: number
  /** Resumption: sessions are kept here per door, name and identity. Absent: every meeting is a full one. */
  readonly resumption?: ResumptionStore
}

/** Whom a client believes. */
export interface KnownCallee {
  readonly trust: Trust
  /** What the server must prove. Default: `host` as dNSName or iPAddress. */
  readonly name?: ReferenceIdentity
  readonly firstContact?: undefined
}

/** Whom a client believes when it knows nothing but what an invitation says. */
export interface UnknownCallee {
  readonly firstContact: FirstContact
  readonly trust?: undefined
  readonly name?: undefined
}

/** What an invitation says of an authority. */
export interface FirstContact {
  /** SHA-256, 32 octets, of the DER of a root certificate that the authority sends in its own list. */
  readonly rootSha256: Uint8Array
  /** The DNS name that the authority's certificate must prove. */
  readonly name: string
}

/** What the client side of a gate needs. */
export type ConnectOptions = ConnectTarget & (KnownCallee | UnknownCallee)

/** Client sessions with the server's certificates that each was made under, judged anew at each use. Bounded. */
export interface ResumptionStore {
  take(key: string): { readonly session: Buffer; readonly certificates: readonly Certificate[] } | undefined
  put(key: string, session: Buffer, certificates: readonly Certificate[]): void
}

/** A callee that has proved itself, with the open connection to it. */
export interface Connected {
  readonly socket: TLSSocket
  readonly meeting: Meeting
  /** Ends by itself when the callee would be refused; `cut` ends it now. */
  readonly session: Session
  /** What the callee was judged by; on a first contact the root that was found. */
  readonly trust: Trust
}

/** A place where parties meet, as `open` of each kind gives it. */
export interface Door {
  readonly name: DoorName
  readonly kind: string
  /** As in `https://127.0.0.1:8443`. */
  readonly url: string
  readonly sessions: SessionIndex
  /** Stops accepting, lets open work end (at most `timeoutMs`), then closes. */
  drain(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/** All that a door may use of the process it runs in. */
export interface House {
  readonly identity: OwnIdentity
  readonly trust: Trust
  readonly access: Access
  readonly sessions: SessionIndex
  readonly clock: Clock
  readonly record: (meeting: Meeting) => void
  /** A meeting that was recorded, with what has gone wrong since. Absent: the log alone tells. */
  readonly amend?: (meeting: Meeting) => void
  readonly log: Log
  /** Where it keeps what shall outlive it; absent: nowhere. */
  readonly files?: PrivateFiles
}

/** The files of one directory; no peer chooses a name. @throws {IdentityError} (rejects) and what was there stays. */
export interface PrivateFiles {
  /** Undefined where nothing was written yet. Refuses what others may read. */
  read(name: string): Promise<string | undefined>
  /** Durable when it resolves. */
  write(name: string, text: string): Promise<void>
  /** The same where nothing is there yet. False where something is, also of another process, and it stays as it is. */
  create(name: string, text: string): Promise<boolean>
  pathOf(name: string): string
}

/** Structured events: a stable name and fields without secrets. */
export type Log = (event: string, fields?: Readonly<Record<string, unknown>>) => void
