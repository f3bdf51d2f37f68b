// What the access log is told of each request, in both versions of HTTP.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { connect } from 'node:tls'
import { ask, CALLERS, clientOptions, openTestDoor, type TestDoor, until } from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2 } from '../support/http2-client.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

/** What was told of the one request that was made. */
async function told(door: TestDoor): Promise<Readonly<Record<string, unknown>>> {
  await until(() => door.done.length > 0, 'its end is told')
  const [{ seconds, ...rest } = assert.fail(), ...more] = door.done
  assert.deepEqual(more, [])
  assert.ok(typeof seconds === 'number' && seconds > 0 && seconds < 60)
  return rest
}

const common = (door: TestDoor) => ({ door: 'hello', reference: door.records[0]?.reference, caller: 'alice' })
const BODY = 'x'.repeat(70_000)

suite('what is told of a request', () => {
  for (const version of ['1.1', '2.0'])
    test(`HTTP/${version}: who, what, status, and the octets of content both ways; not the question`, async () => {
      await using upstream = await serveHttp((request, response) => {
        request.resume().once('end', () => response.writeHead(201).end('thanks'))
      })
      await using door = await openTestDoor(upstream)
      if (version === '1.1') await ask(door, CALLERS.alice, '/orders?token=secret', { method: 'POST', body: BODY })
      else {
        using client = await connectHttp2(door, CALLERS.alice)
        const head = { ':method': 'POST', ':path': '/orders?token=secret', ':authority': 'hello.localhost' }
        await askHttp2(client.session, head, BODY)
      }
      assert.deepEqual(await told(door), {
        ...common(door),
        method: 'POST',
        version,
        host: 'hello.localhost',
        path: '/orders',
        status: 201,
        octetsIn: 70_000,
        octetsOut: 6,
      })
    })

  test('what the door itself refuses has its code', async () => {
    const upstream = await serveHttp(() => assert.fail('it is away'))
    await upstream[Symbol.asyncDispose]()
    await using door = await openTestDoor(upstream)
    const answer = await ask(door, CALLERS.alice, '/')
    assert.deepEqual(await told(door), {
      ...common(door),
      method: 'GET',
      version: '1.1',
      host: 'hello.localhost',
      path: '/',
      status: 502,
      octetsIn: 0,
      octetsOut: Number(answer.headers['content-length']),
      code: 'ERR_DOOR_UPSTREAM',
    })
  })

  test('who leaves before the answer begins is told with status 0', async () => {
    await using upstream = await serveOctets(() => undefined)
    await using door = await openTestDoor(upstream)
    const socket = connect({ host: '127.0.0.1', port: door.port, ...clientOptions(CALLERS.alice) })
    socket.on('error', () => socket.destroy()).write('GET /slow HTTP/1.1\r\nHost: hello.localhost\r\n\r\n')
    await until(() => upstream.reached === 1, 'it reaches the upstream')
    socket.destroy()
    const { status, path } = await told(door)
    assert.deepEqual([status, path], [0, '/slow'])
  })

  test('a WebSocket is told when it ends, with what flowed', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        socket.once('data', (chunk) => socket.end(`${chunk}${chunk}`))
      })
    })
    await using door = await openTestDoor(upstream)
    const socket = connect({ host: '127.0.0.1', port: door.port, ...clientOptions(CALLERS.alice) })
    const head = ['GET /ws HTTP/1.1', 'Host: hello.localhost', 'Connection: Upgrade', 'Upgrade: websocket', '', '']
    socket.on('error', () => socket.destroy()).write(head.join('\r\n'))
    socket.once('data', () => socket.write('hello')).resume()
    const { status, octetsIn, octetsOut } = await told(door)
    assert.deepEqual([status, octetsIn, octetsOut], [101, 5, 10])
  })

  test('what is refused at the gate makes no request', async () => {
    await using upstream = await serveHttp(() => assert.fail('it reached the upstream'))
    await using door = await openTestDoor(upstream)
    assert.equal((await ask(door, CALLERS.bob, '/')).status, 403)
    assert.deepEqual(door.done, [])
  })
})
