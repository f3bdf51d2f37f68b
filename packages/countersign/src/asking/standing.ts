// What stands in a party's way beside the rules, as the authority knows it now: a lock, and certificates that are in force no more.
import { type Field, fieldOf, type RefusalCode } from '@countersign/protocol'
import { CALLER_PROFILES, certificateField, type ListedCertificate } from '../admin/certificate.ts'
import { openAdmin } from '../admin/client.ts'
import type { Admin } from '../admin/model.ts'
import { itemsOf } from '../admin/pages.ts'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'

/** Why a party meets nobody now, whatever the rules say. */
export interface Obstacle {
  readonly code: RefusalCode
  /** What it rests on, for people. */
  readonly note: string
  /** Since when. */
  readonly at?: Temporal.Instant
}

/** What an authority says of a party; not `known` where none answers, new where it has had no certificate that it could show. */
export interface Standing {
  readonly known: boolean
  readonly isNew?: true
  readonly obstacle?: Obstacle
}

/** Whom it is about, and whether it shows certificates of SSH where it goes. */
export interface Visit {
  readonly party: string
  readonly bySsh: boolean
}

/** Asks the authority that the arguments name, if one answers whoever asks. @throws {Failure} where it refuses to say */
export async function standingOf(visit: Visit, given: Arguments, around: Around): Promise<Standing> {
  try {
    const admin = await openAdmin(given, around)
    // Who signs in has a lock too, and perhaps no certificate.
    const party = fieldOf(await admin.get(`/v1/parties/${encodeURIComponent(visit.party)}`))
    const lock = party.get('lock').optional(lockOf)
    return { known: true, ...(lock === undefined ? await byCertificates(visit, admin) : { obstacle: lock }) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    if (error.code === 'ERR_ADMIN_NOT_FOUND') return { known: true, isNew: true }
    // The files may be for more readers than the socket.
    if (error.exit === EXIT.unreachable || error.code === 'ERR_CLI_SOCKET_MODE') return { known: false }
    throw error
  }
}

/** By those that it could show: one in force, or the newest. A party may have had thousands. */
async function byCertificates({ party, bySsh }: Visit, admin: Admin): Promise<Omit<Standing, 'known'>> {
  const isShown = ({ profile }: ListedCertificate) => CALLER_PROFILES.has(profile) || (bySsh && profile === 'ssh-user')
  const listed = (asked: Readonly<Record<string, string>>) =>
    itemsOf(admin, '/v1/certificates', 'certificates', new URLSearchParams({ party, ...asked }))
  for await (const { item } of listed({ state: 'valid' })) if (isShown(certificateField(item))) return {}
  let newest: ListedCertificate | undefined
  for await (const { item } of listed({})) {
    const each = certificateField(item)
    const isNewer = newest === undefined || Temporal.Instant.compare(each.issuedAt, newest.issuedAt) >= 0
    if (isShown(each) && isNewer) newest = each
  }
  return newest === undefined ? { isNew: true } : { obstacle: endOf(newest) }
}

function endOf({ revocation, notAfter }: ListedCertificate): Obstacle {
  const note = 'none of its certificates is in force'
  if (revocation === undefined) return { code: 'ERR_CALLER_EXPIRED', note, at: notAfter }
  return { code: 'ERR_CALLER_REVOKED', note: `${note}; revoked for ${revocation.reason}`, at: revocation.at }
}

function lockOf(lock: Field): Obstacle {
  const reason = lock.get('reason').optional((each) => each.text(256))
  const note = reason === undefined ? 'by countersign lock' : `by countersign lock: ${reason}`
  return { code: 'ERR_POLICY_LOCKED', note, at: lock.get('at').instant() }
}
