import { once } from 'node:events'
import { type AddressInfo, connect as connectRaw, createServer } from 'node:net'
import { connect } from 'node:tls'
import { letThrough, openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attempt, Case, Target } from '../model.ts'
import { attemptOf, dial, meet, presented, referenceIn } from '../support/tls-client.ts'

/** The door's own limit is 10 s; its watch looks once a second. */
const PATIENCE_MS = 13_000

/** Who takes a place and does not go on: each step has its time. */
export const slow: Attack = {
  name: 'slow and half-open connections',
  goal: 'holds a place at the door for as long as it likes, at no cost',
  concurrent: true,
  anywhere: true,
  cases: [
    held('half a ClientHello', async (target) => {
      const socket = raw(target)
      socket.write((await clientHello(target)).subarray(0, 60))
      return { closed: await closes(socket) }
    }),
    held('a ClientHello octet by octet', async (target) => {
      const socket = raw(target)
      const octets = await clientHello(target)
      let at = 0
      const timer = setInterval(() => socket.write(octets.subarray(at, ++at)), 500)
      const closed = await closes(socket)
      clearInterval(timer)
      return { closed }
    }),
    held('a ClientHello, and nothing after', async (target) => {
      const socket = raw(target)
      const octets = await clientHello(target)
      socket.write(octets)
      const reference = referenceIn(octets)
      return { closed: await closes(socket), ...(reference && { reference }) }
    }),
    held('a request head line by line', async (target) => {
      const { attackers, serverName } = target
      const { socket, over, reference } = await dial(target, presented(attackers.alice, attackers.issuing))
      socket.write(`GET / HTTP/1.1\r\nHost: ${serverName}\r\n`)
      const timer = setInterval(() => socket.destroyed || socket.write('X-A: b\r\n'), 500)
      const closed = await closes(socket)
      clearInterval(timer)
      const { said, error } = await over(0)
      return { ...attemptOf(said, error, reference()), closed }
    }),
    {
      name: 'twenty request bodies octet by octet, and somebody else meanwhile',
      control: async (attackers) => {
        // Serves one after another.
        let busy = false
        return openPlainDoor(attackers, {}, (socket) => {
          if (!busy)
            socket.once('data', (octets) => (String(octets).startsWith('GET') ? letThrough(socket) : undefined))
          busy = true
        })
      },
      async run(target) {
        const { attackers, serverName } = target
        const identity = presented(attackers.alice, attackers.issuing)
        const many = await Promise.all(Array.from({ length: 20 }, () => dial(target, identity)))
        for (const { socket } of many)
          socket.write(`POST / HTTP/1.1\r\nHost: ${serverName}\r\nContent-Length: 1000\r\n\r\n`)
        const timer = setInterval(() => {
          for (const { socket } of many) if (!socket.destroyed) socket.write('x')
        }, 100)
        const attempt = await meet(target, identity)
        clearInterval(timer)
        await Promise.all(many.map(({ over }) => over(0)))
        return { ...attempt, won: attempt.peer !== 'passed' }
      },
    },
  ],
}

function held(name: string, run: (target: Target) => Promise<Partial<Attempt> & { readonly closed: boolean }>): Case {
  return {
    name,
    control: (attackers) => openPlainDoor(attackers, { handshakeTimeout: 600_000 }, () => undefined),
    async run(target) {
      const { closed, peer, ...rest } = await run(target)
      return { ...rest, peer: closed ? (peer ?? 'closed') : 'open', won: !closed }
    },
  }
}

function raw({ host, port }: Target) {
  const socket = connectRaw({ host, port })
  socket.on('error', () => socket.destroy())
  return socket.resume()
}

/** Whether the other side ends it in time. */
async function closes(socket: ReturnType<typeof raw>): Promise<boolean> {
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)))
  const timeout = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => timeout.resolve(socket.destroyed), PATIENCE_MS)
  const answer = await Promise.race([closed, timeout.promise])
  clearTimeout(timer)
  socket.destroy()
  return answer
}

/** What a client of TLS 1.3 says first. */
async function clientHello({ serverName }: Target): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, servername: serverName })
  client.on('error', () => client.destroy())
  const [socket] = await once(server, 'connection')
  const [octets] = await once(socket, 'data')
  client.destroy()
  socket.destroy()
  server.close()
  return octets
}
