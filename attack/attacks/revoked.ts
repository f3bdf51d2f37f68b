import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { writePem } from '@countersign/x509'
import { crl, revoked as onList } from '../../interop/chains/house.ts'
import { openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attackers, Attempt, Case, Control, Target } from '../model.ts'
import { caller } from '../support/craft.ts'
import { dial, greeting, meet, presented } from '../support/tls-client.ts'

/** RFC 5280 §3.3, RFC 9846 §4.7.1: what was revoked opens nothing, and keeps nothing open. */
export const revoked: Attack = {
  name: 'a revoked certificate',
  goal: 'goes on after its certificate was revoked',
  cases: [
    {
      name: 'with a ticket from before',
      control: knowsNoRevocation,
      run: (target) => withTicket(target, target),
    },
    {
      name: 'with a ticket from before, at a second process of the same ticket keys',
      control: readsTheListInFullHandshakes,
      async run(target) {
        await using twins = await target.twins?.()
        if (twins === undefined) throw new Error('needs two processes of one door')
        const attempt = await withTicket(twins.first, twins.second)
        return { ...attempt, record: await twins.recordOf(attempt.reference) }
      },
    },
    {
      name: 'in a new meeting',
      control: knowsNoRevocation,
      async run(target) {
        const { holder, revoke } = await guest(target)
        await revoke()
        return meet(target, presented(holder, target.attackers.issuing))
      },
    },
    open('on an idle connection', () => ''),
    open(
      'in a request that is under way',
      ({ serverName }) => `POST / HTTP/1.1\r\nHost: ${serverName}\r\nContent-Length: 1000\r\n\r\nx`,
    ),
    open(
      'in a WebSocket',
      ({ serverName }) =>
        `GET /ws HTTP/1.1\r\nHost: ${serverName}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    ),
    open(
      'in a download that it reads slowly',
      ({ serverName }) => `GET /endless HTTP/1.1\r\nHost: ${serverName}\r\n\r\n`,
      (socket) => socket.pause(),
    ),
    open('in a TCP session', () => 'hello\n'),
  ],
}

/** Meets `first`, is revoked, and brings the ticket to `second`. */
async function withTicket(first: Target, second: Target): Promise<Attempt> {
  const { holder, revoke } = await guest(first)
  const identity = presented(holder, first.attackers.issuing)
  const { socket, over, session } = await dial(first, identity)
  socket.write(greeting(first))
  await over(300)
  await revoke()
  const ticket = session()
  return meet(second, { ...identity, ...(ticket && { session: ticket }) })
}

/** Still open a second after the receipt: the attacker has won. */
function open(
  name: string,
  said: (target: Target) => string,
  slow: (socket: Socket) => unknown = () => undefined,
): Case {
  return {
    name,
    control: knowsNoRevocation,
    async run(target) {
      const { holder, revoke } = await guest(target)
      const { socket, reference, over } = await dial(target, presented(holder, target.attackers.issuing))
      socket.write(said(target))
      await new Promise((resolve) => setTimeout(resolve, 200))
      slow(socket)
      if (socket.destroyed) return { peer: 'ended before', won: false }
      await revoke()
      const seen = reference()
      socket.resume()
      let late = 0
      socket.on('data', (text: string) => {
        late += text.length
      })
      const closed = await Promise.race([
        new Promise<boolean>((resolve) => socket.once('close', () => resolve(true))),
        new Promise<boolean>((resolve) => setTimeout(resolve, 1_000, socket.destroyed)),
      ])
      await over(0)
      return { peer: closed ? 'cut' : `open, ${late} octets later`, won: !closed, ...(seen && { reference: seen }) }
    },
  }
}

async function guest({ revocable }: Target) {
  if (revocable === undefined) throw new Error('needs somebody who can be revoked')
  return revocable.enroll()
}

/** No list, no status: what OpenSSL does unless somebody gives it a CRL. */
async function knowsNoRevocation(attackers: Attackers): ReturnType<Control> {
  const door = await openPlainDoor(attackers, {}, (socket) => {
    socket.once('data', (octets) => {
      if (String(octets).startsWith('GET / ')) socket.end('HTTP/1.1 200 OK\r\n\r\n')
      else socket.write('HTTP/1.1 200 OK\r\n\r\n')
    })
  })
  return {
    ...door,
    revocable: { enroll: async () => ({ holder: caller(attackers.issuing, 'guest'), revoke: async () => undefined }) },
  }
}

/** The second process has read the list, and OpenSSL asks it of nobody who comes with a ticket. */
async function readsTheListInFullHandshakes(attackers: Attackers): ReturnType<Control> {
  const { root, issuing } = attackers
  const holder = caller(issuing, 'guest')
  const now = Temporal.Now.instant().round('second')
  const inForce = { thisUpdate: now.subtract({ hours: 1 }), nextUpdate: now.add({ hours: 1 }) }
  const lists = [crl(root, inForce), crl(issuing, { ...inForce, revoked: [onList(holder)] })]
  const ticketKeys = randomBytes(48)
  const first = await openPlainDoor(attackers, { ticketKeys })
  const second = await openPlainDoor(attackers, {
    ticketKeys,
    crl: lists.map((list) => writePem('X509 CRL', list.crl.der)),
  })
  const revocable = { enroll: async () => ({ holder, revoke: async () => undefined }) }
  return {
    ...second,
    twins: async () => ({
      first: { ...first, revocable },
      second,
      recordOf: async () => 'none',
      [Symbol.asyncDispose]: async () => undefined,
    }),
    async [Symbol.asyncDispose]() {
      await Promise.all([first, second].map((each) => each[Symbol.asyncDispose]()))
    },
  }
}
