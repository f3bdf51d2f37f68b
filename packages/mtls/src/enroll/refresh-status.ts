// The authority's revocation lists, fetched anew: before they run out, and also after.
import { connect } from '../client/connect.ts'
import { replaceFiles } from '../identity/durable.ts'
import { withLock } from '../identity/lock.ts'
import { crlFiles } from '../identity/write.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { newerCrls } from '../trust/trust.ts'
import { readStatusAnswer } from './answer.ts'
import { exchangeJson } from './exchange.ts'
import { authorityTarget, type Home, openHome, type RenewOptions, readTrust } from './home.ts'
import { authenticCrls } from './judge-answer.ts'

/**
 * Fetches the revocation lists of an identity's authority and writes those that are newer, and signed by an authority
 * under our anchors. The authority is met as by nobody, and may be met with lists that have run out: what they say
 * counts, that they are old does not.
 * @returns How many lists were written.
 * @throws {MeetingRefusedError | EnrollmentError | IdentityError | TrustFileError} and what was there stays.
 */
export async function refreshStatus(directory: string, options: RenewOptions = {}): Promise<number> {
  const home = await openHome(directory, options)
  return withLock(home.paths.lock, () => fetchStatus(home))
}

/** The same for who holds the lock already. */
export async function fetchStatus(home: Home): Promise<number> {
  const { paths, anchors, authority } = home
  const trust = await readTrust(paths, 'prefer')
  const connected = await connect({ ...authorityTarget(home), trust })
  const json = await exchangeJson(connected, {
    ...home.waiting,
    method: 'GET',
    path: '/status',
    host: authority.name,
    status: 200,
  })
  const answer = readStatusAnswer(json, connected.meeting.reference)
  const fresh = newerCrls(authenticCrls(answer, anchors, createCheckSignature()), trust.crls)
  await replaceFiles(crlFiles(paths, fresh))
  return fresh.length
}
