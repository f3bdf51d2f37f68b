// A message sealed for those to whom it goes: one copy for whom everybody sees, or of these one for each kind of key, and one for
// each in Bcc, of whom no other learns.
import { MailError } from '@countersign/protocol'
import { protectHeader } from '../header/protect.ts'
import { readAddresses } from '../mime/addresses.ts'
import { withCrlf } from '../mime/crlf.ts'
import { fieldOf } from '../mime/entity.ts'
import { scanEntity } from '../mime/scan.ts'
import type { Entity, LayerSealer, MailFormat, Recipient, SealedEntity, SealProfile, Source } from '../model.ts'

/** What sealing a message takes. */
export interface SealMessageOptions {
  /** What seals for keys of this kind, or signs alone. Rejects with {@link MailError} where the sender has no key for it. */
  readonly sealerFor: (format: MailFormat, profile: SealProfile) => Promise<LayerSealer>
  /** Whose certificate signs: the address must be the one in From. */
  readonly signerAddresses: readonly string[]
  /** Where to encrypt; undefined: no key of the address is known. */
  readonly keyOf: (address: string) => Promise<Recipient | undefined>
  /** Keys of the sender's own, so that what was sent can be read again: of each kind the first. */
  readonly ownKeys?: readonly Recipient[]
  /** For keys that say nothing of what their owners read. */
  readonly profile: SealProfile
  /** Signed alone, in this format, so that anybody can read it. */
  readonly signOnly?: MailFormat
  readonly now: Temporal.Instant
}

/** One copy of a message, for these and nobody else. */
export interface SealedMessage {
  readonly recipients: readonly string[]
  /** Whether those recipients stand in no header. */
  readonly isBlind: boolean
  readonly format: MailFormat
  readonly profile: SealProfile
  /** Lines end with CRLF. It is written once, in one pass. */
  readonly message: AsyncIterable<Uint8Array>
}

/** As many as one message is sealed for. */
const MOST_RECIPIENTS = 100

/**
 * Seals a message for all whom its header names. Nothing is sealed where one of them has no key.
 * @throws {MailFormError} when the message is not in the form of one.
 * @throws {MailError} when From is not the signer's, or somebody's key is not known; what the sealer throws where a key is not good.
 */
export async function sealMessage(message: Source, options: SealMessageOptions): Promise<readonly SealedMessage[]> {
  const { signerAddresses, signOnly, keyOf, profile } = options
  const source = await withCrlf(message)
  const entity = await scanEntity(source, 0, source.length)
  const from = addressesOf(entity, 'From')
  const [sender] = from
  if (sender === undefined || from.length > 1) throw new MailError('ERR_MAIL_FROM', 'From must be one address')
  if (!signerAddresses.includes(sender))
    throw new MailError('ERR_MAIL_FROM_DIFFERS', `${sender} is not ${signerAddresses.join(', ')}`)
  const seen = [...new Set([...addressesOf(entity, 'To'), ...addressesOf(entity, 'Cc')])]
  const blind = [...new Set(addressesOf(entity, 'Bcc'))].filter((address) => !seen.includes(address))
  if (seen.length + blind.length > MOST_RECIPIENTS)
    throw new MailError('ERR_MAIL_BUDGET', `more than ${MOST_RECIPIENTS} recipients`)
  if (seen.length + blind.length === 0) throw new MailError('ERR_MAIL_FORM', 'To, Cc and Bcc name nobody')
  // RFC 8551 §3.1.3: servers on the way may write it in another form, and the signature would not fit any more.
  if (signOnly !== undefined && !isSevenBit(entity))
    throw new MailError('ERR_MAIL_FORM', 'what is signed alone must be 7bit')
  const keys = new Map<string, Recipient | undefined>()
  if (signOnly === undefined) for (const address of [...seen, ...blind]) keys.set(address, await keyOf(address))
  const without = [...keys].flatMap(([address, key]) => (key ? [] : [address]))
  if (without.length > 0) throw new MailError('ERR_MAIL_RECIPIENT_KEY', `no key is known of ${without.join(', ')}`)
  const kindOf = (address: string): Kind => {
    const key = keys.get(address)
    return { format: key?.format ?? signOnly ?? 'smime', profile: key?.profile ?? profile }
  }
  const copies: SealedMessage[] = []
  for (const group of [...groupsOf(seen, kindOf), ...blind.map((one) => ({ recipients: [one], kind: kindOf(one) }))]) {
    const { recipients, kind } = group
    const isBlind = blind.includes(recipients[0] ?? '')
    const known = recipients.flatMap((address) => keys.get(address) ?? [])
    // A copy for one in Bcc has that one's key alone: that there is a second would say to whom it went too.
    const own = signOnly === undefined && !isBlind ? ownKeyFor(kind, known, options) : []
    const { payload, outer } = await protectHeader(entity, source, signOnly === undefined ? 'cipher' : 'clear')
    const sealer = await options.sealerFor(kind.format, kind.profile)
    const how = { profile: kind.profile, recipients: [...known, ...own], now: options.now }
    const sealed = await sealer.seal(payload, how)
    copies.push({ recipients, isBlind, ...kind, message: written(outer, sealed) })
  }
  return copies
}

/** By which format somebody is written to, and what they read. */
export interface Kind {
  readonly format: MailFormat
  readonly profile: SealProfile
}

/** Those who are written to alike get one copy, which reads the same for all of them. */
export function groupsOf(
  addresses: readonly string[],
  kindOf: (address: string) => Kind,
): readonly { readonly recipients: readonly string[]; readonly kind: Kind }[] {
  const groups = Map.groupBy(addresses, (address) => {
    const { format, profile } = kindOf(address)
    return `${format} ${profile}`
  })
  return [...groups.values()].flatMap((recipients) =>
    recipients[0] === undefined ? [] : [{ recipients, kind: kindOf(recipients[0]) }],
  )
}

/** None where the sender is among the recipients. */
function ownKeyFor(
  { format, profile }: Kind,
  known: readonly Recipient[],
  { ownKeys = [], profile: otherwise }: SealMessageOptions,
): readonly Recipient[] {
  const own = ownKeys.find((key) => key.format === format && (key.profile ?? otherwise) === profile)
  return own === undefined || known.some(({ address }) => address === own.address) ? [] : [own]
}

function isSevenBit({ transferEncoding, parts }: Entity): boolean {
  return transferEncoding !== '8bit' && transferEncoding !== 'binary' && parts.every(isSevenBit)
}

function addressesOf(entity: Entity, name: string): readonly string[] {
  const field = fieldOf(entity, name)
  return field === undefined ? [] : readAddresses(field).map(({ address }) => address)
}

async function* written(outer: readonly string[], { fields, body }: SealedEntity): AsyncGenerator<Uint8Array> {
  const lines = [...outer.map((line) => `${line}\r\n`), 'MIME-Version: 1.0\r\n', ...fields, '\r\n']
  yield Buffer.from(lines.join(''), 'utf8')
  yield* body
}
