// Whose a request is: by the cookie of its session, and by a proof of the session's key where something is to be changed.

import type { FoundPerson, PersonClaims, PersonRequest } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import type { AccountAllowance } from '../address-allowance.ts'
import type { OpenPersonSession } from '../asked.ts'
import type { Ground } from '../ground.ts'
import { PersonRefusal } from '../refusal.ts'
import { readCookie } from './cookie.ts'
import { checkProof } from './dpop.ts'
import { isStale, overBy, type SecretStanding, standingOf } from './rotation.ts'
import { readCause, readConfirmed, readProofs, readRecord, type SessionRow } from './row.ts'
import type { Sessions } from './sessions.ts'
import { spendProof } from './spend-proof.ts'

/** What was confirmed counts for so long. */
const CONFIRMED_MINUTES = 5
/** What changes nothing (RFC 9110 §9.2.1), of what browsers send. */
const SAFE: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

type Lookup =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly meeting: Meeting }
  | { readonly kind: 'open'; readonly row: SessionRow; readonly standing: SecretStanding }

/** What tells of a stolen cookie, in the transaction that ends its session. */
export type TellOfTheft = (row: SessionRow) => Parameters<Sessions['end']>[2]

/** Finds people by their requests. */
export function createFind(
  ground: Ground,
  sessions: Sessions,
  tellOfTheft: TellOfTheft,
  allowance: AccountAllowance,
): {
  /** For the door: each request that is not of login itself. */
  find(request: PersonRequest): Promise<FoundPerson>
  /** For calls, which are proved by who binds them to HTTP. @throws {PersonRefusal} (rejects) where it has ended, and says why. */
  sessionOf(cookie: string | undefined, now: Temporal.Instant): Promise<OpenPersonSession | undefined>
} {
  const { clock, store } = ground
  const lookUp = async (field: string | undefined, now: Temporal.Instant): Promise<Lookup> => {
    const cookie = readCookie(field)
    const row = cookie && (await sessions.row(cookie.id))
    if (cookie === undefined || row === undefined) return { kind: 'nobody' }
    const standing = standingOf(row, cookie.secretSha256, now)
    const refused = (code: RefusalCode): Lookup => ({ kind: 'refused', code, meeting: readRecord(row.meeting) })
    if (row.ended_by !== null) {
      const cause = readCause(row.ended_by)
      // That time has passed needs no page that says so: signing in again is what is next.
      const isTold = standing !== 'stolen' && cause !== 'ERR_SESSION_OVER' && cause !== 'ERR_SESSION_IDLE'
      if (!isTold) return { kind: 'nobody' }
      if (!cause.startsWith('ERR_POLICY_')) return refused(cause)
      // A lock that is lifted is no news any more: signing in again is what is next.
      const meeting = sessions.stillRefused(row)
      if (meeting === undefined || meeting.outcome.ok) return { kind: 'nobody' }
      return { kind: 'refused', code: meeting.outcome.refusal.code, meeting }
    }
    const over = overBy(row, now)
    if (over !== undefined) {
      await sessions.end(row.id, over)
      return { kind: 'nobody' }
    }
    if (standing === 'stolen') {
      await sessions.end(row.id, 'ERR_PERSON_COOKIE', tellOfTheft(row))
      return refused('ERR_PERSON_COOKIE')
    }
    if (standing === 'current' && row.seen_at === null) await seen(row, now)
    return { kind: 'open', row, standing }
  }
  const seen = ({ id, secret }: SessionRow, now: Temporal.Instant) =>
    store.commit(({ db }) =>
      db
        .updateTable('login_session')
        .set({ seen_at: now.epochMilliseconds })
        .where('id', '=', id)
        .where('secret', '=', secret)
        .execute(),
    )

  return {
    async find(request) {
      const now = clock()
      const found = await lookUp(request.cookie, now)
      if (found.kind !== 'open') return found
      const { row, standing } = found
      try {
        const proved = await prove(request, row, standing, now, { ...ground, allowance })
        if (proved === 'renew') return { kind: 'renew' }
        if (proved === 'no') return { kind: 'refused', code: 'ERR_PERSON_PROOF', meeting: readRecord(row.meeting) }
        const { session, follow } = await sessions.hold(row)
        return { kind: 'person', session, follow, claims: claimsOf(row, now) }
      } catch (error) {
        if (!(error instanceof PersonRefusal)) throw error
        const { code, circumstances } = error
        return { kind: 'refused', code, meeting: circumstances.meeting ?? readRecord(row.meeting) }
      }
    },
    async sessionOf(cookie, now) {
      const found = await lookUp(cookie, now)
      if (found.kind === 'nobody') return undefined
      if (found.kind === 'refused') throw new PersonRefusal(found.code, { meeting: found.meeting })
      const { row, standing } = found
      // Who is locked out changes nothing of the account either.
      await sessions.hold(row)
      return { id: row.id, account: row.account, device: row.device ?? '', row, standing }
    },
  }
}

/** Whether the request comes from who has the session's key, as far as it must. */
async function prove(
  request: PersonRequest,
  row: SessionRow,
  standing: SecretStanding,
  now: Temporal.Instant,
  {
    host,
    secret,
    store,
    allowance,
  }: Pick<Ground, 'host' | 'secret' | 'store'> & { readonly allowance: AccountAllowance },
): Promise<'yes' | 'renew' | 'no'> {
  const { method, isUpgrade } = request
  const isSafe = !isUpgrade && SAFE.includes(method)
  if (row.certificate !== null && row.certificate === request.certificateSha256)
    // The channel is the proof. A page from elsewhere has the same channel, and tells where it is from.
    return isSafe || isOwnOrigin(request, host) ? 'yes' : 'no'
  if (row.device === null) return 'no'
  if (isSafe) return standing === 'late' || isStale(row, now) ? 'renew' : 'yes'
  // What is said through it changes something, and nobody asks for a proof again.
  if (isUpgrade && !isOwnOrigin(request, host)) return 'no'
  const { authority, target, proof } = request
  const session = { id: row.id, device: row.device }
  const nonceKey = secret.key('proof nonce')
  // RFC 8441 §5: the CONNECT of HTTP/2 stands for the GET of RFC 6455 §4.1, and a page knows nothing of either.
  const of = isUpgrade ? 'GET' : method
  const verdict = checkProof(proof, { method: of, authority, target, host, nonceKey, now, session })
  if (!verdict.ok) return 'no'
  // Each proof is a row: before it is written.
  allowance.spend(row.account)
  return (await spendProof(store, verdict.proved)) ? 'yes' : 'no'
}

/** RFC 6454 §7: a page of this very door; what says no origin is none. */
function isOwnOrigin({ origin, authority }: PersonRequest, host: string): boolean {
  const own = URL.parse(`https://${authority}`)
  return own !== null && own.hostname === host.toLowerCase() && origin === own.origin
}

function claimsOf({ device, proofs, confirmed }: SessionRow, now: Temporal.Instant): PersonClaims {
  // Nor what is from the future: a clock was set back since.
  const isOfLate = (at: Temporal.Instant) =>
    Math.abs(now.epochMilliseconds - at.epochMilliseconds) <= CONFIRMED_MINUTES * 60_000
  return {
    ...(device !== null && { jkt: device }),
    proofs: readProofs(proofs),
    confirmed: readConfirmed(confirmed)
      .filter(({ at }) => isOfLate(at))
      .map(({ sha256, by, at }) => ({ sha256, by, at })),
  }
}
