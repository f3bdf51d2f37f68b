// HTTP binding of explanations for parties: what each did itself, and nobody else's.
import {
  type Meeting,
  parseReference,
  publicMeeting,
  REFUSALS,
  type Refusal,
  readMeeting,
  ShapeError,
  type Side,
  writeMeeting,
} from '@countersign/protocol'
import type { FastifyInstance } from 'fastify'
import { callerOf } from './caller.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'

/** What one party may report in a minute. */
const MOST_IN_A_MINUTE = 60
/** Parties whose reports of this minute are counted. */
const MAX_PARTIES = 10_000

export function ownMeetingRoutes(app: FastifyInstance, { meetings, record, clock, log }: Api): void {
  const counts = createCounts()

  app.post('/v1/own/meetings', async (request, reply) => {
    const asker = askerOf(request.raw.socket)
    if ('code' in asker) return sendRefusal(request, reply, asker)
    if (!counts.take(asker.party, clock()))
      return sendRefusal(
        request,
        reply,
        { code: 'ERR_ADMIN_REQUEST', note: `more than ${MOST_IN_A_MINUTE} reports in a minute` },
        429,
      )
    const reported = readReport(request.body, asker.side)
    if ('code' in reported) return sendRefusal(request, reply, reported)
    record(reported)
    log('report.recorded', { party: asker.party, reference: reported.reference })
    return reply.code(201).send({ reference: reported.reference })
  })

  app.get<{ Params: { reference: string } }>('/v1/own/meetings/:reference', async (request, reply) => {
    const asker = askerOf(request.raw.socket)
    if ('code' in asker) return sendRefusal(request, reply, asker)
    const reference = parseReference(request.params.reference)
    if (reference === undefined)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: 'reference: as in M-7F3K-92QD' })
    const own = (await meetings(reference))
      .map((text) => readMeeting(JSON.parse(text)))
      .filter((meeting) => isOf(meeting, asker.party))
    // Who was in none of them learns nothing, not even that there are some.
    if (own.length === 0) return sendRefusal(request, reply, { code: 'ERR_ADMIN_NO_MEETING' })
    return reply.send({ meetings: own.map((meeting) => writeMeeting(publicMeeting(meeting))) })
  })
}

function askerOf(socket: Parameters<typeof callerOf>[0]): Refusal | { readonly party: string; readonly side: Side } {
  const caller = callerOf(socket)
  const side = caller.kind === 'met' ? caller.meeting.caller : undefined
  if (side?.party === undefined) return { code: 'ERR_ADMIN_FORBIDDEN', note: 'for parties, as themselves' }
  return { party: side.party, side }
}

/** A report is of a door that the reporter itself refused; who that is, the gate has proved, whatever stands in it. */
function readReport(body: unknown, reporter: Side): Meeting | Refusal {
  try {
    const meeting = readMeeting(body)
    const { outcome, seenBy } = meeting
    if (seenBy !== 'caller' || outcome.ok || REFUSALS[outcome.refusal.code].fault !== 'callee')
      return { code: 'ERR_ADMIN_REQUEST', note: 'the body: a meeting in which you, as the caller, refused the callee' }
    return { ...meeting, caller: reporter }
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    return { code: 'ERR_ADMIN_REQUEST', note: error.message }
  }
}

function isOf({ caller, callee }: Meeting, party: string): boolean {
  return caller.party === party || callee.party === party
}

function createCounts(): { take(party: string, now: Temporal.Instant): boolean } {
  let minute = 0
  let counts = new Map<string, number>()
  return {
    take(party, now) {
      const current = Math.floor(now.epochMilliseconds / 60_000)
      if (current !== minute || counts.size >= MAX_PARTIES) counts = new Map()
      minute = current
      const count = (counts.get(party) ?? 0) + 1
      counts.set(party, count)
      return count <= MOST_IN_A_MINUTE
    },
  }
}
