// HTTP binding of the authority's own OpenPGP keys: which there are, another in their place, and one that is given up.
import type { FastifyInstance } from 'fastify'
import type { OpenPgpAuthorityKey } from '../openpgp.ts'
import { callerName } from './caller.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { emptyBody, openPgpRollBody, read } from './schemas.ts'

export function openPgpAuthorityRoutes(app: FastifyInstance, { openPgp }: Pick<Api, 'openPgp'>): void {
  app.get('/v1/openpgp/authorities', async () => ({
    authorities: openPgp === undefined ? [] : (await openPgp.authorityKeys()).map(jsonOf),
  }))

  app.post('/v1/openpgp/authorities', async (request, reply) => {
    const body = read(openPgpRollBody, request.body ?? {})
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    if (openPgp === undefined) return sendRefusal(request, reply, { code: 'ERR_ENROLL_NO_OPENPGP' })
    const outcome = await openPgp.rollOver({ ...body.value, by: callerName(request) })
    if (!outcome.ok) return sendRefusal(request, reply, outcome.refusal)
    return reply.code(201).send({ authorities: outcome.keys.map(jsonOf) })
  })

  app.post<{ Params: { fingerprint: string } }>(
    '/v1/openpgp/authorities/:fingerprint/revocation',
    async (request, reply) => {
      const body = read(emptyBody, request.body ?? {})
      if (!body.ok) return sendRefusal(request, reply, body.refusal)
      if (openPgp === undefined) return sendRefusal(request, reply, { code: 'ERR_ENROLL_NO_OPENPGP' })
      const { fingerprint } = request.params
      const outcome = await openPgp.revokeAuthority({ fingerprint, by: callerName(request) })
      if (!outcome.ok) return sendRefusal(request, reply, outcome.refusal)
      return { authorities: outcome.keys.map(jsonOf) }
    },
  )
}

function jsonOf({ fingerprint, version, state, isHere, createdAt, endsAt, key }: OpenPgpAuthorityKey) {
  return {
    fingerprint,
    version,
    state,
    here: isHere,
    createdAt: createdAt.toString(),
    endsAt: endsAt.toString(),
    key: key.toBase64(),
  }
}
