// Revocation lists are fetched anew: those that have run out before a meeting, so that `require` can hold, and all for mail,
// whose sender is not there to be cut.
import { setTimeout } from 'node:timers/promises'
import {
  type DirectoryIdentity,
  EnrollmentError,
  IdentityError,
  MeetingRefusedError,
  refreshStatus,
} from '@countersign/mtls'
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

/** Whoever opens several messages at once fetches them for each: so long one waits for the others. */
const PATIENCE_MS = 5_000

async function refreshInTurn(directory: string, { clock }: Pick<Around, 'clock'>): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; ; await setTimeout(50))
    try {
      await refreshStatus(directory, { clock })
      return
    } catch (error) {
      const isBusy = error instanceof IdentityError && error.code === 'ERR_IDENTITY_IN_USE'
      if (!isBusy || performance.now() > end) throw error
    }
}

/** Fetches the lists of `identity` where the authority answers; where it does not, those that are there decide, and it is said. */
export async function refreshStatusForMail(
  identity: DirectoryIdentity,
  { clock, err }: Pick<Around, 'clock' | 'err'>,
): Promise<void> {
  try {
    await refreshInTurn(identity.directory, { clock })
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
