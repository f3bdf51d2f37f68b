// OpenPGP keys of a house: certified and kept by the package for it, in the store and the custody of the authority.
import type { Authority, OpenPgpKeys, StorePart } from '@countersign/authority'
import type { HouseKeys, OpenPgpStore } from '@countersign/openpgp'
import { openPgpOrFail, openPgpParts } from '../openpgp.ts'

/** OpenPGP of a house. */
export interface HouseOpenPgp {
  /** What the store keeps of it. */
  readonly parts: readonly StorePart[]
  /** What the API of the authority is asked to do with keys. */
  readonly keys: OpenPgpKeys
  /** Says where keys are kept; before anybody asks. */
  keptIn(authority: Pick<Authority, 'key'> & { readonly part: OpenPgpStore }): void
}

/** Makes it, or answers undefined where the package is not installed. The library is loaded when the first key is asked for. */
export async function createHouseOpenPgp(
  named: { readonly organization: string; readonly domain: string },
  clock: () => Temporal.Instant,
): Promise<HouseOpenPgp | undefined> {
  const parts = await openPgpParts()
  if (parts.length === 0) return undefined
  // Whoever asks before the authority stands waits for it.
  const kept = Promise.withResolvers<Parameters<HouseOpenPgp['keptIn']>[0]>()
  let opened: Promise<HouseKeys> | undefined
  const open = async (): Promise<HouseKeys> => {
    const { part: store, key: keyNamed } = await kept.promise
    const { openHouseKeys } = await openPgpOrFail()
    return openHouseKeys({ organization: named.organization, domain: named.domain, store, keyNamed, clock })
  }
  const keys = () => {
    opened ??= open()
    return opened
  }
  return {
    parts,
    keys: {
      authorities: async () => (await keys()).authorities(),
      authorityKeys: async () => (await keys()).authorityKeys(),
      rollOver: async (request) => (await keys()).rollOver(request),
      revokeAuthority: async (request) => (await keys()).revokeAuthority(request),
      certify: async (request) => (await keys()).certify(request),
      ofAddress: async (address, limit) => (await keys()).ofAddress(address, limit),
      renewed: async (kept, addresses) => (await keys()).renewed(kept, addresses),
      filedAt: async (local) => (await keys()).filedAt(local),
      published: async (kept, address) => (await keys()).published(kept, address),
      publishedAuthority: async (address) => (await keys()).publishedAuthority(address),
      revoked: async (one, address, at) => (await keys()).revoked(one, address, at),
    },
    keptIn: kept.resolve,
  }
}
