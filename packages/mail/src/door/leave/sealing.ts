// What must be encrypted is, before it leaves; what cannot be is held. Who wrote it is not for a door to sign.
import type { Clock, FoundMailKeys, Log, Trust } from '@countersign/mtls'
import { MailError } from '@countersign/protocol'
import type { NewRecipient } from '@countersign/x509'
import { protectHeader } from '../../header/protect.ts'
import { readAddresses } from '../../mime/addresses.ts'
import { fieldOf } from '../../mime/entity.ts'
import { MailFormError } from '../../mime/error.ts'
import { scanEntity } from '../../mime/scan.ts'
import { createSpool } from '../../mime/source.ts'
import type { Entity, Recipient, SealedEntity, Source } from '../../model.ts'
import { type EncryptedTo, encryptedTo } from '../../seal/already-encrypted.ts'
import { groupsOf, type Kind } from '../../seal/seal-message.ts'
import { encryptEntity } from '../../smime/encrypt.ts'
import { profileOf } from '../../smime/profile.ts'
import { judgedRecipient } from '../../smime/seal.ts'
import type { Envelope, OpenPgpSealing, Treat, Treatment } from '../model.ts'

/** What sealing needs. */
export interface SealingOptions {
  /** The rule by which mail to an address must be encrypted, as it is told; undefined where none says so. */
  readonly mustEncrypt: (address: string) => string | undefined
  /** The keys of an address, as the authority knows them. Rejects where it cannot be asked. */
  readonly keysOf: (address: string) => Promise<FoundMailKeys>
  /** What seals one message for keys of OpenPGP; undefined where the package for them is not there. */
  readonly openPgp?: () => Promise<OpenPgpSealing | undefined>
  /** By whose word a certificate is a recipient's. */
  readonly trust: Trust
  readonly door: string
  readonly clock: Clock
  readonly log: Log
  /** Where a sealed message lies until it has left: without a name. */
  readonly spoolDirectory: string
  readonly failpoint?: (name: string) => void
}

/** How to encrypt to somebody. */
type Way =
  /** For one message alone. */
  | { readonly format: 'smime'; readonly recipient: NewRecipient }
  | { readonly format: 'openpgp'; readonly recipient: Recipient; readonly sealing: OpenPgpSealing }

/** One to whom it is sealed. */
type Sealable = Way & { readonly address: string }

type Held = Extract<Treatment, { readonly kind: 'held' }>

/** Lets what no rule speaks of go as it stands, and seals the rest: one copy for whom the header names, of these one for each kind of key, and one for each other. */
export function createSealing(options: SealingOptions): Treat {
  return async function* treat(source, envelope) {
    const rules = new Map<string, string>()
    // A report of this house says which message it is about, and nothing that stands in it.
    if (envelope.sender !== '')
      for (const address of envelope.recipients) {
        const rule = options.mustEncrypt(address)
        if (rule !== undefined) rules.set(address, rule)
      }
    const free = envelope.recipients.filter((address) => !rules.has(address))
    if (free.length > 0) yield asItStands(source, envelope, free)
    if (rules.size > 0) yield* sealed(source, envelope, rules, options)
  }
}

function asItStands(source: Source, envelope: Envelope, recipients: readonly string[]): Treatment {
  const { isUtf8, isEightBit } = envelope
  return { kind: 'send', source, recipients, isUtf8, isEightBit }
}

async function* sealed(
  source: Source,
  envelope: Envelope,
  rules: ReadonlyMap<string, string>,
  options: SealingOptions,
): AsyncGenerator<Treatment> {
  const held = (recipients: readonly string[], { code, note }: Pick<MailError, 'code' | 'note'>): Held[] =>
    recipients.map((address) => ({ kind: 'held', recipients: [address], code, text: `${rules.get(address)}: ${note}` }))
  const addresses = [...rules.keys()]
  const read = await readMessage(source)
  if (read instanceof MailFormError) return yield* held(addresses, { code: read.code, note: read.message })
  const { entity } = read
  const encrypted = await encryptedTo(entity, source)
  const openPgp = await options.openPgp?.()
  const [already, toSeal]: [string[], Sealable[]] = [[], []]
  for (const address of addresses) {
    const found = await wayTo(address, { encrypted, source, openPgp }, options)
    if (found === 'already') already.push(address)
    else if (found instanceof MailError) yield* held([address], found)
    else toSeal.push({ address, ...found })
  }
  if (already.length > 0) yield asItStands(source, envelope, already)
  for (const group of copiesOf(toSeal, namedIn(entity))) {
    const recipients = group.map(({ address }) => address)
    await using spool = createSpool(options.spoolDirectory)
    const written = await sealInto(spool, entity, source, group, options.clock()).catch((error: unknown) => {
      if (error instanceof MailFormError) return new MailError(error.code, error.message)
      if (error instanceof MailError) return error
      throw error
    })
    if (written instanceof MailError) {
      yield* held(recipients, written)
      continue
    }
    options.failpoint?.('mail.after-seal')
    options.log('mail.sealed', {
      door: options.door,
      recipients: recipients.length,
      rule: rules.get(recipients[0] ?? ''),
    })
    yield { kind: 'send', source: await spool.source(), recipients, isUtf8: written.isUtf8, isEightBit: false }
  }
}

/** Undefined: it is no message that two programs read alike. */
async function readMessage(source: Source): Promise<{ readonly entity: Entity } | MailFormError> {
  try {
    return { entity: await scanEntity(source, 0, source.length) }
  } catch (error) {
    if (error instanceof MailFormError) return error
    throw error
  }
}

