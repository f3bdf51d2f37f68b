// What a message comes to: one pure function over its facts. Nothing here reads octets, keys or clocks.
import type { Refusal, RefusalCode } from '@countersign/protocol'
import { readText } from '../mime/words.ts'
import type { Layer, Mailbox, SignatureFact, Signer, TimeEvidence } from '../model.ts'
import type { MailFacts } from './facts.ts'

type SignedLayer = Extract<Layer, { readonly kind: 'signed' }>
type EncryptedLayer = Extract<Layer, { readonly kind: 'encrypted' }>

/** What is worth knowing beside the verdict, and changes nothing in it. */
export type MailRemark =
  /** The name before the address reads as another address. */
  | { readonly kind: 'display-name'; readonly text: string }
  /** The sender's protected To and Cc do not name the reader: in Bcc, or somebody passed it on. */
  | { readonly kind: 'not-addressed' }
  | { readonly kind: 'attached-messages'; readonly count: number }
  /** The header that everybody sees was not signed. */
  | { readonly kind: 'header-not-protected' }
  /** Fields outside are others than who protected the header had put there: what is shown is the protected ones. */
  | { readonly kind: 'header-altered'; readonly text: string }
  /** It came with a time-stamp, of which nothing is believed. */
  | { readonly kind: 'time-stamp'; readonly text: string }
  /** Valid because somebody else saw it before its key was revoked, or had expired. */
  | { readonly kind: 'older-than-revocation'; readonly evidence: TimeEvidence; readonly since: Temporal.Instant }

/** A message, judged for whoever reads it. */
export interface MailVerdict {
  /**
   * `verified`: From is who signed, all of it, and is vouched for. `not verified`: it may be of anybody. `not opened`: nothing
   * of what is inside may be shown.
   */
  readonly state: 'verified' | 'not verified' | 'not opened'
  /** Why it is not verified or not opened. */
  readonly refusal?: Refusal
  /** Since when the signer is not to be believed, where that is known. */
  readonly since?: Temporal.Instant
  /** The address that From names, by the header that counts. */
  readonly from?: Mailbox
  readonly signer?: Signer
  readonly signature?: SignatureFact
  /** The encryption that nobody on the way could open. Absent: there is none. */
  readonly encryption?: EncryptedLayer
  readonly remarks: readonly MailRemark[]
}

/** Judges a message. Each rule is on its own; the first that fails says why. */
export function verdictOf(facts: MailFacts): MailVerdict {
  const { layers } = facts
  const encryption = layers.find((layer): layer is EncryptedLayer => layer.kind === 'encrypted')
  const from = fromOf(facts)
  const author = layers.findLast((layer): layer is SignedLayer => layer.kind === 'signed')
  const signature = author && signatureFor(author, from)
  const known = {
    ...(from && { from }),
    ...(signature && { signature }),
    ...(signature?.signer && { signer: signature.signer }),
    ...(encryption && { encryption }),
  }
  const closed = whyNotOpened(facts)
  if (closed) return { ...known, state: 'not opened', refusal: closed, remarks: [] }
  const trouble = whyNotVerified(facts, author, signature, from)
  const isVerified = trouble === undefined
  // What encryption does not authenticate, a signature must: or whoever changed it on its way is shown what they made of it.
  const isLoose = layers.some((layer) => layer.kind === 'encrypted' && !layer.isAuthenticated)
  if (isLoose && !isVerified)
    return {
      ...known,
      state: 'not opened',
      refusal: { code: 'ERR_MAIL_UNAUTHENTICATED', note: trouble.refusal.code },
      remarks: [],
    }
  return {
    ...known,
    state: isVerified ? 'verified' : 'not verified',
    ...(trouble && { refusal: trouble.refusal, ...(trouble.since && { since: trouble.since }) }),
    remarks: remarksOf(facts, signature, from),
  }
}

/** The one address of the From that counts: the protected one where there is one. @see RFC 9788 §4 */
function fromOf({ outerFrom, protectedFrom }: MailFacts): Mailbox | undefined {
  const from = protectedFrom ?? outerFrom
  return from?.length === 1 ? from[0] : undefined
}

/** Of several signatures the one that is by From, else the first. */
function signatureFor({ signatures }: SignedLayer, from: Mailbox | undefined): SignatureFact | undefined {
  return signatures.find((each) => isBy(each, from)) ?? signatures[0]
}

function isBy({ signer }: SignatureFact, from: Mailbox | undefined): boolean {
  return from !== undefined && signer?.addresses.includes(from.address) === true
}

function whyNotOpened({ form, layers }: MailFacts): Refusal | undefined {
  if (!form.ok) return refusal(form.code, form.note)
  for (const layer of layers)
    if (layer.kind === 'encrypted' && !layer.outcome.ok) return refusal(layer.outcome.code, layer.outcome.note)
  return undefined
}

interface Trouble {
  readonly refusal: Refusal
  readonly since?: Temporal.Instant
}

