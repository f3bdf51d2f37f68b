// What stands in a party's way beside the rules, as the authority knows it now: a lock, and certificates that are in force no more.
import { type Field, fieldOf, type RefusalCode } from '@countersign/protocol'
import { certificateField } from '../admin/certificate.ts'
import { openAdmin } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'

/** Why a party meets nobody now, whatever the rules say. */
export interface Obstacle {
  readonly code: RefusalCode
  /** What it rests on, for people. */
  readonly note: string
  /** Since when. */
  readonly at?: Temporal.Instant
}

/** What an authority says of a party; not `known` where none answers. Of whom it has never heard, there is no certificate yet. */
export interface Standing {
  readonly known: boolean
  readonly isNew?: true
  readonly obstacle?: Obstacle
}

/** Asks the authority that the arguments name, if one answers. @throws {Failure} where it refuses to say */
export async function standingOf(party: string, given: Arguments, around: Around): Promise<Standing> {
  try {
    const admin = await openAdmin(given, around)
    return readStanding(fieldOf(await admin.get(`/v1/certificates/${encodeURIComponent(party)}`)))
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    if (error.code === 'ERR_ADMIN_NOT_FOUND') return { known: true, isNew: true }
    if (error.exit === EXIT.unreachable) return { known: false }
    throw error
  }
}

function readStanding(answer: Field): Standing {
  const lock = answer.get('party').optional((party) => party.get('lock').optional(lockOf))
  if (lock !== undefined) return { known: true, obstacle: lock }
  const certificates = answer.get('certificates').list(10_000).map(certificateField)
  if (certificates.length === 0) return { known: true, isNew: true }
  if (certificates.some(({ state }) => state === 'valid')) return { known: true }
  const [last] = certificates
    .flatMap(({ revocation }) => revocation ?? [])
    .sort((a, b) => Temporal.Instant.compare(b.at, a.at))
  const obstacle: Obstacle =
    last === undefined
      ? { code: 'ERR_CALLER_EXPIRED', note: 'none of its certificates is in force' }
      : {
          code: 'ERR_CALLER_REVOKED',
          note: `none of its certificates is in force; revoked for ${last.reason}`,
          at: last.at,
        }
  return { known: true, obstacle }
}

function lockOf(lock: Field): Obstacle {
  const reason = lock.get('reason').optional((each) => each.text(256))
  const note = reason === undefined ? 'by countersign lock' : `by countersign lock: ${reason}`
  return { code: 'ERR_POLICY_LOCKED', note, at: lock.get('at').instant() }
}
