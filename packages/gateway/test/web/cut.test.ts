// Open connections end: by a cut, by a drain, by their own silence.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { Agent } from 'node:https'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { ask, CALLERS, dial, issuing, openTestDoor, say, until } from '../../../../tools/testing/web-house.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

suite('a cut', () => {
  test('ends a stream at once, on both sides', async () => {
    let lines = 0
    await using upstream = await serveHttp((_request, response) => {
      const timer = setInterval(() => response.write(`line ${++lines}\n`), 5)
      response.once('close', () => clearInterval(timer))
    })
    await using door = await openTestDoor(upstream)
    const { socket, said, soFar } = await dial(door, alice)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => soFar().includes('line 3'), 'the stream')
    const { lastOctetAt } = await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    assert.ok(Temporal.Now.instant().since(lastOctetAt).total('milliseconds') < 100)
    const text = await said
    assert.doesNotMatch(text, /\r\n0\r\n\r\n$/)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    const seen = lines
    await wait(30)
    assert.ok(lines <= seen + 1)
  })

  test('comes by itself, when the caller’s revocation becomes known', async () => {
    await using upstream = await serveHttp((_request, response) => response.write('the first line\n'))
    await using door = await openTestDoor(upstream)
    const { socket, said, soFar } = await dial(door, alice)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => soFar().includes('the first line'), 'the stream')
    const at = Temporal.Now.instant()
    const issuerSpkiSha256 = hash('sha256', issuing.certificate.subjectPublicKeyInfo.der, 'hex')
    const { serialNumber } = alice.certificate
    const revoked = { issuerSpkiSha256, serialNumber, party: 'alice', at, reason: 'keyCompromise' } as const
    door.trust.announce([{ ...revoked, serialNumber: serialNumber + 1n }], at)
    await wait(20)
    assert.equal(door.sessions.size, 1)
    door.trust.announce([revoked], at)
    await said
    assert.equal(door.sessions.size, 0)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('ends an upload, and the upstream sees that it is not whole', async () => {
    let outcome = 'open'
    await using upstream = await serveHttp((request) => {
      request.on('error', () => {
        outcome = 'broken'
      })
      request.on('end', () => {
        outcome = 'whole'
      })
      request.resume()
    })
    await using door = await openTestDoor(upstream)
    const { socket } = await dial(door, alice)
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n')
    await until(() => upstream.reached === 1, 'the upload')
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await until(() => outcome !== 'open', 'the end at the upstream')
    assert.equal(outcome, 'broken')
  })

  test('ends requests that wait behind another', async () => {
    await using upstream = await serveHttp(() => undefined)
    await using door = await openTestDoor(upstream)
    const { socket, said } = await dial(door, alice)
    socket.write(
      'GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\nGET /3 HTTP/1.1\r\nHost: h\r\n\r\n',
    )
    await until(() => upstream.reached === 1, 'the first request')
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await said
    await wait(20)
    assert.equal(upstream.reached, 1)
    assert.equal(upstream.open.size, 0)
  })

  test('ends a request whose upstream is not yet connected', async () => {
    // An address of RFC 5737 that nobody answers would take the system's time; a full backlog of our own does not answer either.
    await using upstream = await serveOctets((socket) => socket.resume())
    await using door = await openTestDoor(upstream)
    const { socket, said } = await dial(door, alice)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => door.sessions.size === 1, 'the session')
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await said
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    // That it was cut, and no fault beside it.
    assert.deepEqual(
      door.logs.map(({ event, fields }) => [event, fields['code']]),
      [['session.cut', 'ERR_CALLER_REVOKED']],
    )
  })

  test('of one connection leaves the others alone', async () => {
    await using upstream = await serveHttp((_request, response) => response.end('ok'))
    await using door = await openTestDoor(upstream)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await ask(door, alice, '/', { agent })
    const [kept] = door.sessions.list()
    const { said } = await dial(door, alice)
    await until(() => door.sessions.size === 2, 'the second session')
    const other = door.sessions.list().find((session) => session !== kept)
    await other!.cut('ERR_CALLER_REVOKED')
    await said
    assert.equal((await ask(door, alice, '/', { agent })).body, 'ok')
    assert.deepEqual(door.sessions.list(), [kept])
    agent.destroy()
  })
})

