// WebSocket through the door, by an independent client.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { openDemoUpstream } from '@countersign/gateway'
import { WebSocket } from 'ws'
import { CALLERS, clientOptions, openTestDoor, say, type TestDoor, until } from '../../../../tools/testing/web-house.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

function dialWebSocket({ port }: TestDoor, path = '/ws'): WebSocket {
  const { ca, key, cert } = clientOptions(CALLERS.alice)
  return new WebSocket(`wss://127.0.0.1:${port}${path}`, { ca, key, cert, servername: 'hello.localhost' } as object)
}

async function demo() {
  const upstream = await openDemoUpstream({ host: '127.0.0.1', port: 0 })
  return { ...upstream, [Symbol.asyncDispose]: () => upstream.close() }
}

suite('a WebSocket', () => {
  test('carries text and octets both ways', async () => {
    await using upstream = await demo()
    await using door = await openTestDoor(upstream)
    const socket = dialWebSocket(door)
    await once(socket, 'open')
    socket.send('hello')
    assert.equal(String((await once(socket, 'message'))[0]), 'hello')
    const sent = Buffer.alloc(500_000, 'abc')
    socket.send(sent)
    assert.deepEqual((await once(socket, 'message'))[0], sent)
    socket.close(1000)
    assert.equal((await once(socket, 'close'))[0], 1000)
    await until(() => door.sessions.size === 0, 'the session ends')
  })

  test('octets sent right behind the handshake are not lost', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst;')
        socket.on('data', (chunk) => socket.end(`got ${chunk}`))
      })
    })
    await using door = await openTestDoor(upstream)
    const text = await say(door, CALLERS.alice, `${HANDSHAKE}\r\nearly`)
    assert.match(text, /^HTTP\/1\.1 101 /)
    assert.ok(text.endsWith('\r\n\r\nfirst;got early'), text)
  })

  test('tells the upstream who calls, and strips what the caller wrote about itself', async () => {
    let head = ''
    await using upstream = await serveOctets((socket) => {
      socket.on('data', (chunk) => {
        head += chunk
        if (head.endsWith('\r\n\r\n'))
          socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      })
    })
    await using door = await openTestDoor(upstream)
    await say(door, CALLERS.alice, `${HANDSHAKE}client_cert: forged\r\nX-Forwarded-User: forged\r\n\r\n`)
    assert.ok(head.includes(`Client-Cert: :${Buffer.from(CALLERS.alice.certificate.der).toString('base64')}:\r\n`))
    assert.ok(!head.includes('forged'), head)
    assert.match(head, /^upgrade: websocket\r$/im)
    assert.match(head, /^Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r$/m)
  })

  test('is cut on both sides at once when its session is', async () => {
    await using upstream = await demo()
    await using door = await openTestDoor(upstream)
    const socket = dialWebSocket(door)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    const [session] = door.sessions.list()
    await session!.cut('ERR_CALLER_REVOKED')
    assert.equal((await closed)[0], 1006)
    assert.equal(door.sessions.size, 0)
  })

  test('the upstream’s side is let go when the caller is cut', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      )
    })
    await using door = await openTestDoor(upstream)
    const said = say(door, CALLERS.alice, `${HANDSHAKE}\r\n`)
    await until(() => upstream.open.size === 1 && door.sessions.size === 1, 'the tunnel')
    await new Promise((resolve) => setTimeout(resolve, 20))
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await said
    await until(() => upstream.open.size === 0, 'the end of the upstream’s side')
  })

  test('ends for the caller when the upstream resets', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi')
        setTimeout(() => socket.resetAndDestroy(), 20)
      })
    })
    await using door = await openTestDoor(upstream)
    assert.match(await say(door, CALLERS.alice, `${HANDSHAKE}\r\n`), /^HTTP\/1\.1 101 /)
    await until(() => door.sessions.size === 0, 'the session ends')
  })
})

