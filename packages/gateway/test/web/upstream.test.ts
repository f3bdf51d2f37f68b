// Upstreams that are dead, slow, wrong or worse.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ask, CALLERS, dial, openTestDoor, say, until } from '../../../../tools/testing/web-house.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS

/** What an upstream writes, and what the caller gets. */
const GARBAGE: readonly (readonly [name: string, octets: string])[] = [
  ['random octets', '\x00\xff\x16\x03'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['a status that is none', 'HTTP/1.1 OK\r\n\r\n'],
  ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(20_000)}`],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ['a NUL in a field', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
  ['a bare CR in a field', 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n'],
  ['101 that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
  ['nothing, and closes', ''],
  // RFC 9110 §10.1.4: the door asks for no coding.
  ['a coding that nobody asked for', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
]

suite('an upstream that', () => {
  for (const [name, octets] of GARBAGE)
    test(`answers ${name} is 502 with the reference`, async () => {
      await using upstream = await serveOctets((socket) => {
        socket.once('data', () => socket.end(octets, 'latin1'))
      })
      await using door = await openTestDoor(upstream)
      const { status, headers, body } = await ask(door, alice, '/', { method: 'POST', body: 'x' })
      assert.equal(status, 502)
      assert.equal(headers['content-type'], 'application/problem+json')
      const problem = JSON.parse(body) as Record<string, unknown>
      assert.equal(problem['code'], 'ERR_DOOR_UPSTREAM')
      assert.equal(problem['fault'], 'operator')
      assert.equal(problem['reference'], door.records[0]?.reference)
      assert.equal(door.logs.filter(({ event }) => event === 'request.refused').length, 1)
    })

  test('is not there is 502, and a page to a browser', async () => {
    const gone = await serveHttp(() => undefined)
    await gone[Symbol.asyncDispose]()
    await using door = await openTestDoor({ url: gone.url })
    const { status, body } = await ask(door, alice, '/', { headers: { Accept: 'text/html' } })
    assert.equal(status, 502)
    assert.match(body, /The service behind this door does not answer/)
    assert.ok(body.includes(door.records[0]?.reference ?? 'none'))
    const [amended] = door.amended
    assert.equal(amended?.reference, door.records[0]?.reference)
    assert.equal(amended?.troubles?.[0]?.code, 'ERR_DOOR_UPSTREAM')
    assert.match(amended?.troubles?.[0]?.note ?? '', /ECONNREFUSED/)
  })

  test('does not answer in time is 504, and is let go', async () => {
    await using upstream = await serveOctets((socket) => socket.resume())
    await using door = await openTestDoor({ url: upstream.url, timeoutSeconds: 0.3 })
    const { status, body } = await ask(door, alice, '/')
    assert.equal(status, 504)
    assert.match(body, /ERR_DOOR_UPSTREAM_TIMEOUT/)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('takes no handshake in time is 504, and the log names the meeting', async () => {
    await using upstream = await serveOctets((socket) => socket.resume())
    await using door = await openTestDoor({ url: upstream.url.replace('http:', 'https:'), connectSeconds: 0.3 })
    const { status, body } = await ask(door, alice, '/')
    assert.equal(status, 504)
    assert.match(body, /ERR_DOOR_UPSTREAM_TIMEOUT/)
    const told = door.logs.find(({ event }) => event === 'request.refused')
    const met = door.records.find(({ seenBy }) => seenBy === 'caller')
    assert.ok(met)
    assert.equal(told?.fields['upstreamReference'], met.reference)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('falls silent within its answer breaks it, and the log says so', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    })
    await using door = await openTestDoor({ url: upstream.url, idleSeconds: 0.3 })
    await assert.rejects(ask(door, alice, '/'), /aborted|socket hang up|ECONNRESET/)
    await until(() => upstream.open.size === 0 && door.done.length === 1, 'the upstream is let go')
    const told = door.logs.find(({ event }) => event === 'request.broken')
    assert.deepEqual(
      [told?.fields['code'], told?.fields['reference'], door.done[0]?.['code']],
      ['ERR_DOOR_UPSTREAM_TIMEOUT', door.records[0]?.reference, 'ERR_DOOR_UPSTREAM_TIMEOUT'],
    )
    assert.ok(told?.fields['cause'])
  })

  test('is not silent where it is the caller that does not read', async () => {
    const whole = Buffer.alloc(16 << 20, 'x')
    await using upstream = await serveHttp((_request, response) => void response.end(whole))
    await using door = await openTestDoor({ url: upstream.url, idleSeconds: 0.3 })
    const { socket, soFar } = await dial(door, alice)
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    socket.resume()
    await until(() => soFar().length > whole.length, 'all of it')
    socket.destroy()
  })

  for (const [name, head] of [
    ['Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ] as const)
    test(`resets within a body of ${name} breaks the answer, and the caller can tell`, async () => {
      await using upstream = await serveOctets((socket) => {
        socket.once('data', () => {
          socket.write(head)
          setTimeout(() => socket.resetAndDestroy(), 20)
        })
      })
      await using door = await openTestDoor(upstream)
      await assert.rejects(ask(door, alice, '/', { method: 'POST', body: 'x' }), /aborted|socket hang up|ECONNRESET/)
      await until(() => door.sessions.size === 0, 'the connection ends')
    })

  test('sends more than it announced: the caller gets what was announced, the next request its own answer', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.on('data', () =>
        socket.write(
          'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged',
        ),
      )
    })
    await using door = await openTestDoor(upstream)
    const { Agent } = await import('node:https')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    assert.equal((await ask(door, alice, '/1', { agent })).body, 'ok')
    assert.equal((await ask(door, alice, '/2', { agent })).body, 'ok')
    agent.destroy()
  })

  test('sends interim answers without end to a caller that does not read: it is let go', async () => {
    const interim = Buffer.from(`HTTP/1.1 103 Early Hints\r\nX: ${'a'.repeat(8_000)}\r\n\r\n`.repeat(16))
    let sent = 0
    await using upstream = await serveOctets((socket) => {
      const flood = () => {
        do sent += interim.length
        while (socket.write(interim))
      }
      socket.on('drain', flood).once('data', flood)
    })
    await using door = await openTestDoor(upstream)
    const { socket } = await dial(door, alice)
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => upstream.reached === 1 && upstream.open.size === 0, 'the upstream is let go')
    // What the door may hold, and the buffers of four sockets' kernels.
    assert.ok(sent < 64 << 20, `${sent} octets`)
    socket.destroy()
  })

  test('says both lengths: chunked counts, the other is not passed on', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n',
        ),
      )
    })
    await using door = await openTestDoor(upstream)
    const text = await say(door, alice, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    if (text.startsWith('HTTP/1.1 502')) return
    assert.doesNotMatch(text, /content-length/i)
    assert.match(text, /abcdef/)
  })

  test('closes a kept connection just as it is used again: what is safe is asked once more', async () => {
    let connections = 0
    await using upstream = await serveOctets((socket) => {
      const mine = ++connections
      let asked = 0
      socket.on('data', () => {
        if (mine === 1 && ++asked === 2) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    await using door = await openTestDoor(upstream)
    assert.equal((await ask(door, alice, '/')).body, 'ok')
    assert.equal((await ask(door, alice, '/')).body, 'ok')
    assert.equal(connections, 2)
  })

  for (const [name, options] of [
    ['a POST', { method: 'POST', body: 'pay 100' }],
    ['a POST without a body', { method: 'POST' }],
    ['a DELETE', { method: 'DELETE' }],
    ['a GET with a body', { method: 'GET', body: 'pay 100', headers: { 'Content-Length': '7' } }],
  ] as const)
    test(`does so under ${name}: it is not asked twice`, async () => {
      await using upstream = await serveOctets((socket) => {
        socket.once('data', () => socket.resetAndDestroy())
      })
      await using door = await openTestDoor(upstream)
      assert.equal((await ask(door, alice, '/', options)).status, 502)
      assert.equal(upstream.reached, 1)
    })

  test('refuses an upload before it has read it: the caller reads why, and asks again on the same connection', async () => {
    await using upstream = await serveHttp((request, response) => {
      if (request.url === '/after') return void response.end('fine')
      response.writeHead(413).end('too large')
    })
    await using door = await openTestDoor(upstream)
    const { socket, soFar } = await dial(door, alice)
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n')
    socket.write(Buffer.alloc(1_000_000, 'x'))
    await until(() => soFar().includes('too large'), 'the answer')
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.write(Buffer.alloc(2_000_000, 'x'))
    socket.write('GET /after HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => soFar().includes('fine'), 'the second answer')
    socket.destroy()
  })
})

suite('openWebDoor', () => {
  for (const url of [
    'http://h/path',
    'http://h?x',
    'http://u:p@h',
    'http://u@h',
    'http://:p@h',
    'ftp://h',
    'http://h/#x',
    'h:80',
  ])
    test(`refuses ${url} as upstream`, () => assert.rejects(openTestDoor({ url }), TypeError))
  test('refuses a name that http cannot prove', () =>
    assert.rejects(openTestDoor({ url: 'http://h', name: 'db' }), TypeError))
  test('says which port is taken', async () => {
    await using upstream = await serveHttp(() => undefined)
    await using door = await openTestDoor(upstream)
    await assert.rejects(openTestDoor(upstream, { port: door.port }), { code: 'EADDRINUSE' })
  })
})
