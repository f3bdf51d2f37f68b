// What sealing takes of an identity: sealers for each kind of key, one's own keys, and those of whom is written to, as the
// authority knows them.
import {
  createSmimeSealer,
  type LayerSealer,
  type MailFormat,
  type Recipient,
  readOwnMailKeys,
  readPin,
  type SealProfile,
  signerOf,
} from '@countersign/mail'
import { type DirectoryIdentity, type FoundOpenPgpKeys, findMailKeys } from '@countersign/mtls'
import type { OpenPgpTrust } from '@countersign/openpgp'
import { MailError } from '@countersign/protocol'
import type { Around } from '../command.ts'
import { timeStampOf } from '../meeting/time-stamp.ts'
import { openPgpIfThere, openPgpOrFail } from '../openpgp.ts'
import { currentOf, rememberKey } from './known-keys.ts'
import { believeAuthorities, type OwnKey, readOpenPgpTrust, readOwnKeys } from './own-openpgp.ts'

/** What whoever seals prefers. */
export interface SealWish {
  /** For older programs: of two keys the older one. */
  readonly profile: SealProfile
  /** Of two keys of one address. */
  readonly format: MailFormat
}

/** As `sealMessage` takes it. */
export interface Sealing {
  readonly signerAddresses: readonly string[]
  readonly ownKeys: readonly Recipient[]
  sealerFor(format: MailFormat, profile: SealProfile): Promise<LayerSealer>
  keyOf(address: string): Promise<Recipient | undefined>
}

/** Opens it for an identity. Keys of others are asked for one by one, of the authority. */
export async function openSealing(
  identity: DirectoryIdentity,
  wish: SealWish,
  around: Pick<Around, 'clock' | 'err'>,
): Promise<Sealing> {
  const { clock } = around
  const { directory, trust } = identity
  const { certificates, privateKey } = identity.current()
  const [ofSmime] = await readOwnMailKeys(directory)
  const { addresses: signerAddresses } = signerOf(certificates[0])
  const [address] = signerAddresses
  const openPgp = await openPgpIfThere()
  const ofOpenPgp = openPgp ? await readOwnKeys(directory, openPgp) : []
  let openPgpTrust: OpenPgpTrust | undefined
  return {
    signerAddresses,
    ownKeys:
      address === undefined
        ? []
        : [
            ...(ofSmime ? [smimeRecipient(address, ofSmime.certificates)] : []),
            ...ofOpenPgp.map((own) => openPgpRecipient(address, own)),
          ],
    async sealerFor(format, profile) {
      if (format === 'smime') {
        const signer = {
          certificates,
          key: privateKey,
          ...(ofSmime && { encryption: ofSmime.certificates }),
          timeStamp: timeStampOf(directory, around),
        }
        return createSmimeSealer({ signer, trust })
      }
      const { createOpenPgpSealer } = await openPgpOrFail()
      const { privateKey: key } = signingKeyOf(ofOpenPgp, profile)
      openPgpTrust ??= await readOpenPgpTrust(directory, await openPgpOrFail())
      return createOpenPgpSealer({ key, trust: openPgpTrust })
    },
    async keyOf(to) {
      const found = await findMailKeys(directory, to, { clock })
      const [certificate] = found.certificates
      const smime = certificate && smimeRecipient(to, [certificate, ...found.issuers])
      // Nothing of OpenPGP is loaded for whom is written to by S/MIME.
      if (smime && wish.format === 'smime') return smime
      const { openPgp: of } = found
      const key = of && (await openPgpKeyOf(to, of, wish.profile, clock()))
      if (key) {
        const there = await openPgpOrFail()
        openPgpTrust = await believeAuthorities(directory, of.authorities, there)
        const { fingerprint } = await there.describeKey(key.key)
        await rememberKey(directory, { address: to, fingerprint, key: key.key, current: currentOf(of) }, around)
      }
      // Whom the authority does not know, somebody may have accepted.
      return key ?? smime ?? acceptedKeyOf(directory, to, clock())
    },
  }
}

async function acceptedKeyOf(
  directory: string,
  address: string,
  now: Temporal.Instant,
): Promise<Recipient | undefined> {
  const pin = await readPin(directory, address)
  if (pin === undefined || pin.how === 'seen') return undefined
  return recipientOf(address, pin.key, await openPgpOrFail(), now)
}

function smimeRecipient(address: string, certificates: readonly { readonly der: Uint8Array }[]): Recipient {
  const [key = new Uint8Array(), ...issuers] = certificates.map(({ der }) => der)
  return { address, format: 'smime', key, issuers }
}

function openPgpRecipient(address: string, { publicKey: key, version }: OwnKey): Recipient {
  return { address, format: 'openpgp', key, profile: version === 6 ? 'modern' : 'legacy' }
}

/** One of version 4 for who reads no newer: GnuPG 2.2 knows no signature of version 6. */
function signingKeyOf(own: readonly OwnKey[], profile: SealProfile): OwnKey {
  const [newest] = own
  const legacy = own.find(({ version }) => version === 4)
  const key = profile === 'legacy' ? legacy : (own.find(({ version }) => version === 6) ?? newest)
  if (key) return key
  throw new MailError(
    'ERR_MAIL_NO_KEY',
    newest === undefined
      ? 'you have no key of OpenPGP to sign with: countersign mail key --openpgp'
      : 'whoever is written to reads signatures of version 4, and you have no such key: countersign mail key --openpgp --legacy',
  )
}

/** Of the keys to which mail is encrypted, the one whose owner reads what is wished, or another. */
async function openPgpKeyOf(
  address: string,
  { keys: found }: FoundOpenPgpKeys,
  profile: SealProfile,
  now: Temporal.Instant,
): Promise<Recipient | undefined> {
  const current = found.filter(({ isCurrent }) => isCurrent)
  if (current.length === 0) return undefined
  const openPgp = await openPgpOrFail()
  const keys = await Promise.all(current.map(({ key }) => recipientOf(address, key, openPgp, now)))
  return keys.find((each) => each.profile === profile) ?? keys[0]
}

/** Somebody's key of OpenPGP, with what they read. @throws {MailError} (rejects) for one that cannot be read */
export async function recipientOf(
  address: string,
  key: Uint8Array,
  { profileOf }: typeof import('@countersign/openpgp'),
  now: Temporal.Instant,
): Promise<Recipient> {
  return { address, format: 'openpgp', key, profile: await profileOf(key, now) }
}