suite('an opening handshake that the upstream does not take', () => {
  test('is answered with what the upstream said', async () => {
    await using upstream = await serveHttp((_request, response) =>
      response.writeHead(426, { 'X-Why': 'old' }).end('no'),
    )
    await using door = await openTestDoor(upstream)
    const text = await say(door, CALLERS.alice, `${HANDSHAKE}\r\n`)
    assert.match(text, /^HTTP\/1\.1 426 /)
    assert.match(text, /X-Why: old/)
    assert.match(text, /no/)
  })

  test('is 502 where nobody answers', async () => {
    const upstream = await serveHttp(() => undefined)
    await upstream[Symbol.asyncDispose]()
    await using door = await openTestDoor({ url: upstream.url })
    const text = await say(door, CALLERS.alice, `${HANDSHAKE}\r\n`)
    assert.match(text, /^HTTP\/1\.1 502 /)
    assert.match(text, /ERR_DOOR_UPSTREAM/)
    assert.ok(text.includes(door.records[0]?.reference ?? 'none'))
  })

  test('is 504 where the upstream does not answer in time', async () => {
    await using upstream = await serveOctets((socket) => socket.resume())
    await using door = await openTestDoor({ url: upstream.url, timeoutSeconds: 0.5 })
    assert.match(await say(door, CALLERS.alice, `${HANDSHAKE}\r\n`), /^HTTP\/1\.1 504 /)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('is 502 where the upstream switches to something without saying to what', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
    })
    await using door = await openTestDoor(upstream)
    assert.match(await say(door, CALLERS.alice, `${HANDSHAKE}\r\n`), /^HTTP\/1\.1 502 /)
  })

  // RFC 9110 §7.8
  test('is 502 where the upstream switches to another protocol', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
      )
    })
    await using door = await openTestDoor(upstream)
    assert.match(await say(door, CALLERS.alice, `${HANDSHAKE}\r\n`), /^HTTP\/1\.1 502 /)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('is taken with its fields octet for octet, and without a length', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () =>
        socket.end(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX: \xe4\r\nContent-Length: 5\r\n\r\n',
          'latin1',
        ),
      )
    })
    await using door = await openTestDoor(upstream)
    const text = await say(door, CALLERS.alice, `${HANDSHAKE}\r\n`)
    assert.match(text, /^HTTP\/1\.1 101 .*\r\nX: \xe4\r\n/s)
    assert.doesNotMatch(text, /content-length/i)
  })
})

suite('an upgrade', () => {
  for (const [name, lines, version = '1.1'] of [
    ['to HTTP/2', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n'],
    ['with a body', 'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n'],
    ['to two protocols', 'Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n'],
    ['in HTTP/1.0', 'Connection: Upgrade\r\nUpgrade: websocket\r\n', '1.0'],
  ] as const)
    test(`${name} is carried as a plain request`, async () => {
      await using upstream = await serveHttp((request, response) =>
        response.end(JSON.stringify(request.headers.upgrade ?? 'plain')),
      )
      await using door = await openTestDoor(upstream)
      const body = lines.includes('Content-Length') ? 'hello' : ''
      const text = await say(door, CALLERS.alice, `GET / HTTP/${version}\r\nHost: h\r\n${lines}\r\n${body}`)
      assert.equal(text.match(/"plain"/g)?.length, 1, text)
      assert.match(text, /^Connection: close\r$/im)
    })

  test('of the meeting’s own path is not carried at all', async () => {
    await using upstream = await serveOctets((socket) => socket.destroy())
    await using door = await openTestDoor(upstream)
    const text = await say(door, CALLERS.alice, `${HANDSHAKE.replace('/ws', '/.well-known/countersign/meeting')}\r\n`)
    assert.match(text, /^HTTP\/1\.1 200 /)
    assert.equal(upstream.reached, 0)
  })

  test('of an unclear target is refused', async () => {
    await using upstream = await serveOctets((socket) => socket.destroy())
    await using door = await openTestDoor(upstream)
    assert.match(await say(door, CALLERS.alice, `${HANDSHAKE}Host: other\r\n\r\n`), /^HTTP\/1\.1 400 /)
    assert.equal(upstream.reached, 0)
  })

  test('behind a request that is still under way ends the connection', async () => {
    await using upstream = await serveHttp(() => undefined)
    await using door = await openTestDoor(upstream)
    assert.equal(await say(door, CALLERS.alice, `GET / HTTP/1.1\r\nHost: h\r\n\r\n${HANDSHAKE}\r\n`), '')
  })
})
