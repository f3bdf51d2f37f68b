// A house with an authority, and people in it whose keys it has certified.

import {
  certifyUserId,
  createOpenPgpOpener,
  createOpenPgpSealer,
  type KnownKeys,
  makeAuthorityKey,
  makePersonKey,
  type OpenPgpTrust,
  readTrust,
} from '@countersign/openpgp'
import type { LayerOpener, LayerSealer, Recipient, SealProfile } from '@countersign/protocol'
import { NOW } from './mail.ts'

export const LATER: Temporal.Instant = NOW.add({ hours: 24 * 30 })

export interface Person {
  readonly address: string
  readonly privateKey: Uint8Array
  /** With the authority's certification. */
  readonly publicKey: Uint8Array
  readonly fingerprint: string
}

export interface House {
  readonly authority: Uint8Array
  readonly trust: OpenPgpTrust
  person(address: string, profile?: SealProfile): Promise<Person>
  opener(of: Person, ...known: readonly Person[]): Promise<LayerOpener>
  sealer(of: Person): Promise<LayerSealer>
}

export async function makeHouse(profile: SealProfile = 'modern'): Promise<House> {
  const authority = await makeAuthorityKey({
    profile,
    userIds: [{ name: 'Acme', address: 'openpgp@acme.example' }],
    now: NOW.subtract({ hours: 48 }),
    until: NOW.add({ hours: 24 * 365 }),
  })
  const trust = await readTrust([{ name: 'Acme', key: authority.publicKey }])
  return {
    authority: authority.privateKey,
    trust,
    async person(address, of = profile) {
      const made = await makePersonKey({
        profile: of,
        userIds: [{ name: 'Somebody', address }],
        now: NOW.subtract({ hours: 24 }),
        until: LATER,
      })
      const publicKey = await certifyUserId({
        key: made.publicKey,
        address,
        authority: authority.privateKey,
        now: NOW.subtract({ hours: 23 }),
        until: LATER,
      })
      return { address, privateKey: made.privateKey, publicKey, fingerprint: made.fingerprint }
    },
    opener: (of, ...known) => createOpenPgpOpener({ keys: [of.privateKey], known: knownOf([of, ...known]), trust }),
    sealer: (of) => createOpenPgpSealer({ key: of.privateKey, trust }),
  }
}

export function knownOf(people: readonly Pick<Person, 'fingerprint' | 'publicKey'>[]): KnownKeys {
  return {
    async find({ keyId, fingerprint }) {
      const isOf = (of: string) => of === fingerprint || of.slice(0, 16) === keyId || of.slice(-16) === keyId
      return people.filter((each) => isOf(each.fingerprint)).map(({ publicKey }) => publicKey)
    },
  }
}

export function recipient({ address, publicKey }: Person): Recipient {
  return { address, format: 'openpgp', key: publicKey }
}
