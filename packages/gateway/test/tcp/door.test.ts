import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectPlain, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { suite, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { type Holder, issueLeaf } from '../../../../tools/testing/pki.ts'
import { CALLERS, clientOptions, issuing, until } from '../../../../tools/testing/web-house.ts'
import { openService, openTestTcpDoor, type TestTcpDoor } from './support.ts'

/** A caller on bare `node:tls`, whose two directions end apart. */
async function dial({ port }: TestTcpDoor, caller?: Holder): Promise<TLSSocket> {
  const options = { host: '127.0.0.1', port, ...clientOptions(caller), allowHalfOpen: true }
  const socket = connect(options)
  socket.on('error', () => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

const closed = (socket: Duplex) => new Promise<void>((resolve) => socket.once('close', resolve))

/** All that comes until the other side ends; an iterator would end our own side with it. */
function allOf(socket: Duplex): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  return new Promise((resolve) => socket.once('end', () => resolve(text)).once('close', () => resolve(text)))
}

suite('the TCP door', () => {
  test('carries both ways, and an end of one direction lets the other go on', async () => {
    await using service = await openService((socket) => {
      void allOf(socket).then((heard) => socket.end(`heard ${heard.length} octets`))
    })
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    socket.end('x'.repeat(3_000_000))
    assert.equal(await allOf(socket), 'heard 3000000 octets')
    await until(() => door.sessions.size === 0, 'the session ends')
    assert.equal(door.records[0]?.outcome.ok, true)
    assert.equal(door.records[0]?.caller.party, 'alice')
    const { seconds, ...told } = door.logs[0]?.fields ?? {}
    assert.deepEqual(told, {
      door: 'raw',
      reference: door.records[0]?.reference,
      caller: 'alice',
      octetsIn: 3_000_000,
      octetsOut: 'heard 3000000 octets'.length,
    })
    assert.ok(typeof seconds === 'number' && seconds > 0 && seconds < 60)
  })

  test('a change of its upstream is for who comes next; who is in goes on with the old one', async () => {
    const say = (word: string) => openService((socket) => void socket.on('data', () => socket.write(word)))
    await using old = await say('old')
    await using fresh = await say('new')
    await using door = await openTestTcpDoor(old.address)
    const first = await dial(door, CALLERS.alice)
    const asks = async (socket: TLSSocket) => {
      socket.write('?')
      const [word] = await once(socket, 'data')
      return String(word)
    }
    assert.equal(await asks(first), 'old')
    const config = { name: 'raw', host: ['hello.localhost'], listen: { host: '127.0.0.1', port: 0 } } as const
    const discarded = await door.door.prepare({ ...config, upstream: { path: '/nowhere' } })
    await discarded.discard()
    const change = await door.door.prepare({ ...config, upstream: fresh.address })
    assert.equal(await asks(await dial(door, CALLERS.alice)), 'old', 'nothing changes before it is applied')
    change.apply()
    assert.equal(await asks(await dial(door, CALLERS.alice)), 'new')
    assert.equal(await asks(first), 'old')
  })

  test('a session that is cut before a service on a Unix socket ends there, too', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-tcp-'))
    const path = join(directory, 's')
    const gone = Promise.withResolvers<void>()
    const service = createServer(
      (socket) => void socket.on('error', () => socket.destroy()).once('close', gone.resolve),
    )
    service.listen(path)
    try {
      await using door = await openTestTcpDoor({ path })
      const socket = await dial(door, CALLERS.alice)
      await once(service, 'connection')
      await Promise.all(door.sessions.list().map((session) => session.cut('ERR_CALLER_REVOKED')))
      await gone.promise
      await closed(socket)
    } finally {
      service.close()
      await rm(directory, { recursive: true })
    }
  })

  test('why a session ended early is told: it was cut', async () => {
    await using service = await openService(() => undefined)
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    await until(() => door.sessions.size === 1, 'the session stands')
    await Promise.all(door.sessions.list().map((session) => session.cut('ERR_CALLER_REVOKED')))
    await closed(socket)
    await until(() => door.logs.length > 0, 'its end is told')
    assert.equal(door.logs[0]?.event, 'session.done')
    assert.equal(door.logs[0]?.fields['code'], 'ERR_CALLER_REVOKED')
  })

  test('a service that ends first still hears the caller', async () => {
    const heard = Promise.withResolvers<string>()
    await using service = await openService((socket) => {
      socket.end('bye')
      allOf(socket).then(heard.resolve, heard.reject)
    })
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    assert.equal(await allOf(socket), 'bye')
    socket.end('and you')
    assert.equal(await heard.promise, 'and you')
  })

  test('a caller that reads in fits gets every octet in its place', async () => {
    const sent = hash('shake256', 'what the service says', { outputEncoding: 'buffer', outputLength: 8_000_000 })
    await using service = await openService((socket) => {
      for (let at = 0; at < sent.length; at += 100_003) socket.write(sent.subarray(at, at + 100_003))
      socket.end()
    })
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    const came: Buffer[] = []
    for await (const chunk of socket) {
      came.push(chunk as Buffer)
      if (came.length % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.ok(Buffer.concat(came).equals(sent))
  })

  test('goes at the pace of the slower side: a service pours, a caller does not read', async () => {
    let taken = 0
    await using service = await openService((socket) => {
      const chunk = Buffer.alloc(65_536)
      const more = () => {
        while (taken < 200_000_000) {
          taken += chunk.length
          if (!socket.write(chunk)) return
        }
      }
      socket.on('drain', more)
      more()
    })
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    for (let last = -1; last !== taken; ) {
      last = taken
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    // What the kernel holds on both connections, and one high-water mark each in between.
    assert.ok(taken > 0 && taken < 24_000_000, `${taken} octets were taken`)
    socket.destroy()
  })

  const refused: readonly (readonly [string, Holder | undefined, string])[] = [
    ['nobody', undefined, 'ERR_CALLER_NO_CERTIFICATE'],
    ['another authority', CALLERS.foreign, 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['who has expired', CALLERS.late, 'ERR_CALLER_EXPIRED'],
    ['who is not on the list', CALLERS.bob, 'ERR_CALLER_NOT_ALLOWED'],
  ]
  for (const [who, caller, code] of refused)
    test(`refuses ${who}, and no octet reaches the service`, async () => {
      await using service = await openService(() => assert.fail('it reached the service'))
      await using door = await openTestTcpDoor(service.address)
      const socket = await dial(door, caller)
      socket.write('let me in')
      assert.equal(await allOf(socket), '')
      const { outcome } = door.records[0] ?? assert.fail('nothing was recorded')
      assert.equal(!outcome.ok && outcome.refusal.code, code)
    })

  test('who is let in under more names than the PROXY protocol has room for ends alone, and is told of', async () => {
    await using service = await openService((socket) => void socket.resume())
    await using door = await openTestTcpDoor(service.address, { proxy: 'v2' })
    const many = Array.from({ length: 4_000 }, (_, i) => ({ kind: 'dNSName' as const, value: `h${i}.org` }))
    const own = { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' } as const
    const socket = await dial(door, issueLeaf(issuing, 'alice', { names: [own, ...many], purpose: 'clientAuth' }))
    await closed(socket)
    await until(() => door.logs.some(({ event }) => event === 'gate.fault'), 'it is told of')
    assert.equal(door.sessions.size, 0)
  })

  test('a client of PostgreSQL that is refused and stays holds up no drain', async () => {
    await using service = await openService(() => assert.fail('it reached the service'))
    await using door = await openTestTcpDoor(service.address, { speaks: 'postgresql' })
    const socket = await dial(door)
    await until(() => door.records.length === 1, 'it is refused')
    const began = performance.now()
    await door.door.drain(100)
    assert.ok(performance.now() - began < 4_000)
    socket.destroy()
  })

  test('what does not speak TLS reaches nothing', async () => {
    await using service = await openService(() => assert.fail('it reached the service'))
    await using door = await openTestTcpDoor(service.address)
    const socket = connectPlain({ host: '127.0.0.1', port: door.port })
    socket.on('error', () => socket.destroy())
    socket.write('GET / HTTP/1.1\r\n\r\n')
    await closed(socket)
    const { outcome } = door.records[0] ?? assert.fail('nothing was recorded')
    assert.equal(!outcome.ok && outcome.refusal.code, 'ERR_GATE_NOT_TLS')
  })

  test('a session that is cut ends at both sides, though neither reads', async () => {
    await using service = await openService((socket) => void socket.write(Buffer.alloc(30_000_000)))
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    await until(() => service.connections.length === 1, 'the service is reached')
    const far = service.connections[0] ?? assert.fail()
    const ended = closed(far)
    const { serialNumber } = CALLERS.alice.certificate
    const issuerSpkiSha256 = hash('sha256', issuing.certificate.subjectPublicKeyInfo.der, 'hex')
    const cuts = await door.sessions.cut(
      [`certificate:${issuerSpkiSha256}:${serialNumber.toString(16)}`],
      'ERR_CALLER_REVOKED',
    )
    assert.equal(cuts.length, 1)
    await ended
    socket.resume()
    await closed(socket)
  })

  test('a service that is away ends the session, and the log has the reference', async () => {
    const service = await openService(() => undefined)
    await service[Symbol.asyncDispose]()
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    assert.equal(await allOf(socket), '')
    await until(() => door.logs.length > 0, 'it is told')
    const [log] = door.logs
    assert.equal(log?.event, 'upstream.failed')
    assert.equal(log?.fields['reference'], door.records[0]?.reference)
    assert.match(String(log?.fields['cause']), /ECONNREFUSED/)
    const [amended] = door.amended
    assert.equal(amended?.reference, door.records[0]?.reference)
    assert.deepEqual(
      amended?.troubles?.map(({ code, note }) => [code, /ECONNREFUSED/.test(note ?? '')]),
      [['ERR_DOOR_UPSTREAM', true]],
    )
  })

  test('a service that resets resets the caller', async () => {
    await using service = await openService((socket) => socket.resetAndDestroy())
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    socket.resume()
    await closed(socket)
    await until(() => door.sessions.size === 0, 'the session ends')
  })

  const limits = [
    ['a silent session', { idleSeconds: 1 }, 'ERR_SESSION_IDLE'],
    ['an old session', { lifetimeSeconds: 1 }, 'ERR_SESSION_LIFETIME'],
  ] as const
  for (const [what, limit, code] of limits)
    test(`${what} ends`, async () => {
      await using service = await openService((socket) => {
        const timer = setInterval(() => code === 'ERR_SESSION_LIFETIME' && socket.write('.'), 100)
        socket.once('close', () => clearInterval(timer))
      })
      await using door = await openTestTcpDoor(service.address, limit)
      const socket = await dial(door, CALLERS.alice)
      socket.resume()
      await closed(socket)
      await until(() => door.logs.length === 2, 'its end is told')
      assert.deepEqual(
        door.logs.map(({ event, fields }) => [event, fields['code']]),
        [
          ['session.ended', code],
          ['session.done', code],
        ],
      )
      assert.deepEqual(
        door.amended.map(({ troubles }) => troubles?.map((trouble) => trouble.code)),
        [[code]],
      )
    })

  test('a draining door takes nobody, and lets who is in end by itself', async () => {
    await using service = await openService((socket) => socket.pipe(socket))
    await using door = await openTestTcpDoor(service.address)
    const socket = await dial(door, CALLERS.alice)
    const drained = door.door.drain(5_000)
    const late = connectPlain({ host: '127.0.0.1', port: door.port })
    const [error] = await once(late, 'error')
    assert.equal(error.code, 'ECONNREFUSED')
    socket.end('still here')
    assert.equal(await allOf(socket), 'still here')
    await drained
  })
})
