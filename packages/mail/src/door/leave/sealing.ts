// What must be encrypted is, before it leaves; what cannot be is held. Who wrote it is not for a door to sign.
import { type Clock, createCheckSignature, type FoundMailKeys, type Log, type Trust } from '@countersign/mtls'
import { MailError } from '@countersign/protocol'
import type { NewRecipient } from '@countersign/x509'
import { protectHeader } from '../../header/protect.ts'
import { readAddresses } from '../../mime/addresses.ts'
import { fieldOf } from '../../mime/entity.ts'
import { MailFormError } from '../../mime/error.ts'
import { scanEntity } from '../../mime/scan.ts'
import { createSpool } from '../../mime/source.ts'
import type { Entity, Source } from '../../model.ts'
import { type EncryptedTo, encryptedTo } from '../../seal/already-encrypted.ts'
import { encryptEntity } from '../../smime/encrypt.ts'
import { profileOf } from '../../smime/profile.ts'
import { judgedRecipient } from '../../smime/seal.ts'
import type { Envelope, Treat, Treatment } from '../model.ts'

/** What sealing needs. */
export interface SealingOptions {
  /** The rule by which mail to an address must be encrypted, as it is told; undefined where none says so. */
  readonly mustEncrypt: (address: string) => string | undefined
  /** The keys of an address, as the authority knows them. Rejects where it cannot be asked. */
  readonly keysOf: (address: string) => Promise<FoundMailKeys>
  /** By whose word a key is a recipient's. */
  readonly trust: Trust
  readonly door: string
  readonly clock: Clock
  readonly log: Log
  /** Where a sealed message lies until it has left: without a name. */
  readonly spoolDirectory: string
  readonly failpoint?: (name: string) => void
}

/** One to whom it is sealed. */
interface Sealable {
  readonly address: string
  /** Made anew for each message. */
  readonly newRecipient: () => NewRecipient
}

type Held = Extract<Treatment, { readonly kind: 'held' }>

/** Lets what no rule speaks of go as it stands, and seals the rest: one copy for whom the header names, and one for each other. */
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
  const [already, toSeal]: [string[], Sealable[]] = [[], []]
  for (const address of addresses) {
    const found = await recipientFor(address, encrypted, options)
    if (found === 'already') already.push(address)
    else if (found instanceof MailError) yield* held([address], found)
    else toSeal.push({ address, newRecipient: found })
  }
  if (already.length > 0) yield asItStands(source, envelope, already)
  const named = namedIn(entity)
  const isNamed = ({ address }: Sealable) => named.has(address.toLowerCase())
  const groups = [toSeal.filter(isNamed), ...toSeal.filter((one) => !isNamed(one)).map((one) => [one])]
  for (const group of groups) {
    if (group.length === 0) continue
    const recipients = group.map(({ address }) => address)
    await using spool = createSpool(options.spoolDirectory)
    const written = await sealInto(spool, entity, source, group).catch((error: unknown) => {
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

/** How to encrypt to an address, that it is done, or why it cannot be. */
async function recipientFor(
  address: string,
  encrypted: EncryptedTo | undefined,
  { keysOf, trust, clock, log, door }: SealingOptions,
): Promise<(() => NewRecipient) | 'already' | MailError> {
  // The directory has certificates: whose keys of OpenPGP these are, only the sender knows.
  if (encrypted === 'keys of OpenPGP') return 'already'
  let found: FoundMailKeys
  try {
    found = await keysOf(address)
  } catch (error) {
    log('mail.directory-failed', { door, cause: error instanceof Error ? error.message : String(error) })
    return new MailError('ERR_MAIL_MUST_ENCRYPT', 'the authority, which knows the keys, cannot be asked now')
  }
  const { certificates, issuers } = found
  // The sender may know a key that the authority does not.
  if (encrypted && (certificates.length === 0 || certificates.some(encrypted))) return 'already'
  if (certificates.length === 0) {
    const note = found.openPgp?.keys.some(({ isCurrent }) => isCurrent)
      ? `of ${address} only a key of OpenPGP is known, for which a person seals: countersign mail seal`
      : `no key of ${address} is known`
    return new MailError('ERR_MAIL_MUST_ENCRYPT', note)
  }
  const checkSignature = createCheckSignature()
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
      const make = () => judgedRecipient(recipient, { profile: 'modern', now: clock() }, { trust, checkSignature })
      make()
      return make
    } catch (error) {
      if (!(error instanceof MailError)) throw error
      why ??= error
    }
  return why ?? new MailError('ERR_MAIL_MUST_ENCRYPT', `no key of ${address} is known`)
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
): Promise<{ readonly isUtf8: boolean }> {
  const { payload, outer } = await protectHeader(entity, source, 'cipher')
  const { fields, body } = encryptEntity(
    payload,
    group.map(({ newRecipient }) => newRecipient()),
    'modern',
  )
  const header = [...outer.map((line) => `${line}\r\n`), 'MIME-Version: 1.0\r\n', ...fields, '\r\n'].join('')
  await spool.write(Buffer.from(header, 'utf8'))
  for await (const piece of body) await spool.write(piece)
  return { isUtf8: /\P{ASCII}/u.test(header) }
}