function whyNotVerified(
  facts: MailFacts,
  author: SignedLayer | undefined,
  signature: SignatureFact | undefined,
  from: Mailbox | undefined,
): Trouble | undefined {
  const { layers, errants, outerFrom, protectedFrom } = facts
  if (from === undefined) return { refusal: { code: 'ERR_MAIL_FROM' } }
  if (author === undefined || signature === undefined)
    // A part that is signed, beside others that are not.
    return { refusal: { code: errants.length > 0 ? 'ERR_MAIL_COVERAGE' : 'ERR_MAIL_NOT_SIGNED' } }
  for (const layer of layers) {
    const bad = layer.kind === 'signed' ? whyNotSigned(layer, facts) : undefined
    if (bad) return bad
  }
  if (!isBy(signature, from))
    return {
      refusal: refusal(
        'ERR_MAIL_FROM_DIFFERS',
        `${signature.signer?.addresses.join(', ') ?? ''} is not ${from.address}`,
      ),
    }
  // RFC 9788 §4.4: programs that know nothing of protected headers show the other.
  if (protectedFrom && (outerFrom?.length !== 1 || outerFrom[0]?.address !== from.address))
    return { refusal: { code: 'ERR_MAIL_HEADER_DIFFERS' } }
  const others = layers.filter((layer) => layer.kind === 'signed' && layer !== author)
  if (others.some((layer) => layer.kind === 'signed' && !layer.signatures.some((each) => isBy(each, from))))
    return { refusal: { code: 'ERR_MAIL_SIGNED_AGAIN' } }
  if (layers.slice(layers.indexOf(author)).some(({ kind }) => kind === 'encrypted'))
    return { refusal: { code: 'ERR_MAIL_SIGNED_OUTSIDE' } }
  const [errant] = errants
  if (errant) return { refusal: refusal('ERR_MAIL_NESTED', `part ${errant.part} is ${errant.kind}`) }
  return undefined
}

/** Each signature of a layer counts: one that is not right is no ornament. */
function whyNotSigned({ signatures }: SignedLayer, facts: MailFacts): Trouble | undefined {
  const [first] = signatures
  if (first === undefined) return { refusal: { code: 'ERR_MAIL_NOT_SIGNED' } }
  const right = signatures.filter(({ outcome }) => outcome.ok)
  if (right.length > 0 && right.length < signatures.length) return { refusal: { code: 'ERR_MAIL_SIGNED_BY_SEVERAL' } }
  if (!first.outcome.ok) return { refusal: refusal(first.outcome.code, first.outcome.note) }
  for (const signature of signatures) {
    const { signer, trust } = signature
    if (signer === undefined || trust === undefined) return { refusal: { code: 'ERR_MAIL_SIGNER' } }
    if (trust.ok || isOlder(signature, facts)) continue
    return { refusal: trust.refusal, ...(trust.since && { since: trust.since }) }
  }
  return undefined
}

/** Whether somebody else saw it before its signer was not to be believed any more. */
function isOlder(signature: SignatureFact, facts: MailFacts): boolean {
  const { trust } = signature
  const evidence = evidenceOf(signature, facts)
  if (trust === undefined || trust.ok || trust.since === undefined || evidence === undefined) return false
  const { code } = trust.refusal
  if (code !== 'ERR_CALLER_REVOKED' && code !== 'ERR_CALLER_EXPIRED') return false
  return Temporal.Instant.compare(evidence.at, trust.since) < 0
}

/** The earlier of what is known of the message and of its signature. */
function evidenceOf({ timeStamp }: SignatureFact, { evidenceOfTime }: MailFacts): TimeEvidence | undefined {
  const own = timeStamp?.ok ? timeStamp.evidence : undefined
  if (own === undefined || evidenceOfTime === undefined) return own ?? evidenceOfTime
  return Temporal.Instant.compare(own.at, evidenceOfTime.at) <= 0 ? own : evidenceOfTime
}

function remarksOf(facts: MailFacts, signature: SignatureFact | undefined, from: Mailbox | undefined): MailRemark[] {
  const { attachedMessages, protectedFrom, protectedTo, alteredFields = [], self } = facts
  const remarks: MailRemark[] = []
  const name = from?.displayName
  if (from && name !== undefined && isOtherAddress(name, from)) remarks.push({ kind: 'display-name', text: name })
  if (signature && protectedFrom === undefined) remarks.push({ kind: 'header-not-protected' })
  if (alteredFields.length > 0) remarks.push({ kind: 'header-altered', text: alteredFields.join(', ') })
  if (self && protectedTo && !protectedTo.some(({ address }) => self.addresses.includes(address)))
    remarks.push({ kind: 'not-addressed' })
  if (attachedMessages > 0) remarks.push({ kind: 'attached-messages', count: attachedMessages })
  if (signature?.timeStamp?.ok === false) remarks.push({ kind: 'time-stamp', text: signature.timeStamp.note })
  const evidence = signature && evidenceOf(signature, facts)
  const trust = signature?.trust
  if (evidence && trust?.ok === false && trust.since && isOlder(signature, facts))
    remarks.push({ kind: 'older-than-revocation', evidence, since: trust.since })
  return remarks
}

/**
 * Whether a name reads as an address, and another than the one behind it: with any sign that is read as an at-sign, and with
 * encoded words between quotes, which many programs show decoded (against RFC 2047 §5).
 */
function isOtherAddress(name: string, { address }: Mailbox): boolean {
  const shown = readText(name).normalize('NFKC').trim().toLowerCase()
  return shown.includes('@') && shown !== address.toLowerCase()
}

function refusal(code: RefusalCode, note: string | undefined): Refusal {
  return { code, ...(note !== undefined && { note }) }
}
