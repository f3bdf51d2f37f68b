// The opener of OpenPGP for an identity: its own keys, old ones too, and the keys of senders as the authority knows them. The
// package for it is loaded when the first such message comes.
import { type LayerOpener, type MailVerdict, readPin, writePin } from '@countersign/mail'
import { EnrollmentError, findMailKeys, MeetingRefusedError } from '@countersign/mtls'
import type { KnownKeys, OpenPgpTrust } from '@countersign/openpgp'
import type { Around } from '../command.ts'
import { openPgpOrFail } from '../openpgp.ts'
import { plainText } from '../output/plain-text.ts'
import { currentOf, rememberKey, type UsedKey } from './known-keys.ts'
import { believeAuthorities, isOpenPgp, readOpenPgpTrust, readOwnKeys } from './own-openpgp.ts'

/** The key by which a signature was judged, and what its owner's are now. */
type SeenKey = Pick<UsedKey, 'key' | 'current'>

/** An opener, and what is remembered of those whose mail it has verified. */
export interface RememberingOpener extends LayerOpener {
  /** After a message: the key of a sender whose mail is verified is remembered. Answers whether it is another one than before. */
  remember(verdict: MailVerdict): Promise<boolean>
}

/** Opens OpenPGP with what is beside the identity in `directory`. @throws {Failure} (its `open` rejects) where the package is not here */
export function openPgpOpenerFor(directory: string, around: Pick<Around, 'clock' | 'err'>): RememberingOpener {
  let opener: Promise<LayerOpener> | undefined
  /** The key by which a signature was judged, by the address of its message. */
  const seen = new Map<string, SeenKey>()
  return {
    format: 'openpgp',
    async open(entity, source, context) {
      if (!isOpenPgp(entity)) return undefined
      opener ??= createOpener(directory, around, seen)
      return (await opener).open(entity, source, context)
    },
    async remember({ state, from, signer }) {
      const used = from && seen.get(from.address)
      if (state !== 'verified' || !from || !used || signer?.fingerprint === undefined) return false
      return rememberKey(directory, { address: from.address, fingerprint: signer.fingerprint, ...used }, around)
    },
  }
}

async function createOpener(
  directory: string,
  { clock, err }: Pick<Around, 'clock' | 'err'>,
  seen: Map<string, SeenKey>,
): Promise<LayerOpener> {
  const openPgp = await openPgpOrFail()
  const { createOpenPgpOpener, describeKey } = openPgp
  let believed = await readOpenPgpTrust(directory, openPgp)
  // What the authority tells while a message is opened counts for that message already.
  const trust: OpenPgpTrust = {
    get authorities() {
      return believed.authorities
    },
    get pinned() {
      return believed.pinned
    },
  }
  const asked = new Map<string, Promise<readonly Uint8Array[]>>()
  const current = new Map<string, readonly string[]>()
  const ask = async (sender: string): Promise<readonly Uint8Array[]> => {
    try {
      const { openPgp: found } = await findMailKeys(directory, sender, { clock })
      if (found === undefined) return []
      believed = await believeAuthorities(directory, found.authorities, openPgp)
      current.set(sender, currentOf(found))
      // What the authority says of a key that is remembered, that it is revoked above all, is remembered too.
      const pin = await readPin(directory, sender)
      const now = pin && found.keys.find(({ fingerprint }) => fingerprint === pin.fingerprint)
      if (now && Buffer.compare(now.key, pin.key) !== 0) await writePin(directory, { ...pin, key: now.key })
      return found.keys.map(({ key }) => key)
    } catch (error) {
      if (!(error instanceof MeetingRefusedError || error instanceof EnrollmentError)) throw error
      err(
        `countersign: the keys of the sender are those that are remembered here, as the authority was not met: ${plainText(error.message)}`,
      )
      return []
    }
  }
  const known: KnownKeys = {
    async find({ keyId, sender }) {
      if (sender === undefined) return []
      const asking = asked.get(sender) ?? ask(sender)
      asked.set(sender, asking)
      const pin = await readPin(directory, sender)
      // What the authority says now counts before what is remembered.
      const fitting: Uint8Array[] = []
      for (const key of [...(await asking), ...(pin ? [pin.key] : [])])
        if ((await describeKey(key)).keyIds.includes(keyId)) fitting.push(key)
      if (fitting[0]) seen.set(sender, { key: fitting[0], current: current.get(sender) ?? [] })
      return fitting
    },
  }
  const own = await readOwnKeys(directory, openPgp)
  return createOpenPgpOpener({ keys: own.map(({ privateKey }) => privateKey), known, trust })
}
