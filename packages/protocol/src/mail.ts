// The seams of mail: what a message is to us, what a cryptographic layer of it turned out to be, and what it all comes to.
// Words are those of RFC 2045 (entity, field) and RFC 9788 §1.7 (cryptographic layer, payload, envelope).
// They stand here since the formats of mail are packages apart, and programs do not import each other.
import type { CertificateSummary, Refusal } from './meeting.ts'
import type { RefusalCode } from './refusals.ts'

/** Why a key or a message is not read, sealed or opened. Its code is a row of the table of refusals; mail has no others. */
export class MailError extends Error {
  override readonly name = 'MailError'
  readonly code: RefusalCode
  /** For the record of whoever operates; no secrets, no text of the peer. */
  readonly note: string
  constructor(code: RefusalCode, note: string, options?: ErrorOptions) {
    super(`${note} (${code})`, options)
    this.code = code
    this.note = note
  }
}

/** Octets that can be read again and in part, whether they are in memory or in a file. Lengths and places are in octets. */
export interface Source {
  readonly length: number
  /** The octets from `start` to before `end`, in pieces of the source's choice. @throws what reading a file throws. */
  read(start: number, end: number): AsyncIterable<Uint8Array>
}

/** Where octets go of which nobody knows yet whether they may be seen. Nothing of it outlives the process. */
export interface Spool extends AsyncDisposable {
  write(octets: Uint8Array): Promise<void>
  /** What was written; nothing is written afterwards. */
  source(): Promise<Source>
}

/** One header field. @see RFC 5322 §2.2 */
export interface HeaderField {
  /** As it stands. Names are compared without regard to case. */
  readonly name: string
  /** Unfolded (RFC 5322 §2.2.3), without the white space around it; UTF-8 (RFC 6532). */
  readonly value: string
  /** Where the field stands, with its line end. */
  readonly start: number
  readonly end: number
}

/** A type with its parameters, as in `multipart/signed; protocol="application/pgp-signature"`. @see RFC 2045 §5.1 */
export interface ContentType {
  /** Type and subtype, in lower case. */
  readonly type: string
  /** Names in lower case, values as they stand without quotes, RFC 2231 undone. Each stands once. */
  readonly parameters: ReadonlyMap<string, string>
}

/** How a body is written. @see RFC 2045 §6.1 */
export type TransferEncoding = '7bit' | '8bit' | 'binary' | 'quoted-printable' | 'base64'

/** A header and a body of a source: a message, or a part of one. @see RFC 2045 §2.4 */
export interface Entity {
  readonly fields: readonly HeaderField[]
  readonly contentType: ContentType
  readonly transferEncoding: TransferEncoding
  /** Where the header begins, the body begins, and the body ends: for a part, before the line end of its delimiter. */
  readonly start: number
  readonly bodyStart: number
  readonly end: number
  /** Of a multipart; else none. What an entity of message/rfc822 holds is not looked into. */
  readonly parts: readonly Entity[]
  /** Of a multipart: whether anything but white space stands before its first part or after its last. */
  readonly hasOutsiders: boolean
}

/** One address of a field. @see RFC 5322 §3.4 */
export interface Mailbox {
  readonly displayName?: string
  /** Local part as it stands, domain in lower case as A-labels: the form in which names of certificates are compared. */
  readonly address: string
}

/** Which of the two formats. */
export type MailFormat = 'smime' | 'openpgp'

/**
 * What is sealed for whom. `modern`: encryption that authenticates. `legacy`: for peers that read nothing else: CBC inside
 * and outside a signature (S/MIME), or SEIPDv1 with its MDC (OpenPGP).
 */
export type SealProfile = 'modern' | 'legacy'

/** Who signed, as the signature says it, and what trust says of them. */
export interface SignatureFact {
  /** Whether the signature is over these octets by this key. `code` says why not. */
  readonly outcome: { readonly ok: true } | { readonly ok: false; readonly code: RefusalCode; readonly note?: string }
  readonly signer?: Signer
  /** Whether the signer is vouched for, for mail, at the time of judgement. */
  readonly trust?: SignerTrust
  /** As the signer wrote it. A thief can write any. */
  readonly claimedAt?: Temporal.Instant
  /** As in `ECDSA P-256 with SHA-256`. */
  readonly algorithm?: string
  /** A time-stamp that came with it (RFC 3161 Appendix A): what it says, or why it says nothing. */
  readonly timeStamp?:
    | { readonly ok: true; readonly evidence: TimeEvidence }
    | { readonly ok: false; readonly note: string }
}

