// Revocation lists that have run out are fetched anew before a meeting, so that `require` can hold.
import { type DirectoryIdentity, EnrollmentError, MeetingRefusedError, refreshStatus } from '@countersign/mtls'
import type { Around } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** Fetches the lists of `identity` where one has run out. That it failed is said; the gate then decides on what there is. */
export async function refreshExpiredStatus(
  identity: DirectoryIdentity,
  { clock, err }: Pick<Around, 'clock' | 'err'>,
): Promise<void> {
  const now = clock()
  const current = identity.trust.crls.every(
    ({ crl: { nextUpdate } }) => nextUpdate === undefined || Temporal.Instant.compare(nextUpdate, now) > 0,
  )
  if (current) return
  try {
    await refreshStatus(identity.directory, { clock })
    await identity.reload()
  } catch (error) {
    if (!(error instanceof MeetingRefusedError || error instanceof EnrollmentError)) throw error
    err(`countersign: the revocation lists have run out, and new ones did not come: ${plainText(error.message)}`)
  }
}
