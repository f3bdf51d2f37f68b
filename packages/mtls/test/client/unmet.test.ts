// When nobody was met: each cause is told apart, with what to do.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import type { RefusalCode } from '@countersign/protocol'
import { connect } from '../../src/client/connect.ts'
import { refusalOfError } from '../../src/client/refused.ts'
import { startCallee } from '../support/callee.ts'
import { createRoot, pemOf } from '../support/pki.ts'
import { door, optionsFor, refusedBy } from '../support/world.ts'

/** A server that is none: it does `act` with each connection. */
async function startStranger(act: (socket: Socket) => void) {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket))
    act(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const handshakeRecord = Buffer.from('16030300040100ffff', 'hex')
const strangers: readonly [string, (socket: Socket) => void, RefusalCode, RegExp][] = [
  [
    'a web server without TLS',
    (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    'ERR_GATE_HANDSHAKE',
    /does not speak TLS/,
  ],
  ['one that closes at once', (socket) => socket.destroy(), 'ERR_GATE_HANDSHAKE', /closed the connection/],
  [
    'one that closes after the first octets',
    (socket) => socket.once('data', () => socket.end()),
    'ERR_GATE_HANDSHAKE',
    /closed the connection/,
  ],
  [
    'one that resets',
    (socket) => socket.once('data', () => socket.resetAndDestroy()),
    'ERR_GATE_HANDSHAKE',
    /closed the connection/,
  ],
  ['one that sends a broken handshake', (socket) => socket.write(handshakeRecord), 'ERR_GATE_HANDSHAKE', /./],
  ['one that says nothing', () => undefined, 'ERR_GATE_TIMEOUT', /no answer within 0\.3 s/],
]

suite('connect says who was not met', () => {
  for (const [name, act, code, note] of strangers)
    test(name, async () => {
      await using stranger = await startStranger(act)
      const refused = await refusedBy({ ...optionsFor(stranger.port), timeoutMs: 300 })
      assert.equal(refused.code, code)
      assert.match(refused.refusal.note ?? '', note)
      // Without an answer the caller does not know the random that the other side has.
      assert.doesNotMatch(refused.message, /M-/)
      assert.deepEqual(refused.meeting.callee, { name: `127.0.0.1:${stranger.port}`, identities: [] })
    })

  test('nobody listens there, and which addresses were tried', async () => {
    const closed = await startStranger(() => undefined)
    const { port } = closed
    await closed[Symbol.asyncDispose]()
    const one = await refusedBy(optionsFor(port))
    assert.equal(one.code, 'ERR_CALLEE_UNREACHABLE')
    assert.equal(one.refusal.note, `connect ECONNREFUSED 127.0.0.1:${port}`)
    assert.equal(one.meeting.steps[0].outcome, 'refused')
    const both = await refusedBy({ ...optionsFor(port), host: 'door.localhost' })
    assert.match(both.refusal.note ?? '', /ECONNREFUSED 127\.0\.0\.1:.*; connect E\w+ ::1:/)
  })

  test('a name that nobody has', async () => {
    const refused = await refusedBy({ ...optionsFor(443), host: 'nobody.invalid' })
    assert.equal(refused.code, 'ERR_CALLEE_UNREACHABLE')
    assert.match(refused.refusal.note ?? '', /nobody\.invalid/)
  })

  test('a callee without a common protocol above TLS names its alert', async () => {
    await using callee = await startCallee(door, { ALPNProtocols: ['mqtt'] })
    const refused = await refusedBy({ ...optionsFor(callee.port), alpn: ['http/1.1'] })
    assert.equal(refused.code, 'ERR_GATE_HANDSHAKE')
    assert.equal(refused.refusal.note, 'the other side answered with the alert no_application_protocol')
  })

  test('a callee that refuses us afterwards is explained from the socket’s error', async () => {
    const strict = { rejectUnauthorized: true, ca: pemOf([createRoot('x').certificate]) }
    await using callee = await startCallee(door, strict)
    const { identity: _, ...anonymous } = optionsFor(callee.port)
    const { socket } = await connect(anonymous)
    const [error] = await once(socket.resume(), 'error')
    assert.deepEqual(refusalOfError(error, 'met'), {
      code: 'ERR_CALLER_REFUSED',
      note: 'it requires a certificate (certificate_required)',
    })
  })

  test('certificate alerts of RFC 9846 §6.2 are told in words, others by their name', () => {
    const error = (code: string) => Object.assign(new Error('x'), { code })
    assert.match(
      refusalOfError(error('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), 'met').note ?? '',
      /does not know the authority/,
    )
    assert.match(refusalOfError(error('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'), 'met').note ?? '', /has expired/)
    assert.deepEqual(refusalOfError(error('ECONNRESET'), 'met'), {
      code: 'ERR_CALLER_REFUSED',
      note: 'the connection ended: ECONNRESET',
    })
  })
})
