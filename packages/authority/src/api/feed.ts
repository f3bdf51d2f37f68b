// HTTP binding of the feed: the one upgrade that the authority knows.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { FEED_PATH, FEED_PROTOCOL, isParty, type PartyId, type Refusal } from '@countersign/protocol'
import { callerOf } from './caller.ts'
import type { Api } from './model.ts'
import { problemAnswer } from './problem.ts'
import { referenceOf } from './reply.ts'

/** Whose names begin so, an administrator has made a door. */
const DOORS = 'door/'

const following = new WeakSet<Duplex>()

/** Whether a door follows on this connection: it is no stranger's, and stays open without a request. */
export function isFollowing(socket: Duplex): boolean {
  return following.has(socket)
}

/** Whether a request asks for the feed; any other upgrade is ignored. @see RFC 9110 §7.8 */
export function asksForFeed({ method, url, headers }: IncomingMessage): boolean {
  return method === 'GET' && url === FEED_PATH && headers.upgrade?.toLowerCase() === FEED_PROTOCOL
}

/** Opens the feed to a door that has proved itself; refuses everybody else. */
export function openFeed({ follow, log }: Pick<Api, 'follow' | 'log'>, request: IncomingMessage, head: Buffer): void {
  const { socket } = request
  socket.on('error', () => socket.destroy())
  const decided = decideFollower(callerOf(socket))
  if (typeof decided !== 'string') {
    log('feed.denied', { reference: referenceOf(socket), code: decided.code })
    socket.end(problemAnswer(decided, referenceOf(socket)))
    return
  }
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${FEED_PROTOCOL}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
  // The gate cuts what must end; an idle feed is not to be closed as an idle request is.
  socket.setTimeout(0)
  following.add(socket)
  follow(decided, socket)
}

/** The party that may follow: it has proved itself to the gate, and its name is a door's. */
function decideFollower(caller: ReturnType<typeof callerOf>): PartyId | Refusal {
  if (caller.kind === 'local') return { code: 'ERR_ADMIN_FORBIDDEN', note: 'the feed is for doors' }
  const { party } = caller.meeting.caller
  if (party === undefined || !isParty(party) || !party.startsWith(DOORS))
    return { code: 'ERR_FEED_FORBIDDEN', note: `the party is ${party ?? 'nobody'}` }
  return party
}
