// What a mail door takes to seal by keys of OpenPGP: the keys that the authority has certified, and those that somebody here has
// accepted, or found where their domain has them, for whom it does not know.
import { type PinnedKey, type Recipient, readPin } from '@countersign/mail'
import type { OpenPgpSealing } from '@countersign/mail/door'
import { type FoundMailKeys, type House, IdentityError } from '@countersign/mtls'
import type { OpenPgpTrust } from '@countersign/openpgp'
import { MailError } from '@countersign/protocol'
import { openPgpIfThere } from '../openpgp.ts'
import { AUTHORITY } from './own-openpgp.ts'
import { recipientOf } from './sealing.ts'

/**
 * Begins to seal one message: what was accepted or revoked since the last one counts. `partnerKeys`: beside which directory keys of
 * others are remembered. Undefined where the package is not installed.
 */
export async function openPgpSealingOfDoor(
  partnerKeys: string | undefined,
  { clock }: Pick<House, 'clock'>,
): Promise<OpenPgpSealing | undefined> {
  const openPgp = await openPgpIfThere()
  if (openPgp === undefined) return undefined
  const { createOpenPgpSealer, isSealedFor, judgeOctets, readTrust } = openPgp
  let authorities: OpenPgpTrust['authorities'] = []
  const pinned = new Map<string, string>()
  const trust: OpenPgpTrust = {
    get authorities() {
      return authorities
    },
    pinned,
  }
  /** By whose word each of them is somebody's is part of `trust` from then on. */
  const keysOf = async (address: string, { openPgp: found, certificates }: FoundMailKeys) => {
    const known = found?.keys.filter(({ isCurrent }) => isCurrent) ?? []
    if (found && known.length > 0) {
      authorities = (await readTrust(found.authorities.map((key) => ({ name: AUTHORITY, key })))).authorities
      return known.map(({ key }) => key)
    }
    // Whom the authority knows by a certificate, it speaks for alone.
    if (partnerKeys === undefined || certificates.length > 0) return []
    const pin = await readPartner(partnerKeys, address)
    if (pin === undefined || pin.how === 'seen') return []
    pinned.set(address, pin.fingerprint)
    return [pin.key]
  }
  return {
    async recipientFor(address, found) {
      const now = clock()
      const good: Recipient[] = []
      let why: MailError | undefined
      for (const key of await keysOf(address, found))
        try {
          const { trust: said } = await judgeOctets(key, { side: 'callee', trust, now, address })
          if (!said.ok) throw new MailError(said.refusal.code, said.refusal.note ?? 'the key is not good')
          good.push(await recipientOf(address, key, openPgp, now))
        } catch (error) {
          if (!(error instanceof MailError)) throw error
          why ??= error
        }
      const best = good.find(({ profile }) => profile === 'modern') ?? good[0]
      if (best === undefined && why) throw why
      return best
    },
    async isFor(entity, source, address, found) {
      const keys = await keysOf(address, found)
      return isSealedFor(entity, source, keys.length === 0 ? undefined : keys)
    },
    sealer: await createOpenPgpSealer({ trust }),
  }
}

/** A file that cannot be read holds the mail, and nothing else of the queue. */
async function readPartner(directory: string, address: string): Promise<PinnedKey | undefined> {
  try {
    return await readPin(directory, address)
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error
    throw new MailError('ERR_MAIL_RECIPIENT_KEY', 'what is remembered of the key of the recipient cannot be read', {
      cause: error,
    })
  }
}
