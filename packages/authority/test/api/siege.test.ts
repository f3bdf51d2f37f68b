// Callers that hold what they get: connections, answers. They keep nobody else out.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { writePem } from '@countersign/x509'
import { type Caller, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'

suite('the listener under siege', () => {
  test('a refused caller that neither reads nor closes is gone soon', { timeout: 10_000 }, async (t) => {
    const { authority } = await openHouse(t)
    const foreign = await enrollParty(t, await openHouse(t), 'mallory')
    const { address, root } = placeOf(authority)
    const [host = '', port = ''] = address.split(':')
    // The types of Node do not know allowHalfOpen here.
    const options = {
      host,
      port: Number(port),
      servername: 'authority.localhost',
      ca: root,
      allowHalfOpen: true,
      key: foreign.key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: foreign.certificates.map(({ der }) => writePem('CERTIFICATE', der)).join(''),
    }
    const socket: TLSSocket = connectTls(options)
    t.after(() => socket.destroy())
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    await once(socket, 'end')
    assert.match(answer, /ERR_CALLER_UNKNOWN_ISSUER/)
    // To a connection that is still held, this could be written for ever.
    const gone = once(socket, 'error')
    const begun = performance.now()
    const talk = setInterval(() => socket.write('.'), 100)
    t.after(() => clearInterval(talk))
    await gone
    assert.ok(performance.now() - begun < 5_000)
  })

  test('the oldest of very many idle callers gives way to a new one', { timeout: 50_000 }, async (t) => {
    const house = await openHouse(t)
    const place = placeOf(house.authority)
    const idle: Caller[] = []
    // It is older than all of them, and a door's.
    const door = await meet(t, place, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    door.socket.write('GET /v1/feed HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: countersign-feed\r\n\r\n')
    door.socket.write('{"kind":"follow","version":1}\n')
    await once(door.socket, 'data')
    const first = await meet(t, place)
    assert.equal((await first.ask('GET', '/v1/ready')).status, 200)
    let held = true
    first.socket.once('close', () => {
      held = false
    })
    while (idle.length < 900) idle.push(...(await Promise.all(Array.from({ length: 20 }, () => meet(t, place)))))
    await delay(500)
    assert.equal(held, false)
    const open = () => idle.filter(({ socket }) => !socket.destroyed).length
    assert.ok(open() <= 900)
    const newest = await meet(t, place)
    assert.equal((await newest.ask('GET', '/v1/ready')).status, 200)
    assert.ok(open() >= 890, 'only as many as needed gave way')
    assert.equal(door.socket.destroyed, false, 'no stranger pushes out a door that follows')
  })
})
