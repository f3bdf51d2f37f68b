// The way to an authority elsewhere: mutual TLS with an administrator's identity.
import { connect, openIdentity } from '@countersign/mtls'
import type { Around } from '../command.ts'
import { parseDoorAddress } from '../meeting/address.ts'
import { refreshExpiredStatus } from '../meeting/fresh-status.ts'
import type { RemoteAuthority } from './model.ts'

/** Opens the identity and says how to connect with it. @throws {IdentityError | Failure} */
export async function connectAdmin(url: string, directory: string, around: Around): Promise<RemoteAuthority> {
  const { host, port } = parseDoorAddress(url)
  const identity = await openIdentity(directory, { clock: around.clock, renew: false })
  await refreshExpiredStatus(identity, around)
  return {
    host,
    connect: async () => {
      const { trust } = identity
      return (await connect({ host, port, identity, trust, clock: around.clock, alpn: ['http/1.1'] })).socket
    },
  }
}
