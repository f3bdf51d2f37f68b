// What the mail door is configured with, what it is handed, and what it hands on.

import type { Socket } from 'node:net'
import type { Door, FoundMailKeys, House } from '@countersign/mtls'
import type { Entity, LayerOpener, LayerSealer, Recipient, RefusalCode, Source } from '@countersign/protocol'

/** Where something listens, or is reached. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string }

/** Where mail goes from here. */
export interface NextHop {
  readonly host: string
  readonly port: number
  /**
   * `implicit`: TLS from the first octet (RFC 8314). `starttls`: TLS before anything else (RFC 3207), or nothing is sent.
   * `none`: in clear, on loopback alone.
   */
  readonly tls: 'implicit' | 'starttls' | 'none'
  /** The DNS name that its certificate must prove. Default: `host`. */
  readonly name?: string
  /** Path of the certificates that it must lead to, in PEM. Absent: those of the system. */
  readonly anchors?: string
}

/** A service for mail to some addresses: rules say who may write there. */
export interface RecipientRoute {
  /** An address, or a domain as in `@partner.example`. */
  readonly to: string
  readonly service: string
}

/** What a mail door is called, what it proves, where it listens and where mail goes. */
export interface MailDoorConfig {
  readonly name: string
  /** DNS names and IP addresses that the door proves; the first is what it calls itself in mail. */
  readonly host: readonly [string, ...string[]]
  readonly listen: Address
  readonly next: NextHop
  /** The first that fits an address says which service it is; without one that fits it is the door's own. */
  readonly recipients?: readonly RecipientRoute[]
  /**
   * Mail for these addresses, or domains as in `@acme.example`, arrives here, from whomever the callers bring it. Absent: people
   * hand in their own.
   */
  readonly arrives?: readonly string[]
  /** Directories of identities whose keys for mail are this door's, where mail arrives: what is encrypted to them is opened here. */
  readonly keys?: readonly string[]
  /**
   * The directory beside which `countersign mail keys accept` and `--wkd` keep keys of people whom the authority does not know: what
   * must be encrypted to them is, with these. Default: none.
   */
  readonly partnerKeys?: string
  /** The largest message. Default 40 MB. */
  readonly maxMessageOctets?: number
  /** Messages that one caller may leave here in a minute. Default 60. */
  readonly maxMessagesPerMinute?: number
}

/** From whom and to whom, as SMTP says it. @see RFC 5321 §2.3.1 */
export interface Envelope {
  /** Empty: nobody is told of its end (RFC 5321 §4.5.5). */
  readonly sender: string
  readonly recipients: readonly string[]
  /** Whether an address or a field of the header is not ASCII. @see RFC 6531 */
  readonly isUtf8: boolean
  /** Whether the body has octets above 127. @see RFC 6152 */
  readonly isEightBit: boolean
}

/**
 * What becomes of a message for some of its recipients, who are of the envelope, each in one treatment alone.
 * `held`: not as it stands; it is asked again later. `isUtf8` and `isEightBit` are of what is sent.
 */
export type Treatment =
  | (Pick<Envelope, 'recipients' | 'isUtf8' | 'isEightBit'> & { readonly kind: 'send'; readonly source: Source })
  | {
      readonly kind: 'held'
      readonly recipients: readonly string[]
      readonly code: RefusalCode
      readonly text: string
    }

/** Makes of a message what may leave: one after the other, and each `source` is there until the next is asked for. */
export type Treat = (message: Source, envelope: Envelope) => AsyncIterable<Treatment>

/** Seals one message for keys of OpenPGP, and signs nothing. What a key is not good for is rejected with a MailError. */
export interface OpenPgpSealing {
  /** The key of an address that is good now. Undefined: none is known. */
  recipientFor(address: string, found: FoundMailKeys): Promise<Recipient | undefined>
  /** Whether what is encrypted in the form of RFC 3156 is for an address; where none of its keys is known, the sender says so. */
  isFor(entity: Entity, source: Source, address: string, found: FoundMailKeys): Promise<boolean>
  /** For those of whom `recipientFor` has said how. */
  readonly sealer: LayerSealer
}

/** What the house does for every door that listens. */
export interface Listening {
  readonly name: string
  readonly kind: string
  readonly scheme: string
  readonly listen: Address
  readonly server: { readonly noDelay: boolean }
  readonly house: Pick<House, 'sessions' | 'log'>
  onConnection(raw: Socket): void
  isBusy?(): boolean
  endIdle(): void
  stop(): void | Promise<void>
  close(): Promise<void>
}

/** All that a mail door may use. */
export interface MailHouse extends House {
  readonly listen: (listening: Listening) => Promise<Door>
  /** What opens and judges formats beside S/MIME, where mail arrives. Default: none. */
  readonly openers?: readonly LayerOpener[]
  /** Where the queue is, absolute; nobody else's. */
  readonly directory: string
  /** The rule by which mail to an address must be encrypted, as it is told; undefined where none says so. */
  readonly mustEncrypt: (address: string) => string | undefined
  /** The rule by which mail from an address must be verified, as it is told; undefined where none says so. */
  readonly mustBeVerified: (address: string) => string | undefined
  /** The keys of an address for mail. Rejects where the authority cannot be asked. */
  readonly mailKeys: (address: string) => Promise<FoundMailKeys>
  /** Begins to seal a message for keys of OpenPGP. Default: there is no package for them. */
  readonly sealOpenPgp?: () => Promise<OpenPgpSealing | undefined>
  /** Ends the process in tests, at a named moment. */
  readonly failpoint?: (name: string) => void
}
