// The authority's revocation lists, fetched anew: before they run out, and also after.
import { connect } from '../client/connect.ts'
import { replaceFiles } from '../identity/durable.ts'
import { withLock } from '../identity/lock.ts'
import { crlFiles } from '../identity/write.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { successorsOf } from '../trust/successors.ts'
import { newerCrls } from '../trust/trust.ts'
import { readAwaitedAnswer, readStatusAnswer, type StatusAnswer } from './answer.ts'
import { type Exchange, exchangeJson } from './exchange.ts'
import { authorityTarget, type Home, openHome, type RenewOptions, readTrust, withSuccessors } from './home.ts'
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
  const { json, reference } = await askStatus(home, '/status')
  return keepLists(home, readStatusAnswer(json, reference))
}

/** What {@link awaitStatus} goes by. */
export interface AwaitOptions extends RenewOptions {
  /** Of the lists that are here, as the authority called them; absent: it answers at once. */
  readonly version?: string
  /** Whether a process stays alive for it. Default true. */
  readonly ref?: boolean
}

/** What came of waiting. */
export interface Awaited {
  /** Absent where the authority cannot be asked to wait. */
  readonly version?: string
  /** Lists that were written. */
  readonly written: number
  readonly retryAfterSeconds?: number
}

// The authority answers after 50 s at the latest.
const AWAIT_MS = 75_000

/**
 * Waits for lists that are newer than those of `version`, and writes them: a revocation is known here as soon as the
 * authority has signed the list that names it. Nobody else waits for the directory meanwhile.
 * @throws as {@link refreshStatus} does.
 */
export async function awaitStatus(directory: string, options: AwaitOptions): Promise<Awaited> {
  const { version = '', ref = true } = options
  const home = await openHome(directory, options)
  const { json, reference } = await askStatus(home, `/status?after=${encodeURIComponent(version)}`, {
    timeoutMs: AWAIT_MS,
    ref,
  })
  const answer = readAwaitedAnswer(json, reference)
  const written = answer.crls.length === 0 ? 0 : await withLock(home.paths.lock, () => keepLists(home, answer))
  const { version: next, retryAfterSeconds } = answer
  return {
    written,
    ...(next !== undefined && { version: next }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
}

async function askStatus(home: Home, path: string, waiting: Pick<Exchange, 'timeoutMs' | 'ref'> = home.waiting) {
  const trust = await readTrust(home.paths, 'prefer')
  const connected = await connect({ ...authorityTarget(home), trust })
  const json = await exchangeJson(connected, {
    ...waiting,
    method: 'GET',
    path,
    host: home.authority.name,
    status: 200,
  })
  return { json, reference: connected.meeting.reference }
}

/** Writes the lists that are newer than those there, and signed by an authority under our anchors. */
async function keepLists({ paths, clock }: Home, answer: StatusAnswer): Promise<number> {
  // As they stand now: it may have waited for minutes for this answer.
  const trust = await readTrust(paths, 'prefer')
  const anchors = trust.anchors.flatMap(({ certificate }) => certificate ?? [])
  const checkSignature = createCheckSignature()
  const fresh = newerCrls(authenticCrls(answer, anchors, checkSignature), trust.crls)
  const crls = [...fresh, ...trust.crls.map(({ crl }) => crl)]
  const successors = successorsOf({ certificates: answer.certificates, crls }, anchors, clock(), checkSignature)
  await replaceFiles([...crlFiles(paths, fresh), ...(await withSuccessors(paths, successors))])
  return fresh.length
}
