// The WebSocket package that most services use, on both sides of the web door: its client as a caller, its server behind.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { revokeNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles } from './support/peers.ts'

suite('ws', () => {
  let house: RunningHouse
  let server: WebSocketServer
  const people: Record<string, PartyFiles> = {}

  before(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 64 * 1024 * 1024 })
    await once(server, 'listening')
    server.on('connection', (socket, request) => {
      socket.on('error', () => socket.terminate())
      socket.on('message', (message, binary) => socket.send(message, { binary }))
      socket.on('close', (code, reason) => server.emit('told', code, String(reason)))
      if (request.url === '/leave') socket.close(4001, 'enough')
    })
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            ...{ name: 'chat', kind: 'web', host: ['chat.localhost'], listen: '127.0.0.1:0' },
            upstream: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
            allow: ['alice', 'carol'],
          },
        ],
      },
    })
    for (const party of ['alice', 'bob', 'carol']) people[party] = await enrolled(house, party)
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    for (const socket of server?.clients ?? []) socket.terminate()
    server?.close()
  })

  const dial = (party: string, path = '/') => {
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    const { key, certificate, trust } = people[party] as PartyFiles
    return new WebSocket(`wss://127.0.0.1:${port}${path}`, {
      ...{ key: readFileSync(key), cert: readFileSync(certificate), ca: readFileSync(trust) },
      ...{ servername: 'chat.localhost', headers: { Host: 'chat.localhost' } },
    })
  }

  test('text and octets come back as they went, also many at once and large ones', async () => {
    const socket = dial('alice')
    await once(socket, 'open')
    const sent = [
      'hello',
      '',
      'ä€🔒',
      Buffer.alloc(8 * 1024 * 1024, 7),
      ...Array.from({ length: 200 }, (_, i) => `${i}`),
    ]
    const came: (string | Buffer)[] = []
    const all = new Promise<void>((resolve) => {
      socket.on('message', (message: Buffer, binary) => {
        came.push(binary ? message : String(message))
        if (came.length === sent.length) resolve()
      })
    })
    for (const each of sent) socket.send(each)
    await all
    assert.deepEqual(came, sent)
    const closed = once(socket, 'close')
    const told = once(server, 'told')
    socket.close(4000, 'done here')
    assert.deepEqual(await told, [4000, 'done here'])
    assert.equal((await closed)[0], 4000)
  })

  test('a service that closes tells its code and reason', async () => {
    const socket = dial('alice', '/leave')
    const [code, reason] = await once(socket, 'close')
    assert.deepEqual([code, String(reason)], [4001, 'enough'])
  })

  test('who is not on the list gets 403 in place of a WebSocket', async () => {
    let arrived = 0
    server.on('connection', () => arrived++)
    const [error] = await once(dial('bob'), 'error')
    assert.match(String(error), /Unexpected server response: 403/)
    assert.equal(arrived, 0)
  })

  test('who is revoked is cut on both sides, without a farewell', async () => {
    const socket = dial('carol')
    await once(socket, 'open')
    socket.on('error', () => undefined)
    const [closed, told] = [once(socket, 'close'), once(server, 'told')]
    const receipt = await revokeNow(house, 'carol')
    assert.equal(receipt.cuts.length, 1)
    // RFC 6455 §7.1.5: 1006, no close frame came.
    assert.deepEqual([(await closed)[0], (await told)[0]], [1006, 1006])
  })
})