/** Somebody else's word for when something was there already. The signer's own says nothing: a thief can write any time. */
export interface TimeEvidence {
  /** By then it was there. */
  readonly at: Temporal.Instant
  /** As in `the door mail`, or the name of a time-stamping authority. */
  readonly by: string
}

/** Whoever has a key that signs or reads mail. */
export interface Signer {
  /** By what people know them. */
  readonly name: string
  /** Addresses that the credential is for, compared form. */
  readonly addresses: readonly string[]
  readonly certificate?: CertificateSummary
  /** OpenPGP, hexadecimal. */
  readonly fingerprint?: string
}

/** What trust says of a signer's credential. */
export type SignerTrust =
  | {
      readonly ok: true
      /** The name of whom it rests on: an anchor, the authority's OpenPGP key, or `pinned`. */
      readonly anchor: string
      readonly anchorSpkiSha256?: string
      /** `good`, or `unknown` where revocation is preferred and not known. */
      readonly status: string
      readonly knownAt?: Temporal.Instant
    }
  | {
      readonly ok: false
      readonly refusal: Refusal /** Since when, where it was revoked or has expired. */
      readonly since?: Temporal.Instant
    }

/** What one cryptographic layer of a message turned out to be. @see RFC 9788 §1.7 */
export type Layer =
  | {
      readonly kind: 'signed'
      readonly format: MailFormat
      readonly signatures: readonly SignatureFact[]
    }
  | {
      readonly kind: 'encrypted'
      readonly format: MailFormat
      /** As in `AES-256-GCM`. */
      readonly cipher?: string
      /** Whether a change of the ciphertext is noticed by the encryption itself. */
      readonly isAuthenticated: boolean
      /** Key of ours that opened it, and how its key came, as in `ECDH P-256`. */
      readonly openedBy?: Signer
      readonly transport?: string
      /** How many keys it is encrypted to. */
      readonly recipients: number
      readonly outcome:
        | { readonly ok: true }
        | { readonly ok: false; readonly code: RefusalCode; readonly note?: string }
    }

/** A layer that was opened, and what was inside: an entity again. Absent where it could not be opened. */
export interface OpenedLayer {
  readonly layer: Layer
  /** A layer that stands in the same object, inside of `layer`: OpenPGP may sign within its encryption. @see RFC 3156 §6.2 */
  readonly within?: Layer
  /** With its entity, where that is a part of the one that was opened. */
  readonly inside?: { readonly source: Source; readonly start: number; readonly end: number; readonly entity?: Entity }
}

/** Opens layers of one format. */
export interface LayerOpener {
  readonly format: MailFormat
  /** Answers undefined where the entity is no layer of this format. Never throws for what a sender wrote. */
  open(entity: Entity, source: Source, context: OpenContext): Promise<OpenedLayer | undefined>
}

/** What opening takes. */
export interface OpenContext {
  readonly now: Temporal.Instant
  /** The address in the From that everybody sees, where it is one: whose keys may be asked for. It proves nothing. */
  readonly sender?: string
  /** Makes a place for what is decrypted. */
  spool(): Spool
}

/** Writes layers of one format, in one pass. */
export interface LayerSealer {
  readonly format: MailFormat
  /**
   * Signs and encrypts an entity, header and body, whose lines end with CRLF.
   * Answers the fields of the new entity (Content-Type and what belongs to it) and its body, in pieces.
   */
  seal(entity: AsyncIterable<Uint8Array>, how: SealHow): Promise<SealedEntity>
}

/** Whether and for whom. Without recipients it is signed alone. `recipients` are credentials of the sealer's own format. */
export interface SealHow {
  readonly profile: SealProfile
  readonly recipients: readonly Recipient[]
  readonly now: Temporal.Instant
}

/** To whom something is encrypted: a certificate in DER, or an OpenPGP key in octets. */
export interface Recipient {
  readonly address: string
  readonly format: MailFormat
  readonly key: Uint8Array
  /** What whoever has this key reads, as the key says. Absent where it says nothing. */
  readonly profile?: SealProfile
  /** Certificates in DER that may lead from it to an anchor: candidates. */
  readonly issuers?: readonly Uint8Array[]
}

/** An entity that is being written. */
export interface SealedEntity {
  /** Lines with CRLF each, without the empty line. */
  readonly fields: readonly string[]
  readonly body: AsyncIterable<Uint8Array>
}
