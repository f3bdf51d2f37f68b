// What stands in a party's way beside the rules, as the authority knows it now: a lock, and certificates that are in force no more.
import { type Field, fieldOf, type RefusalCode } from '@countersign/protocol'
import { CALLER_PROFILES, certificateField, ISSUER_PROFILES, type ListedCertificate } from '../admin/certificate.ts'
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

/** Asks the authority that the arguments name, or the one here, if it answers whoever asks. @throws {Failure} where it refuses to say */
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
    // One that is named must answer. The files may be for more readers than the socket.
    if (given.text('authority') !== undefined) throw error
    if (error.exit === EXIT.unreachable || error.code === 'ERR_CLI_SOCKET_MODE') return { known: false }
    throw error
  }
}

/** By those that it could show: one in force, or the newest. A party may have had thousands. */
async function byCertificates({ party, bySsh }: Visit, admin: Admin): Promise<Omit<Standing, 'known'>> {
  const shown = async function* (asked: Readonly<Record<string, string>>): AsyncGenerator<ListedCertificate> {
    for await (const each of listed({ party, ...asked }, admin))
      if (CALLER_PROFILES.has(each.profile) || (bySsh && each.profile === 'ssh-user')) yield each
  }
  const inForce = new Set<string>()
  for await (const { sha256 } of shown({ state: 'valid' })) inForce.add(sha256)
  let fallen: ListedCertificate | undefined
  if (inForce.size > 0) {
    for (const profile of ISSUER_PROFILES)
      for await (const issuer of listed({ state: 'revoked', profile }, admin))
        for await (const { sha256 } of shown({ state: 'valid', issuer: issuer.sha256 }))
          if (inForce.delete(sha256)) fallen = issuer
    if (inForce.size > 0) return {}
  }
  if (fallen !== undefined) return { obstacle: endOf(fallen, `the issuer ${fallen.party} was given up`) }
  let newest: ListedCertificate | undefined
  for await (const each of shown({}))
    if (newest === undefined || Temporal.Instant.compare(each.issuedAt, newest.issuedAt) >= 0) newest = each
  return newest === undefined ? { isNew: true } : { obstacle: endOf(newest, 'none of its certificates is in force') }
}

async function* listed(asked: Readonly<Record<string, string>>, admin: Admin): AsyncGenerator<ListedCertificate> {
  const query = new URLSearchParams(asked)
  for await (const { item } of itemsOf(admin, '/v1/certificates', 'certificates', query)) yield certificateField(item)
}

function endOf({ revocation, notAfter }: ListedCertificate, note: string): Obstacle {
  if (revocation === undefined) return { code: 'ERR_CALLER_EXPIRED', note, at: notAfter }
  return { code: 'ERR_CALLER_REVOKED', note: `${note}; revoked for ${revocation.reason}`, at: revocation.at }
}

function lockOf(lock: Field): Obstacle {
  const reason = lock.get('reason').optional((each) => each.text(256))
  const note = reason === undefined ? 'by countersign lock' : `by countersign lock: ${reason}`
  return { code: 'ERR_POLICY_LOCKED', note, at: lock.get('at').instant() }
}
