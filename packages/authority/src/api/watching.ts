// HTTP binding of what is watched: what is seen and not ours, what ends and is not renewed. For administrators alone.
import type { FastifyInstance } from 'fastify'
import { findOutageBudget } from '../watching/reliance.ts'
import { reportEnding } from '../watching/report.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { read, writePlace } from './schemas.ts'
import { expiringQuery, keysQuery, unissuedQuery, writeKeyPlace } from './watching-forms.ts'
import { certificateOfKeyJson, endingJson, keyJson, listJson, outageJson, unissuedJson } from './watching-json.ts'

/** Whoever renews a key again and again has more; the newest say enough. */
const MAX_OF_KEY = 20

export function watchingRoutes(app: FastifyInstance, { store, doors, clock }: Api): void {
  app.get('/v1/outage-budget', async (_, reply) => {
    const now = clock()
    return reply.send(outageJson(await findOutageBudget(store, doors(), now), now))
  })

  app.get('/v1/expiring', async (request, reply) => {
    const query = read(expiringQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const { all, ...asked } = query.value
    const now = clock()
    const { certificates, lists, next } = await reportEnding(store, { ...asked, now, ...(!all && { isOverdue: true }) })
    return reply.send({
      certificates: certificates.map((one) => endingJson(one, now)),
      lists: lists.map(listJson),
      ...(next && { next: writePlace(next) }),
    })
  })

  app.get<{ Params: { party: string } }>('/v1/parties/:party/keys', async (request, reply) => {
    const query = read(keysQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const { party } = request.params
    // PostgreSQL keeps no NUL, and so knows no question with one.
    const known = party.includes('\0') ? undefined : await store.parties.byName(party)
    if (known === undefined)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no party is that' })
    const { found, next } = await store.keys.ofParty({ ...query.value, party })
    const keys: object[] = []
    for (const key of found) {
      const certificates = await store.keys.certificatesOf(key.spkiSha256, MAX_OF_KEY)
      keys.push({ ...keyJson(key), certificates: certificates.map(certificateOfKeyJson) })
    }
    return reply.send({ keys, ...(next && { next: writeKeyPlace(next) }) })
  })

  app.get('/v1/unissued', async (request, reply) => {
    const query = read(unissuedQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const { found, next } = await store.watch.unissued(query.value)
    return reply.send({ certificates: found.map(unissuedJson), ...(next !== undefined && { next: String(next) }) })
  })
}
