// HTTP binding of the directory for mail: to which keys mail for an address is encrypted. For parties of the house, who may know
// each other; a stranger learns not even whether an address is somebody's.
import type { FastifyInstance } from 'fastify'
import type { StoredCertificate } from '../store/certificates.ts'
import type { Repositories } from '../store/store.ts'
import { callerOf } from './caller.ts'
import { derJson } from './json.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { mailKeysQuery, read } from './schemas.ts'

/** Keys of one address: of few parties, and of each the newest. */
const MOST_KEYS = 100

export function mailKeyRoutes(
  app: FastifyInstance,
  { store, issuers, clock }: Pick<Api, 'store' | 'issuers' | 'clock'>,
): void {
  app.get('/v1/mail/keys', async (request, reply) => {
    const caller = callerOf(request.raw.socket)
    if (caller.kind !== 'met' || caller.meeting.caller.party === undefined)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_FORBIDDEN', note: 'for parties, as themselves' })
    const query = read(mailKeysQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const found = await keysFor(store, query.value.address, clock())
    return {
      keys: found.map(({ party, der }) => ({ party, certificate: Buffer.from(der).toString('base64') })),
      issuers: derJson(issuers.published().intermediates),
    }
  })
}

/** In force, of nobody who is locked, and of each party the newest. */
async function keysFor(
  { certificates, parties }: Pick<Repositories, 'certificates' | 'parties'>,
  address: string,
  now: Temporal.Instant,
): Promise<readonly StoredCertificate[]> {
  const found = await certificates.currentOfAddress(address, 'person-encryption', now, MOST_KEYS)
  // The newest comes first, and here last: it is the one that stays.
  const newest = new Map(found.toReversed().map((each) => [each.party, each]))
  const locked = await Promise.all([...newest.keys()].map((party) => parties.isLocked(party, now)))
  return [...newest.values()].filter((_, index) => locked[index] === false)
}