/** Whom all see by each kind of their keys, and everybody else alone. */
function copiesOf(toSeal: readonly Sealable[], named: ReadonlySet<string>): readonly (readonly Sealable[])[] {
  const isNamed = ({ address }: Sealable) => named.has(address.toLowerCase())
  const byAddress = new Map(toSeal.map((one) => [one.address, one]))
  const seen = groupsOf(
    toSeal.filter(isNamed).map(({ address }) => address),
    (address) => kindOf(byAddress.get(address)),
  )
  return [
    ...seen.map(({ recipients }) => recipients.flatMap((address) => byAddress.get(address) ?? [])),
    ...toSeal.filter((one) => !isNamed(one)).map((one) => [one]),
  ]
}

function kindOf(way: Way | undefined): Kind {
  const profile = way?.format === 'openpgp' ? way.recipient.profile : undefined
  return { format: way?.format ?? 'smime', profile: profile ?? 'modern' }
}

/** What is known of a message. */
interface About {
  readonly encrypted: EncryptedTo | undefined
  readonly source: Source
  readonly openPgp: OpenPgpSealing | undefined
}

/** How to encrypt to an address, that it is done, or why it cannot be. */
async function wayTo(
  address: string,
  { encrypted, source, openPgp }: About,
  options: SealingOptions,
): Promise<Way | 'already' | MailError> {
  // Without the package nobody here can tell whose keys of OpenPGP these are: the sender's word stands.
  if (encrypted?.format === 'openpgp' && openPgp === undefined) return 'already'
  let found: FoundMailKeys
  try {
    found = await options.keysOf(address)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    options.log('mail.directory-failed', { door: options.door, cause })
    return new MailError('ERR_MAIL_MUST_ENCRYPT', 'the authority, which knows the keys, cannot be asked now')
  }
  const { certificates } = found
  // The sender may know a key that the authority does not.
  if (encrypted?.format === 'smime' && (certificates.length === 0 || certificates.some(encrypted.isFor)))
    return 'already'
  try {
    if (encrypted?.format === 'openpgp' && (await openPgp?.isFor(encrypted.entity, source, address, found)))
      return 'already'
    const ofSmime = wayBySmime(address, found, options)
    if (ofSmime !== undefined && !(ofSmime instanceof MailError)) return ofSmime
    const recipient = await openPgp?.recipientFor(address, found)
    if (openPgp && recipient) return { format: 'openpgp', recipient, sealing: openPgp }
    return ofSmime ?? new MailError('ERR_MAIL_MUST_ENCRYPT', whyNone(address, found))
  } catch (error) {
    if (error instanceof MailError) return error
    throw error
  }
}

function whyNone(address: string, { openPgp }: FoundMailKeys): string {
  return openPgp?.keys.some(({ isCurrent }) => isCurrent)
    ? `of ${address} only a key of OpenPGP is known, and the package for it is not installed at this door: a person seals it, countersign mail seal`
    : `no key of ${address} is known`
}

/** By the first certificate that is good. Undefined where there is none at all. */
function wayBySmime(
  address: string,
  { certificates, issuers }: FoundMailKeys,
  { trust, clock }: SealingOptions,
): Way | MailError | undefined {
  let why: MailError | undefined
  for (const certificate of certificates)
    try {
      if (profileOf(certificate) === 'legacy')
        throw new MailError('ERR_MAIL_LEGACY', `the key of ${address} is for legacy readers`)
      const recipient = {
        address,
        format: 'smime',
        key: certificate.der,
        issuers: issuers.map(({ der }) => der),
      } as const
      return { format: 'smime', recipient: judgedRecipient(recipient, { profile: 'modern', now: clock() }, { trust }) }
    } catch (error) {
      if (!(error instanceof MailError)) throw error
      why ??= error
    }
  return why
}

/** Whom the header shows to all. Who is not there is in Bcc, whatever the envelope says. */
function namedIn(entity: Entity): ReadonlySet<string> {
  return new Set(
    ['To', 'Cc'].flatMap((name) => {
      const field = fieldOf(entity, name)
      try {
        return field ? readAddresses(field).map(({ address }) => address.toLowerCase()) : []
      } catch (error) {
        // Nobody is known to be shown: each gets a copy of their own.
        if (error instanceof MailFormError) return []
        throw error
      }
    }),
  )
}

/** What somebody signed stays what it is, inside. @see RFC 9788 §5.2 */
async function sealInto(
  spool: ReturnType<typeof createSpool>,
  entity: Entity,
  source: Source,
  group: readonly Sealable[],
  now: Temporal.Instant,
): Promise<{ readonly isUtf8: boolean }> {
  const { payload, outer } = await protectHeader(entity, source, 'cipher')
  const { fields, body } = await encrypted(payload, group, now)
  const header = [...outer.map((line) => `${line}\r\n`), 'MIME-Version: 1.0\r\n', ...fields, '\r\n'].join('')
  await spool.write(Buffer.from(header, 'utf8'))
  for await (const piece of body) await spool.write(piece)
  return { isUtf8: /\P{ASCII}/u.test(header) }
}

/** All of a group have keys of one kind. */
async function encrypted(
  payload: AsyncIterable<Uint8Array>,
  group: readonly Sealable[],
  now: Temporal.Instant,
): Promise<SealedEntity> {
  const [first] = group
  if (first?.format === 'openpgp') {
    const recipients = group.flatMap((one) => (one.format === 'openpgp' ? [one.recipient] : []))
    return first.sealing.sealer.seal(payload, { profile: kindOf(first).profile, recipients, now })
  }
  const recipients = group.flatMap((one) => (one.format === 'smime' ? [one.recipient] : []))
  return encryptEntity(payload, recipients, 'modern')
}
