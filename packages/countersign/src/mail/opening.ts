// The opener of OpenPGP for an identity: its own keys, old ones too, and the keys of senders as the authority knows them. The
// package for it is loaded when the first such message comes.
import type { Entity, LayerOpener } from '@countersign/mail'
import { EnrollmentError, findMailKeys, MeetingRefusedError } from '@countersign/mtls'
import type { KnownKeys, OpenPgpTrust } from '@countersign/openpgp'
import type { Around } from '../command.ts'
import { openPgpOrFail } from '../openpgp.ts'
import { plainText } from '../output/plain-text.ts'
import { believeAuthorities, readOpenPgpTrust, readOwnKeys } from './own-openpgp.ts'

/** Opens OpenPGP with what is beside the identity in `directory`. @throws {Failure} (its `open` rejects) where the package is not here */
export function openPgpOpenerFor(directory: string, around: Pick<Around, 'clock' | 'err'>): LayerOpener {
  let opener: Promise<LayerOpener> | undefined
  return {
    format: 'openpgp',
    async open(entity, source, context) {
      if (!isOpenPgp(entity)) return undefined
      opener ??= createOpener(directory, around)
      return (await opener).open(entity, source, context)
    },
  }
}

function isOpenPgp({ contentType: { parameters } }: Entity): boolean {
  return /^application\/pgp-(?:encrypted|signature)$/i.test(parameters.get('protocol') ?? '')
}

async function createOpener(directory: string, { clock, err }: Pick<Around, 'clock' | 'err'>): Promise<LayerOpener> {
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
  const ask = async (sender: string): Promise<readonly Uint8Array[]> => {
    try {
      const { openPgp: found } = await findMailKeys(directory, sender, { clock })
      if (found === undefined) return []
      believed = await believeAuthorities(directory, found.authorities, openPgp)
      return found.keys.map(({ key }) => key)
    } catch (error) {
      if (!(error instanceof MeetingRefusedError || error instanceof EnrollmentError)) throw error
      err(
        `countersign: the keys of the sender are not known here, as the authority was not met: ${plainText(error.message)}`,
      )
      return []
    }
  }
  const known: KnownKeys = {
    async find({ keyId, sender }) {
      if (sender === undefined) return []
      const asking = asked.get(sender) ?? ask(sender)
      asked.set(sender, asking)
      const fitting: Uint8Array[] = []
      for (const key of await asking) if ((await describeKey(key)).keyIds.includes(keyId)) fitting.push(key)
      return fitting
    },
  }
  const own = await readOwnKeys(directory, openPgp)
  return createOpenPgpOpener({ keys: own.map(({ privateKey }) => privateKey), known, trust })
}
