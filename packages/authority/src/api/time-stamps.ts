// HTTP binding of time stamps, RFC 3161 §3.4: for parties of the house, each of whose questions the ledger keeps.
import { isParty } from '@countersign/protocol'
import { writeTimeStampResp } from '@countersign/x509'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { callerOf } from './caller.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'

const QUERY = 'application/timestamp-query'
/** The media type of an answer. */
export const TIME_STAMP_REPLY = 'application/timestamp-reply'
/** A hash, a policy and a number. */
const MAX_QUERY_OCTETS = 1024

export function timeStampRoutes(
  app: FastifyInstance,
  { timeStamps, failpoint }: Pick<Api, 'timeStamps' | 'failpoint'>,
): void {
  app.register((scope, _options, done) => {
    scope.addContentTypeParser(
      QUERY,
      { parseAs: 'buffer', bodyLimit: MAX_QUERY_OCTETS },
      async (_request: FastifyRequest, body: Buffer) => body,
    )
    scope.post('/v1/timestamps', async (request, reply) => {
      const caller = callerOf(request.raw.socket)
      const party = caller.kind === 'met' ? caller.meeting.caller.party : undefined
      if (party === undefined || !isParty(party))
        return sendRefusal(request, reply, { code: 'ERR_ADMIN_FORBIDDEN', note: 'for parties, as themselves' })
      if (!(request.body instanceof Uint8Array))
        return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: `the body is ${QUERY}` })
      const answer = await timeStamps(new Uint8Array(request.body), party)
      failpoint('timestamp.before-reply')
      reply.raw.once('finish', () => failpoint('timestamp.after-reply'))
      return reply.header('content-type', TIME_STAMP_REPLY).send(Buffer.from(writeTimeStampResp(answer)))
    })
    done()
  })
}
