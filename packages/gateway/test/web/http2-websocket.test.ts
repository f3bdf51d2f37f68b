// WebSocket over HTTP/2, RFC 8441: a stream among others, before a service that speaks HTTP/1.1.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2'
import { suite, test } from 'node:test'
import { openDemoUpstream } from '@countersign/gateway'
import { replaceableAccess, steadyAccess } from '@countersign/mtls'
import type { Decision } from '@countersign/protocol'
import { Agent, WebSocket } from 'undici'
import { FLAG, FRAME, headersFrame } from '../../../../tools/testing/http2-frames.ts'
import { CALLERS, clientOptions, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2, dialFrames } from '../support/http2-client.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
// RFC 6455 §5.7: "Hello", masked by the client, and as a server says it.
const HELLO_MASKED = Buffer.from('818537fa213d7f9f4d5158', 'hex')
const HELLO = '810548656c6c6f'

const HANDSHAKE = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'https',
  ':authority': 'hello.localhost',
  ':path': '/ws',
  'sec-websocket-version': '13',
}

/** An upstream that answers each opening handshake by RFC 6455 §4.2.2, and then does what `script` says. */
function serveWebSocket(script: (socket: Parameters<Parameters<typeof serveOctets>[0]>[0], head: string) => void) {
  return serveOctets((socket) => {
    socket.once('data', (octets) => {
      const head = octets.toString('latin1')
      const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? ''
      const accept = hash('sha1', `${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64')
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`,
      )
      script(socket, head)
    })
  })
}

/** Opens one, and collects what comes. */
async function open(session: ClientHttp2Session, fields: Record<string, string> = {}) {
  const stream = session.request({ ...HANDSHAKE, ...fields }, { endStream: false })
  const chunks: Buffer[] = []
  stream.on('error', () => undefined)
  const headers = await new Promise<Record<string, unknown>>((resolve) => {
    stream.once('response', resolve)
    stream.once('close', () => resolve({}))
  })
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, headers, octets: () => Buffer.concat(chunks) }
}

const closed = (stream: ClientHttp2Stream) => new Promise<void>((resolve) => stream.once('close', () => resolve()))

