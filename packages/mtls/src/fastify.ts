// The plug-in of Fastify: who asks, on each request.
import type { Meeting, Side } from '@countersign/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { meetingOf, type OwnMeeting } from './server/meeting-of.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The meeting that let this request's connection in. */
    readonly meeting: Meeting
    /** Who asks, as proved. */
    readonly peer: Side
  }
}

/**
 * Gives every request `peer` and `meeting`; a request that did not come by the gate gets no further. The server comes by
 * Fastify's `serverFactory`: `(handler) => createHttpsServer(options, handler)`.
 */
export function countersign(app: FastifyInstance, _options: unknown, done: () => void): void {
  app.decorateRequest('meeting', { getter: metBy })
  app.decorateRequest('peer', {
    getter() {
      return metBy.call(this).peer
    },
  })
  app.addHook('onRequest', async (request) => {
    metBy.call(request)
  })
  done()
}

// What a plug-in adds stays its own in Fastify, but for those that say otherwise: everybody shall see `peer`.
Object.assign(countersign, { [Symbol.for('skip-override')]: true })

function metBy(this: FastifyRequest): OwnMeeting {
  const meeting = meetingOf(this.raw.socket)
  if (meeting === undefined)
    throw Object.assign(new Error('this connection did not come by the gate: see serverFactory'), { statusCode: 500 })
  return meeting
}
