// Revocation lists are fetched anew: those that have run out before a meeting, so that `require` can hold, and all for mail,
// whose sender is not there to be cut.
import { type DirectoryIdentity, EnrollmentError, MeetingRefusedError, refreshStatus } from '@countersign/mtls'
import type { Around } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

/** Fetches the lists of `identity` where one has run out. That it failed is said; the gate then decides on what there is. */
export async function refreshExpiredStatus(
  identity: DirectoryIdentity,
  { clock, err }: Pick<Around, 'clock' | 'err'>,
): Promise<void> {
  if (isCurrent(identity, clock())) return
  try {
    await refreshStatus(identity.directory, { clock })
    await identity.reload()
    if (!isCurrent(identity, clock()))
      err('countersign: the revocation lists that came just now have run out already: check the clock of this machine')
  } catch (error) {
    if (!(error instanceof MeetingRefusedError || error instanceof EnrollmentError)) throw error
    err(`countersign: the revocation lists have run out, and new ones did not come: ${plainText(error.message)}`)
  }
}

/** Fetches the lists of `identity` where the authority answers; where it does not, those that are there decide, and it is said. */
export async function refreshStatusForMail(
  identity: DirectoryIdentity,
  { clock, err }: Pick<Around, 'clock' | 'err'>,
): Promise<void> {
  try {
    await refreshStatus(identity.directory, { clock })
    await identity.reload()
  } catch (error) {
    if (!(error instanceof MeetingRefusedError || error instanceof EnrollmentError)) throw error
    err(
      `countersign: what was revoked just now is not known here, as the authority was not met: ${plainText(error.message)}`,
    )
  }
}

function isCurrent({ trust }: DirectoryIdentity, now: Temporal.Instant): boolean {
  return trust.crls.every(
    ({ crl: { nextUpdate } }) => nextUpdate === undefined || Temporal.Instant.compare(nextUpdate, now) > 0,
  )
}
