// A house that may open no more files: what is open goes on, what comes waits or is refused, and it recovers.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect as connectRaw, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles, runProgram } from './support/peers.ts'

suite('a house that may open no more files', { ...needs('prlimit', 'util-linux'), ...needs('curl', 'curl') }, () => {
  let house: RunningHouse
  let service: Server
  let alice: PartyFiles

  before(async () => {
    service = createServer((_request, response) => response.end('served'))
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
    const { port } = service.address() as AddressInfo
    const common = { listen: '127.0.0.1:0', allow: ['alice'] }
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            ...common,
            name: 'shop',
            kind: 'web',
            host: ['shop.localhost'],
            upstream: { url: `http://127.0.0.1:${port}` },
          },
          { ...common, name: 'raw', kind: 'tcp', host: ['raw.localhost'], upstream: `127.0.0.1:${port}` },
        ],
      },
    })
    alice = await enrolled(house, 'alice')
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    service?.close()
    service?.closeAllConnections()
  })

  const portOf = (door: string) => Number(new URL(house.ready.doors.find(({ name }) => name === door)?.url ?? '').port)
  const limit = async (files: number) => {
    const { code, stderr } = await runProgram('prlimit', ['--pid', String(house.process.pid), `--nofile=${files}:`])
    assert.equal(code, 0, stderr)
  }
  const highestFile = () => Math.max(...readdirSync(`/proc/${house.process.pid}/fd`).map(Number))
  const visit = (door: string) =>
    curl(alice, ['--resolve', `${door}.localhost:${portOf(door)}:127.0.0.1`, '--max-time', '5'], {
      url: `https://${door}.localhost:${portOf(door)}/`,
    })

  for (const door of ['shop', 'raw'] as const)
    test(`at the ${door} door: an open session goes on, others do not come in, and afterwards they do`, async () => {
      const open = await dial(door)
      assert.match(await ask(open, door), /served/)
      const most = highestFile() + 1
      await limit(most)
      // libuv closes them with the one file that it keeps for that, and tells nobody: the numbers do (docs/operations.md).
      const crowd = Array.from({ length: 30 }, () => connectRaw(portOf(door), '127.0.0.1').on('error', () => undefined))
      await pause(300)
      assert.ok(highestFile() < most)
      // The session, and the connection to its service, are there already.
      assert.match(await ask(open, door), /served/)
      for (const each of crowd) each.destroy()
      await limit(1024)
      await eventually(async () => (await visit(door)).body === 'served')
      assert.match(await ask(open, door), /served/)
      open.destroy()
    })

  async function dial(door: string): Promise<TLSSocket> {
    const socket = connect({
      ...{ host: '127.0.0.1', port: portOf(door), servername: `${door}.localhost` },
      ...{ key: readFileSync(alice.key), cert: readFileSync(alice.certificate), ca: readFileSync(alice.trust) },
    })
    socket.on('error', () => socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }
})

async function ask(socket: Socket, door: string): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${door}.localhost\r\n\r\n`)
  const [octets] = await once(socket, 'data')
  return String(octets)
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'it does not come to hold')
    await pause(100)
  }
}