suite('a drain', () => {
  test('lets a running request end, closes idle connections and takes no new ones', async () => {
    let finish: (() => void) | undefined
    await using upstream = await serveHttp((request, response) => {
      if (request.url === '/idle') return void response.end('ok')
      finish = () => response.end('done')
    })
    await using door = await openTestDoor(upstream)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    await ask(door, alice, '/idle', { agent })
    const running = ask(door, alice, '/running')
    await until(() => finish !== undefined, 'the running request')
    assert.equal(door.sessions.size, 2)
    const drained = door.door.drain(5_000)
    await until(() => door.sessions.size === 1, 'the idle connection ends')
    await assert.rejects(ask(door, alice, '/late'), { code: 'ECONNREFUSED' })
    finish?.()
    assert.equal((await running).body, 'done')
    await drained
    assert.equal(door.sessions.size, 0)
    agent.destroy()
  })

  test('answers the request that was on its way on an idle connection, and asks it to leave', async () => {
    await using upstream = await serveHttp((request, response) => response.end(`for ${request.url}`))
    await using door = await openTestDoor(upstream)
    const { socket, said, soFar } = await dial(door, alice)
    socket.write('GET /1 HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => soFar().includes('for /1'), 'the first answer')
    const drained = door.door.drain(5_000)
    socket.write('POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx')
    const text = await said
    assert.ok(text.endsWith('for /2'), text)
    assert.match(text, /Connection: close/i)
    await drained
  })

  test('cuts what is not done in time', async () => {
    await using upstream = await serveHttp((_request, response) => void response.write('for ever'))
    await using door = await openTestDoor(upstream)
    const { socket, said, soFar } = await dial(door, alice)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => soFar().includes('for ever'), 'the stream')
    const began = performance.now()
    await door.door.drain(100)
    assert.ok(performance.now() - began < 1_000)
    await said
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('answers what still arrives on a running connection with "close"', async () => {
    let finish: (() => void) | undefined
    await using upstream = await serveHttp((request, response) => {
      if (request.url === '/2') return void response.end('two')
      finish = () => response.end('one')
    })
    await using door = await openTestDoor(upstream)
    const { socket, said } = await dial(door, alice)
    socket.write('GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => finish !== undefined, 'the first request')
    const drained = door.door.drain(5_000)
    await wait(30)
    finish?.()
    const text = await said
    assert.match(text, /one/)
    assert.match(text, /Connection: close/i)
    await drained
  })

  test('close may be asked for twice, also while draining', async () => {
    await using upstream = await serveHttp((_request, response) => response.end('ok'))
    await using door = await openTestDoor(upstream)
    await Promise.all([door.door.drain(50), door.door.close(), door.door.close()])
    await assert.rejects(ask(door, alice, '/'), { code: 'ECONNREFUSED' })
  })
})

suite('a connection that keeps the door waiting', { concurrency: true }, () => {
  test('within a head is told and closed', { timeout: 20_000 }, async () => {
    await using upstream = await serveHttp(() => undefined)
    await using door = await openTestDoor(upstream)
    const began = performance.now()
    const text = await say(door, alice, 'GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ')
    assert.match(text, /^HTTP\/1\.1 408 /)
    assert.match(text, /ERR_DOOR_TIMEOUT/)
    assert.ok(performance.now() - began < 15_000)
    assert.equal(upstream.reached, 0)
  })

  test('one octet after another is told and closed too', { timeout: 20_000 }, async () => {
    await using upstream = await serveHttp(() => undefined)
    await using door = await openTestDoor(upstream)
    const { socket, said } = await dial(door, alice)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ')
    const timer = setInterval(() => socket.write('a'), 200)
    assert.match(await said, /^HTTP\/1\.1 408 /)
    clearInterval(timer)
  })

  test('without TLS says nothing of itself and is closed with the door', async () => {
    await using upstream = await serveHttp(() => undefined)
    await using door = await openTestDoor(upstream)
    const raw = connect(door.port, '127.0.0.1')
    raw.on('error', () => raw.destroy())
    await new Promise((resolve) => raw.once('connect', resolve))
    await door.door.close()
    await until(() => raw.destroyed, 'the end of the connection')
  })
})
