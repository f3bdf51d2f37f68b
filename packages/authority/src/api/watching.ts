// HTTP binding of what is watched: what is seen and not ours, what ends and is not renewed. For administrators alone.
import type { FastifyInstance } from 'fastify'
import { unissuedJson } from './json.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { read } from './schemas.ts'
import { unissuedQuery } from './watching-forms.ts'

export function watchingRoutes(app: FastifyInstance, { store }: Api): void {
  app.get('/v1/unissued', async (request, reply) => {
    const query = read(unissuedQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const { found, next } = await store.watch.unissued(query.value)
    return reply.send({ certificates: found.map(unissuedJson), ...(next !== undefined && { next: String(next) }) })
  })
}
