// The authority of the house itself.
import { join } from 'node:path'
import type { Authority } from '@countersign/authority'
import type { Clock, Log } from '@countersign/mtls'
import { openDoorIdentity } from './door-identity.ts'
import type { Roof } from './roof.ts'

/** The roof that an authority in this process is. */
export function roofOf(
  authority: Authority,
  around: { readonly data: string; readonly clock: Clock; readonly log: Log },
): Roof {
  const { data, clock, log } = around
  return {
    root: authority.rootSha256.toHex(),
    trustFile: authority.rootFile,
    url: authority.url,
    crlUrl: authority.crlUrl,
    trust: authority.trust,
    locks: authority.locks,
    heard: async () => '',
    identityOf: (door) => openDoorIdentity({ door, directory: join(data, 'doors', door.name), authority, clock, log }),
    join: (door) => authority.join(door),
    record: (meeting) => authority.record(meeting),
    mailKeys: (address) => authority.mailKeys(address),
    sshStatus: () => authority.sshStatus(),
    holdsWithout: () => authority.holdsWithout(),
    drain: (timeoutMs) => authority.drain(timeoutMs),
  }
}
