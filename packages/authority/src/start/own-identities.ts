// The authority's own certificates: of its listener, from the start, and of its time-stamps, from the first that is asked for.
import { join } from 'node:path'
import type { Clock } from '@countersign/mtls'
import { type KeptIdentity, type KeptParts, openKeptIdentity } from './own-identity.ts'

type Parts = Omit<KeptParts, 'path' | 'profile' | 'evidence'> & { readonly folder: string; readonly clock: Clock }

export interface OwnIdentities {
  readonly listener: KeptIdentity
  /** Opens it where nobody has. @throws {AuthorityError} (rejects) when no issuer certifies it */
  timeStamping(): Promise<KeptIdentity>
  /** Renews what is to be renewed. */
  refresh(): Promise<void>
}

export async function openOwnIdentities({ folder, clock, ...parts }: Parts): Promise<OwnIdentities> {
  const path = join(folder, 'listener.pem')
  const listener = await openKeptIdentity({ ...parts, path, profile: 'server', evidence: 'own listener' }, clock())
  let timeStamping: Promise<KeptIdentity> | undefined
  const openTimeStamping = () =>
    openKeptIdentity(
      {
        ...parts,
        names: [],
        path: join(folder, 'time-stamping.pem'),
        profile: 'time-stamping',
        evidence: 'own time-stamps',
      },
      clock(),
    )
  return {
    listener,
    timeStamping() {
      timeStamping ??= openTimeStamping().catch((error: unknown) => {
        // Whoever asks next tries again: an issuer may have come.
        timeStamping = undefined
        throw error
      })
      return timeStamping
    },
    async refresh() {
      await listener.refresh(clock())
      await (await timeStamping)?.refresh(clock())
    },
  }
}
