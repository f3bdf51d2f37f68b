// One's own OpenPGP keys beside an identity, and whom it believes about those of others.
import { type Entity, openPgpFolder, readPins, signerOf } from '@countersign/mail'
import { certifyOpenPgpKey, EnrollmentError, openIdentity } from '@countersign/mtls'
import type { KeyDescription, OpenPgpTrust } from '@countersign/openpgp'
import { type Around, EXIT, Failure } from '../command.ts'
import { openPgpOrFail } from '../openpgp.ts'
import { trustedPins } from './known-keys.ts'

/** A key of one's own that the authority has certified, in octets. Secret: `privateKey`. */
export interface OwnKey extends KeyDescription {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
}

/** As long as what is certified of it. */
const LASTS: Temporal.Duration = Temporal.Duration.from({ hours: 365 * 24 })
/** As records call whom a certified key rests on. */
export const AUTHORITY = 'the authority'

type OpenPgp = typeof import('@countersign/openpgp')

/** Whether an entity says that it is one of OpenPGP. @see RFC 3156 §4, §5 */
export function isOpenPgp({ contentType: { parameters } }: Pick<Entity, 'contentType'>): boolean {
  return /^application\/pgp-(?:encrypted|signature)$/i.test(parameters.get('protocol') ?? '')
}

/** The keys in the folder of `directory`, the newest first; one that the authority has not certified yet is left out. */
export async function readOwnKeys(directory: string, { describeKey }: OpenPgp): Promise<readonly OwnKey[]> {
  const keys: OwnKey[] = []
  for (const { privateKey, publicKey } of await openPgpFolder(directory).own())
    if (publicKey) keys.push({ ...(await describeKey(publicKey)), privateKey, publicKey })
  return keys.sort((a, b) => Temporal.Instant.compare(b.createdAt, a.createdAt))
}

/** By whose word keys are believed: the authority's own, as it told it last. */
export async function readOpenPgpTrust(directory: string, { readTrust }: OpenPgp): Promise<OpenPgpTrust> {
  const authorities = await openPgpFolder(directory).authorities()
  return readTrust(
    authorities.map((key) => ({ name: AUTHORITY, key })),
    trustedPins(await readPins(directory)),
  )
}

/** What the authority told of its own keys, over a connection on which it has proved itself, is believed from now on. */
export async function believeAuthorities(
  directory: string,
  authorities: readonly Uint8Array[],
  { armorKey, describeKey, readTrust }: OpenPgp,
): Promise<OpenPgpTrust> {
  const trust = await readTrust(
    authorities.map((key) => ({ name: AUTHORITY, key })),
    trustedPins(await readPins(directory)),
  )
  const folder = openPgpFolder(directory)
  const armored = new Map<number, string[]>()
  for (const key of authorities) {
    const { version } = await describeKey(key)
    armored.set(version, [...(armored.get(version) ?? []), armorKey(key, 'PUBLIC KEY BLOCK', version)])
  }
  for (const [version, keys] of armored) await folder.keepAuthorities(version, keys)
  return trust
}

/**
 * Makes a key here and has the authority certify it for the addresses of the identity. It is on the disk before anybody is asked;
 * one whose certification did not come is asked for again. @throws {Failure} where it is not as it must be
 */
export async function makeOwnKey(
  directory: string,
  profile: 'modern' | 'legacy',
  around: Pick<Around, 'clock'>,
): Promise<OwnKey> {
  const openPgp = await openPgpOrFail()
  const { describeKey, armorKey } = openPgp
  const waiting = await waitingKey(directory, profile, openPgp)
  if (waiting) {
    try {
      return await certify(directory, waiting, around, openPgp)
    } catch (error) {
      // It is another's, or not for the addresses of now, or has ended: the next one is new.
      if (!(error instanceof EnrollmentError && HOPELESS.includes(error.code))) throw error
    }
  }
  const privateKey = await makeKey(directory, profile, around, openPgp)
  const { fingerprint, version } = await describeKey(privateKey)
  await openPgpFolder(directory).keepPrivate(fingerprint, armorKey(privateKey, 'PRIVATE KEY BLOCK', version))
  return certify(directory, privateKey, around, openPgp)
}

const HOPELESS: readonly string[] = ['ERR_ENROLL_KEY_TAKEN', 'ERR_MAIL_RECIPIENT_KEY', 'ERR_CALLEE_EXPIRED']

async function certify(
  directory: string,
  privateKey: Uint8Array,
  { clock }: Pick<Around, 'clock'>,
  openPgp: OpenPgp,
): Promise<OwnKey> {
  const { describeKey, judgeOctets, armorKey, publicPart } = openPgp
  const { fingerprint } = await describeKey(privateKey)
  const { key: publicKey, authorities } = await certifyOpenPgpKey(directory, await publicPart(privateKey), { clock })
  const description = await describeKey(publicKey)
  const trust = await believeAuthorities(directory, authorities, openPgp)
  if (description.fingerprint !== fingerprint) throw unlike('it is for another key')
  for (const address of description.addresses) {
    const judged = await judgeOctets(publicKey, { side: 'callee', trust, now: clock(), address })
    if (!judged.trust.ok) throw unlike(`${address}: ${judged.trust.refusal.note ?? ''} [${judged.trust.refusal.code}]`)
  }
  await openPgpFolder(directory).keepPublic(fingerprint, armorKey(publicKey, 'PUBLIC KEY BLOCK', description.version))
  return { ...description, privateKey, publicKey }
}

async function waitingKey(
  directory: string,
  profile: 'modern' | 'legacy',
  { describeKey }: OpenPgp,
): Promise<Uint8Array | undefined> {
  for (const { privateKey, publicKey } of await openPgpFolder(directory).own())
    if (publicKey === undefined && (await describeKey(privateKey)).version === (profile === 'modern' ? 6 : 4))
      return privateKey
  return undefined
}

async function makeKey(
  directory: string,
  profile: 'modern' | 'legacy',
  { clock }: Pick<Around, 'clock'>,
  { makePersonKey }: OpenPgp,
): Promise<Uint8Array> {
  const identity = await openIdentity(directory, { clock, renew: false })
  const [leaf] = identity.current().certificates
  identity.close()
  const { name, addresses } = signerOf(leaf)
  const [first, ...others] = addresses.map((address) => ({ name, address }))
  if (first === undefined)
    throw new Failure(EXIT.refused, 'the identity has no e-mail address', {
      code: 'ERR_ENROLL_PROFILE',
      next: 'ask for an invitation with one: countersign invite NAME --profile person --san email:ADDRESS',
    })
  const now = clock()
  const made = await makePersonKey({ profile, userIds: [first, ...others], now, until: now.add(LASTS) })
  return made.privateKey
}

function unlike(why: string): Failure {
  return new Failure(EXIT.refused, `what the authority has certified is not what was asked for: ${why}`, {
    code: 'ERR_ENROLL_ANSWER_CERTIFICATE',
    next: 'tell the operator of the authority',
  })
}
