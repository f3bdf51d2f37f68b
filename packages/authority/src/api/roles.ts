// What an administrator may do: one table. Where it says nothing, nothing is permitted.
import type { Refusal } from '@countersign/protocol'
import type { FastifyRequest } from 'fastify'
import { findSubject } from '../status/subject.ts'
import type { Role } from '../store/parties.ts'
import type { Repositories } from '../store/store.ts'
import { callerOf, decideRole } from './caller.ts'
import type { Api } from './model.ts'

/** Who may do what. A viewer sees what there is, an auditor what was done too; an operator acts upon parties, an officer upon administrators. */
export const ACTIONS: Readonly<Record<Action, readonly Role[]>> = {
  'certificates.read': ['viewer', 'operator', 'officer', 'auditor'],
  'parties.read': ['viewer', 'operator', 'officer', 'auditor'],
  'events.read': ['viewer', 'operator', 'officer', 'auditor'],
  'figures.read': ['viewer', 'operator', 'officer', 'auditor'],
  'ledger.read': ['viewer', 'operator', 'officer', 'auditor'],
  'issuers.read': ['viewer', 'operator', 'officer', 'auditor'],
  'sessions.read': ['viewer', 'operator', 'officer', 'auditor'],
  'meetings.read': ['operator', 'officer', 'auditor'],
  'accounts.read': ['viewer', 'operator', 'officer', 'auditor'],
  'accounts.change': ['operator', 'officer'],
  'accounts.replace': ['officer'],
  'parties.invite': ['operator', 'officer'],
  'parties.change': ['operator', 'officer'],
  'parties.lock': ['operator', 'officer'],
  'certificates.issue': ['operator', 'officer'],
  'certificates.revoke': ['operator', 'officer'],
  'issuers.change': ['officer'],
  'configuration.reload': ['officer'],
  'backups.make': ['officer'],
  'administrators.change': ['officer'],
}

export type Action =
  | 'certificates.read'
  | 'parties.read'
  | 'events.read'
  | 'figures.read'
  | 'ledger.read'
  | 'issuers.read'
  | 'sessions.read'
  | 'meetings.read'
  | 'accounts.read'
  | 'accounts.change'
  | 'accounts.replace'
  | 'parties.invite'
  | 'parties.change'
  | 'parties.lock'
  | 'certificates.issue'
  | 'certificates.revoke'
  | 'issuers.change'
  | 'configuration.reload'
  | 'backups.make'
  /** To make an administrator, to say what one may do, to certify in the name of one, to stop one or let one act again. */
  | 'administrators.change'

/** Whether who may call is said by role. */
export function isAction(who: string): who is Action {
  return Object.hasOwn(ACTIONS, who)
}

/** Decides about one action of a caller; looked up at each request, so that a change counts at once. */
export type Permit = (request: FastifyRequest, action: Action) => Promise<Refusal | undefined>

/** Whether `subject`, a party or a certificate of one, is an administrator. */
export async function isAdministrator(store: Repositories, subject: string, now: Temporal.Instant): Promise<boolean> {
  const found = await findSubject(store, subject)
  const isCertificate = found !== undefined && found.kind !== 'party'
  for (const party of new Set(isCertificate ? found.certificates.map((one) => one.party) : [subject]))
    if (await administers(store, party, now)) return true
  return false
}

async function administers({ parties, certificates }: Repositories, party: string, now: Temporal.Instant) {
  // PostgreSQL keeps no NUL, and so knows no question with one.
  if (party.includes('\0')) return false
  if ((await parties.byName(party))?.role !== undefined) return true
  const { found } = await certificates.list({ party, profile: 'admin', state: 'valid', now, limit: 1 })
  return found.length > 0
}

export function createPermit({ store, clock }: Pick<Api, 'store' | 'clock'>): Permit {
  return async (request, action) => {
    const role = await decideRole(callerOf(request.raw.socket), store, clock())
    if (typeof role !== 'string') return role
    return ACTIONS[action].includes(role) ? undefined : { code: 'ERR_ADMIN_ROLE', note: `${action}, as ${role}` }
  }
}
