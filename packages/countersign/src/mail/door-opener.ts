// The opener of OpenPGP for a door at which mail arrives: it has no keys of its own, and the authority knows those of senders.
// The package for it is loaded when the first such message comes.
import type { LayerOpener } from '@countersign/mail'
import type { FoundMailKeys } from '@countersign/mtls'
import type { KnownKeys } from '@countersign/openpgp'
import { openPgpIfThere } from '../openpgp.ts'
import { AUTHORITY, isOpenPgp } from './own-openpgp.ts'

/**
 * Judges what is signed with OpenPGP by the keys that the authority certified. Without the package such mail is signed by nobody.
 * Its `open` rejects where the authority cannot be asked: who wrote it may be known later.
 */
export function openPgpOpenerOfDoor(mailKeys: (address: string) => Promise<FoundMailKeys>): LayerOpener {
  return {
    format: 'openpgp',
    async open(entity, source, context) {
      const openPgp = isOpenPgp(entity) ? await openPgpIfThere() : undefined
      if (openPgp === undefined) return undefined
      const { sender } = context
      const { authorities = [], keys = [] } =
        (sender === undefined ? undefined : (await mailKeys(sender)).openPgp) ?? {}
      const known: KnownKeys = {
        async find({ keyId }) {
          const described = await Promise.all(keys.map(({ key }) => openPgp.describeKey(key)))
          return keys.flatMap(({ key }, index) => (described[index]?.keyIds.includes(keyId) ? [key] : []))
        },
      }
      // Asked anew for each message: what the authority says of a key changes.
      const trust = await openPgp.readTrust(authorities.map((key) => ({ name: AUTHORITY, key })))
      const opener = await openPgp.createOpenPgpOpener({ keys: [], known, trust })
      return opener.open(entity, source, context)
    },
  }
}
