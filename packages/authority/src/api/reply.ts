// Answers that every route gives in the same way.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { meetingOf } from '@countersign/mtls'
import type { Reference, Refusal } from '@countersign/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { PROBLEM_TYPE, problemOf } from './problem.ts'

/** The reference of the meeting that a connection began with; local ones have none. */
export function referenceOf(socket: Socket): Reference | undefined {
  return socket instanceof TLSSocket ? meetingOf(socket)?.reference : undefined
}

/** Answers with the refusal as a problem. `status` where HTTP has a more exact one than the code. */
export function sendRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  status?: number,
): FastifyReply {
  // Octets, not text: to text the framework would add a charset that this media type does not have.
  const problem = problemOf(refusal, referenceOf(request.raw.socket), status)
  return reply
    .code(problem.status)
    .type(PROBLEM_TYPE)
    .send(Buffer.from(JSON.stringify(problem)))
}
