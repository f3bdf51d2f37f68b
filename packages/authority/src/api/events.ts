// HTTP binding of what happens: a stream that goes on from any number. HTML Living Standard §9.2, server-sent events.
import type { ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { StoredHappening } from '../store/ledger.ts'
import { callerKey } from './caller.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import type { Permit } from './roles.ts'
import { eventsQuery, lastEventId, read } from './schemas.ts'

/** Read and sent at once; the next ones are for who has taken them. */
const PAGE = 256
/** Who takes none of them for so long is cut, and goes on from there when it is back. */
const SLOW_MS = 30_000
/** How many follow at once, in all and for one caller. */
const MAX_FOLLOWERS = 64
const MAX_OF_CALLER = 8
/** How soon whoever was cut comes back. */
const RETRY_MS = 1_000

export const EVENT_STREAM = 'text/event-stream'

type Parts = Pick<Api, 'store' | 'happened' | 'figures' | 'log'>

export function eventRoutes(app: FastifyInstance, parts: Parts, permit: Permit, slowMs: number = SLOW_MS): void {
  const followers = createPlaces()

  app.get('/v1/events', async (request, reply) => {
    const query = read(eventsQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    // "Last-Event-ID": whoever comes back says what it has, whatever it first asked for.
    const last = read(lastEventId, request.headers['last-event-id'])
    if (!last.ok) return sendRefusal(request, reply, last.refusal)
    const newest = await parts.store.ledger.newest()
    const { follow } = query.value
    const asked = last.value ?? query.value.after
    const after = asked === 'newest' ? newest : asked
    if (after > newest)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: `after: the newest event is ${newest}` })
    if (request.method === 'HEAD') return reply.type(EVENT_STREAM).send()
    const leave = followers.enter(callerKey(request))
    if (leave === undefined) return sendRefusal(request, reply, { code: 'ERR_ADMIN_TOO_MANY' })
    reply.hijack()
    const unfollow = parts.figures.follows()
    const isPermitted = async () => (await permit(request, 'events.read')) === undefined
    void send(reply.raw, { ...parts, after, follow, isPermitted, slowMs }).finally(() => {
      leave()
      unfollow()
    })
  })
}

interface Sending extends Parts {
  readonly after: number
  readonly follow: boolean
  readonly isPermitted: () => Promise<boolean>
  readonly slowMs: number
}

async function send(response: ServerResponse, { store, happened, log, ...asked }: Sending): Promise<void> {
  let { after } = asked
  let isGone = false
  const gone = new Promise<void>((resolve) => response.once('close', resolve)).then(() => {
    isGone = true
  })
  // It has gone: what it did not get, it asks for again.
  response.on('error', () => response.destroy())
  try {
    response.writeHead(200, { 'content-type': EVENT_STREAM, 'cache-control': 'no-store' })
    // The number alone is no event: it says from where on.
    response.write(`retry: ${RETRY_MS}\nid: ${after}\n\n`)
    while (!isGone) {
      const found = await store.ledger.happenedAfter(after, PAGE)
      if (found.length > 0) {
        // A role or a certificate may have ended since, and where much happens nothing else would ask.
        if (!(await asked.isPermitted())) break
        if (!(await write(response, found.map(eventText).join(''), gone, asked.slowMs))) return void response.destroy()
        after = found.at(-1)?.number ?? after
        continue
      }
      if (!asked.follow || happened.isClosed) break
      const isHeld = await happened.wait(() => happened.newest > after, gone)
      if (happened.newest > after) continue
      // A silent connection is forgotten by what is between.
      if (!isHeld || !(await asked.isPermitted())) break
      response.write(':\n\n')
    }
    response.end()
  } catch (error) {
    log('events.failed', { cause: error instanceof Error ? error.message : String(error) })
    response.destroy()
  }
}

/** False where who should take it does not. */
async function write(response: ServerResponse, text: string, gone: Promise<void>, slowMs: number): Promise<boolean> {
  if (response.write(text)) return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const late = setTimeout(resolve, slowMs, false)
  response.once('drain', () => resolve(true))
  void gone.then(() => resolve(false))
  return promise.finally(() => clearTimeout(late))
}

/** One event: its number, its kind, and what it says as one line of JSON. */
export function eventText({ number, id, octets, position }: StoredHappening): string {
  // Ours, written by `writeEntry` and `emit`.
  const says = JSON.parse(new TextDecoder().decode(octets)) as Readonly<Record<string, unknown>>
  const place = position === undefined ? {} : { entry: String(id), index: position }
  return `id: ${number}\nevent: ${says['kind']}\ndata: ${JSON.stringify({ number, ...place, ...says })}\n\n`
}

function createPlaces(): { enter(caller: string): (() => void) | undefined } {
  const counts = new Map<string, number>()
  let all = 0
  return {
    enter(caller) {
      const count = counts.get(caller) ?? 0
      if (all >= MAX_FOLLOWERS || count >= MAX_OF_CALLER) return undefined
      all++
      counts.set(caller, count + 1)
      return () => {
        all--
        const left = (counts.get(caller) ?? 1) - 1
        if (left === 0) counts.delete(caller)
        else counts.set(caller, left)
      }
    },
  }
}
