import { randomBytes } from 'node:crypto'
import { writePem } from '@countersign/x509'
import { crl, revoked as onList } from '../../interop/chains/house.ts'
import { PREFACE } from '../../tools/testing/http2-frames.ts'
import { openCarelessGateway } from '../controls/careless-gateway.ts'
import { openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attackers, Attempt, Case, Control, Target } from '../model.ts'
import { caller } from '../support/craft.ts'
import { requestOf } from '../support/http2.ts'
import { dial, greeting, meet, presented } from '../support/tls-client.ts'
import { guest, type WhileRevoked, whileRevoked, withGuests } from '../support/while-revoked.ts'

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
    open('on an idle connection', { said: () => '' }),
    open('in a request that is under way', {
      said: ({ serverName }) => `POST / HTTP/1.1\r\nHost: ${serverName}\r\nContent-Length: 1000\r\n\r\nx`,
    }),
    open('in a WebSocket', {
      said: ({ serverName }) =>
        `GET /ws HTTP/1.1\r\nHost: ${serverName}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    }),
    open('in a download that it reads slowly', {
      said: ({ serverName }) => `GET /endless HTTP/1.1\r\nHost: ${serverName}\r\n\r\n`,
      slow: (socket) => socket.pause(),
    }),
    {
      ...open('in a download over HTTP/2', {
        alpn: ['h2'],
        said: (target) => Buffer.concat([PREFACE, requestOf(target, [[':path', '/endless']])]),
        slow: (socket) => socket.pause(),
      }),
      control: async (attackers) => withGuests(await openCarelessGateway(attackers)),
    },
    open('in a TCP session', { said: () => 'hello\n' }),
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

function open(name: string, how: WhileRevoked): Case {
  return { name, control: knowsNoRevocation, run: (target) => whileRevoked(target, how) }
}

/** No list, no status: what OpenSSL does unless somebody gives it a CRL. */
async function knowsNoRevocation(attackers: Attackers): ReturnType<Control> {
  const door = await openPlainDoor(attackers, {}, (socket) => {
    socket.once('data', (octets) => {
      if (String(octets).startsWith('GET / ')) socket.end('HTTP/1.1 200 OK\r\n\r\n')
      else socket.write('HTTP/1.1 200 OK\r\n\r\n')
    })
  })
  return withGuests(door)
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
