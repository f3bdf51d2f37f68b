// The visitor: a party of the house's own that shows a first meeting, made as every other party is.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type DirectoryIdentity,
  EnrollmentError,
  enroll,
  IdentityError,
  openIdentity,
  TrustFileError,
} from '@countersign/mtls'
import { REFUSALS } from '@countersign/protocol'
import { type Around, EXIT, Failure } from '../command.ts'
import { parseDoorAddress } from '../meeting/address.ts'
import { refreshExpiredStatus } from '../meeting/fresh-status.ts'
import { type Met, meetDoor } from '../meeting/meet-door.ts'
import type { OpenHouse } from './open-house.ts'

const PARTY = 'visitor'

/** Lets the visitor meet the first door; it enrolls where it has no identity, or where that is no longer accepted. */
export async function meetFirst(house: OpenHouse, data: string, around: Pick<Around, 'clock' | 'err'>): Promise<Met> {
  const { clock } = around
  const directory = join(data, PARTY)
  const kept = await openKept(directory, clock)
  if (kept !== undefined) {
    await refreshExpiredStatus(kept, around)
    const met = await meetAs(kept, house, clock)
    // What has expired, was revoked or is of another authority is made anew, once; every other refusal is shown.
    if (met.meeting.outcome.ok || REFUSALS[met.meeting.outcome.refusal.code].fault !== 'caller') return met
    await rm(directory, { recursive: true, force: true })
  }
  if (house.authority === undefined) throw new TypeError('only a house with an authority has a visitor')
  const invited = await house.authority.invite({ party: PARTY })
  if (!invited.ok)
    throw new Failure(EXIT.refused, `the visitor was not invited: ${REFUSALS[invited.refusal.code].public}`, {
      code: invited.refusal.code,
      next: REFUSALS[invited.refusal.code].next,
    })
  await enroll(invited.token, { directory, clock }).catch((error: unknown) => {
    if (!(error instanceof EnrollmentError && error.code === 'ERR_AUTHORITY_STORE_FULL')) throw error
    // To others it is a refusal; here it is our own disk.
    const { code, next } = error
    throw new Failure(EXIT.input, `${data}: ${error.message}`, { code, next, cause: error })
  })
  return meetAs(await openIdentity(directory, { clock, renew: false }), house, clock)
}

async function openKept(directory: string, clock: Around['clock']): Promise<DirectoryIdentity | undefined> {
  try {
    return await openIdentity(directory, { clock, renew: false })
  } catch (error) {
    if (!(error instanceof IdentityError || error instanceof TrustFileError)) throw error
    await rm(directory, { recursive: true, force: true })
    return undefined
  }
}

async function meetAs(identity: DirectoryIdentity, { doors }: OpenHouse, clock: Around['clock']): Promise<Met> {
  const { host, port } = parseDoorAddress(doors[0]?.url ?? '')
  try {
    return await meetDoor({ host, port, identity, trust: identity.trust, clock })
  } finally {
    identity.close()
  }
}