suite('a WebSocket over HTTP/2', () => {
  test('is offered, and carries both ways beside other streams', async () => {
    const upstream = await openDemoUpstream({ host: '127.0.0.1', port: 0 })
    await using _ = { [Symbol.asyncDispose]: () => upstream.close() }
    await using door = await openTestDoor({ url: upstream.url })
    using caller = await connectHttp2(door, alice)
    assert.equal(caller.session.remoteSettings.enableConnectProtocol, true)
    const { stream, headers, octets } = await open(caller.session)
    assert.equal(headers[':status'], 200)
    assert.equal(headers['sec-websocket-accept'], undefined)
    stream.write(HELLO_MASKED)
    await until(() => octets().length >= 7, 'the echo')
    assert.equal(octets().toString('hex'), HELLO)
    const beside = await askHttp2(caller.session, { ':path': '/headers', ':authority': 'hello.localhost' })
    assert.equal(beside.status, 200)
    const ended = closed(stream)
    stream.end()
    await ended
    await until(() => door.done.length === 2, 'both are told')
    const told = door.done.find(({ method }) => method === 'CONNECT')
    assert.deepEqual([told?.['status'], told?.['octetsIn'], told?.['path']], [200, HELLO_MASKED.length, '/ws'])
  })

  test('is opened by undici’s WebSocket, text and octets, to its close', async () => {
    const upstream = await openDemoUpstream({ host: '127.0.0.1', port: 0 })
    await using _ = { [Symbol.asyncDispose]: () => upstream.close() }
    await using door = await openTestDoor({ url: upstream.url })
    const { ca, key, cert } = clientOptions(alice)
    const agent = new Agent({ allowH2: true, connect: { ca, key, cert, servername: 'hello.localhost' } as object })
    const socket = new WebSocket(`wss://127.0.0.1:${door.port}/ws`, { dispatcher: agent })
    await once(socket, 'open')
    socket.send('hello')
    assert.equal((await once(socket, 'message'))[0].data, 'hello')
    socket.binaryType = 'arraybuffer'
    const sent = Buffer.alloc(500_000, 'abc')
    socket.send(sent)
    assert.deepEqual(Buffer.from((await once(socket, 'message'))[0].data), sent)
    socket.close(1000)
    assert.equal((await once(socket, 'close'))[0].code, 1000)
    await until(() => door.done.length === 1, 'it is told')
    assert.deepEqual(
      [door.done[0]?.['method'], door.done[0]?.['version'], door.done[0]?.['status']],
      ['CONNECT', '2.0', 200],
    )
    await agent.close()
  })

  test('reaches the upstream as the opening handshake of RFC 6455, with who calls and a key of the door’s own', async () => {
    let head = ''
    await using upstream = await serveWebSocket((_socket, said) => {
      head = said
    })
    await using door = await openTestDoor(upstream)
    using caller = await connectHttp2(door, alice)
    const { stream, headers } = await open(caller.session, {
      'sec-websocket-key': 'Zm9yZ2Vk',
      'client-cert': ':Zm9yZ2Vk:',
      'sec-websocket-protocol': 'chat, superchat',
      origin: 'https://hello.localhost',
    })
    assert.equal(headers['sec-websocket-protocol'], 'chat')
    assert.match(head, /^GET \/ws HTTP\/1\.1\r\n/)
    assert.match(head, /^host: hello\.localhost\r$/im)
    assert.match(head, /^upgrade: websocket\r$/im)
    assert.match(head, /^origin: https:\/\/hello\.localhost\r$/im)
    assert.equal(head.match(/^sec-websocket-key: /gim)?.length, 1)
    assert.ok(!head.includes('Zm9yZ2Vk'), head)
    assert.ok(head.includes(`Client-Cert: :${Buffer.from(alice.certificate.der).toString('base64')}:\r\n`))
    stream.close()
    await until(() => upstream.open.size === 0, 'the upstream’s side ends')
  })

  test('holds the upstream back where the caller does not read', async () => {
    let sent = 0
    await using upstream = await serveWebSocket((socket) => {
      const flood = () => {
        do sent += 65_536
        while (socket.write(Buffer.alloc(65_536)) && sent < 256 << 20)
      }
      socket.on('drain', flood)
      flood()
    })
    await using door = await openTestDoor(upstream)
    using caller = await connectHttp2(door, alice)
    const stream = caller.session.request(HANDSHAKE, { endStream: false })
    stream.on('error', () => undefined)
    stream.pause()
    let before = -1
    await until(() => {
      const isStill = sent > 0 && sent === before
      before = sent
      return isStill
    }, 'it waits')
    await new Promise((resolve) => setTimeout(resolve, 100))
    // What the door may hold, two windows and the buffers of four sockets' kernels.
    assert.ok(sent < 64 << 20, `${sent} octets`)
  })

  test('is cut on both sides when its session is', async () => {
    await using upstream = await serveWebSocket(() => undefined)
    await using door = await openTestDoor(upstream)
    using caller = await connectHttp2(door, alice)
    const { stream } = await open(caller.session)
    const ended = closed(stream)
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await ended
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('is cut alone when the rules no longer let have its service', async () => {
    await using upstream = await serveWebSocket(() => undefined)
    const rules = (may: boolean) =>
      steadyAccess(
        ({ what }): Decision =>
          may || what === undefined
            ? { ok: true, rule: 'test' }
            : { ok: false, code: 'ERR_POLICY_NOT_ALLOWED', missing: [] },
      )
    const access = replaceableAccess(rules(true))
    await using door = await openTestDoor(undefined, {
      access,
      routes: [{ path: '/ws', service: 'chat', upstream: { url: upstream.url } }],
    })
    using caller = await connectHttp2(door, alice)
    const { stream } = await open(caller.session)
    const ended = closed(stream)
    access.replace(rules(false))
    await ended
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    assert.equal(caller.session.destroyed, false)
    const later = await open(caller.session)
    assert.equal(later.headers[':status'], 403)
  })

  test('ends for the caller when the upstream resets', async () => {
    await using upstream = await serveWebSocket((socket) => setTimeout(() => socket.resetAndDestroy(), 20))
    await using door = await openTestDoor(upstream)
    using caller = await connectHttp2(door, alice)
    const { stream } = await open(caller.session)
    await closed(stream)
    assert.equal(caller.session.destroyed, false)
  })

  test('lets the upstream go when the caller resets its stream', async () => {
    await using upstream = await serveWebSocket(() => undefined)
    await using door = await openTestDoor(upstream)
    using caller = await connectHttp2(door, alice)
    const { stream } = await open(caller.session)
    // RFC 9113 §7: CANCEL.
    stream.close(8)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })
})

suite('an opening handshake over HTTP/2', () => {
  const answers = [
    [
      'another key',
      'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    ],
    ['no key', 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
    // RFC 9110 §9.3.6: to CONNECT, any 2xx says that the tunnel is open.
    ['a page', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ] as const
  for (const [name, octets] of answers)
    test(`that the upstream answers by ${name} is 502`, async () => {
      await using upstream = await serveOctets((socket) => socket.once('data', () => socket.write(octets)))
      await using door = await openTestDoor(upstream)
      using caller = await connectHttp2(door, alice)
      assert.equal((await open(caller.session)).headers[':status'], 502)
      await until(() => upstream.open.size === 0, 'the upstream is let go')
    })

  test('that the upstream does not take is answered with what it said', async () => {
    await using upstream = await serveHttp((_request, response) =>
      response.writeHead(426, { 'X-Why': 'old' }).end('no'),
    )
    await using door = await openTestDoor(upstream)
    using caller = await connectHttp2(door, alice)
    const { headers } = await open(caller.session)
    assert.deepEqual([headers[':status'], headers['x-why']], [426, 'old'])
  })

  for (const [name, fields] of [
    ['for another protocol', { ':protocol': 'connect-udp' }],
    ['in another scheme', { ':scheme': 'http' }],
    ['for two hosts', { host: 'other.example' }],
  ] as const)
    test(`${name} is 400, and reaches nobody`, async () => {
      await using upstream = await serveWebSocket(() => undefined)
      await using door = await openTestDoor(upstream)
      using caller = await connectHttp2(door, alice)
      assert.equal((await open(caller.session, fields)).headers[':status'], 400)
      assert.equal(upstream.reached, 0)
    })

  for (const [name, fields] of [
    [
      'a protocol beside GET',
      [
        [':method', 'GET'],
        [':protocol', 'websocket'],
        [':scheme', 'https'],
        [':authority', 'h'],
        [':path', '/ws'],
      ],
    ],
    [
      'no path',
      [
        [':method', 'CONNECT'],
        [':protocol', 'websocket'],
        [':scheme', 'https'],
        [':authority', 'h'],
      ],
    ],
    [
      'a CONNECT without a protocol',
      [
        [':method', 'CONNECT'],
        [':authority', '127.0.0.1:22'],
      ],
    ],
  ] as const)
    test(`with ${name} reaches nobody`, async () => {
      await using upstream = await serveWebSocket(() => undefined)
      await using door = await openTestDoor(upstream)
      const { socket, frames } = await dialFrames(door, alice)
      socket.write(headersFrame(1, fields, FLAG.endHeaders))
      await until(
        () => frames.some(({ type, stream }) => stream === 1 && (type === FRAME.reset || type === FRAME.headers)),
        'an answer',
      )
      assert.equal(upstream.reached, 0)
      socket.destroy()
    })
})
