// Open sessions at our gate, to each of which something is sent once a second. Told to revoke a party, it does with trust
// and index what a house does, and says when each session's last octet left. Usage: hold-gate.ts IDENTITY-DIRECTORY
import { type AddressInfo, createServer } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { TLSSocket } from 'node:tls'
import { allowList, createAcceptor, createSessionIndex, openIdentity, revokedKey } from '@countersign/mtls'
import type { RevokedSerial } from '@countersign/protocol'
import { answerHolder } from './holder.ts'

const TURNS_A_SECOND = 100
const PIECE = Buffer.alloc(64, 'countersign ')
const [directory] = process.argv.slice(2)
if (!directory) throw new Error('usage: hold-gate IDENTITY-DIRECTORY')
const identity = await openIdentity(directory)
const clock = () => Temporal.Now.instant()
const sessions = createSessionIndex('bench')
const sockets: (TLSSocket | undefined)[] = []
const acceptor = createAcceptor({
  door: 'bench',
  identity,
  trust: identity.trust,
  access: allowList(['*']),
  clock,
  sessions,
  record: (meeting) => void meeting,
  onAccepted: (socket) => {
    const place = sockets.push(socket) - 1
    // To be cut is what they are for.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      sockets[place] = undefined
    })
    socket.resume()
  },
  onRefused: (socket) => socket.destroy(),
})

let turn = 0
let isSending = false
async function send(): Promise<object> {
  if (isSending) return {}
  isSending = true
  setInterval(() => {
    turn = (turn + 1) % TURNS_A_SECOND
    for (let place = turn; place < sockets.length; place += TURNS_A_SECOND) sockets[place]?.write(PIECE)
  }, 1000 / TURNS_A_SECOND)
  return {}
}

async function revoke(party: string): Promise<object> {
  const pauses = monitorEventLoopDelay({ resolution: 1 })
  pauses.enable()
  const revoked = serialsOf(party)
  const calledAt = performance.now()
  const wall = clock()
  identity.trust.announce(revoked, wall)
  const cuts = await sessions.cut(revoked.map(revokedKey), 'ERR_CALLER_REVOKED')
  const cutMs = performance.now() - calledAt
  // A pause is seen by the timer that comes late, after it.
  await new Promise((resolve) => setTimeout(resolve, 20))
  pauses.disable()
  return {
    calledAt: wall.epochMilliseconds,
    lastOctets: cuts.map(({ lastOctetAt }) => lastOctetAt.since(wall).total('milliseconds')),
    cutMs,
    longestPauseMs: pauses.max / 1e6,
  }
}

/** Each certificate of a party once, as the authority would announce them. */
function serialsOf(party: string): RevokedSerial[] {
  const found = new Map<string, RevokedSerial>()
  for (const session of sessions.find(`party:${party}`)) {
    const key = session.keys.find((one) => one.startsWith('certificate:')) ?? ''
    const [, issuerSpkiSha256 = '', serial = ''] = key.split(':')
    const serialNumber = BigInt(`0x${serial}`)
    found.set(key, { issuerSpkiSha256, serialNumber, party, at: clock(), reason: 'keyCompromise' })
  }
  return [...found.values()]
}

const server = createServer((raw) => acceptor.accept(raw))
server.listen(0, '127.0.0.1', () => answerHolder((server.address() as AddressInfo).port, { send, revoke }))
