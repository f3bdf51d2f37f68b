// Who asks and is not met: what the caller gets, and what is recorded.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import { referenceOfRandom } from '../../src/gate/reference.ts'
import { alice, openDoor, outcomeOf, stepsOf, visit } from '../support/door.ts'
import { ascii, helloMessage, record, vector, versionsExtension } from './hello-octets.ts'

/** Sends octets and answers all that comes back, until the door closes. */
async function send(port: number, octets: Uint8Array): Promise<Uint8Array> {
  const socket = connect(port, '127.0.0.1')
  socket.write(octets)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  return new Uint8Array(Buffer.concat(chunks))
}

/** RFC 9846 §6: alert(21), legacy version, length, fatal(2). */
const alert = (description: number) => Uint8Array.of(21, 3, 3, 0, 2, 2, description)

suite('a caller that is not met', () => {
  test('offers TLS 1.2 alone: protocol_version, under the reference of its hello', async () => {
    await using door = await openDoor()
    const random = new Uint8Array(32).fill(9)
    const hello = record(helloMessage({ random, extensions: [versionsExtension(0x0303)] }))
    assert.deepEqual(await send(door.port, hello), alert(70))
    const meeting = await door.record()
    assert.equal(outcomeOf(meeting), 'ERR_GATE_TLS_VERSION')
    assert.equal(meeting.reference, referenceOfRandom(random))
    assert.equal(stepsOf(meeting), 'r-----')
  })

  test('is Node with TLS 1.2: it learns that it is the version', async () => {
    await using door = await openDoor()
    const { error } = await visit(door.port, alice, { maxVersion: 'TLSv1.2' })
    assert.equal((await error)?.code, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
    assert.equal(outcomeOf(await door.record()), 'ERR_GATE_TLS_VERSION')
  })

  test('sends a hello that cannot be read: decode_error', async () => {
    await using door = await openDoor()
    const twice = helloMessage({
      extensions: [
        [43, vector(1, ascii('ab'))],
        [43, vector(1, ascii('ab'))],
      ],
    })
    assert.deepEqual(await send(door.port, record(twice)), alert(50))
    const meeting = await door.record()
    assert.equal(outcomeOf(meeting), 'ERR_GATE_NOT_TLS')
    assert.equal(meeting.outcome.ok || meeting.outcome.refusal.note, 'ERR_CLIENT_HELLO_DUPLICATE')
  })

  test('speaks HTTP: no word of TLS to what is none', async () => {
    await using door = await openDoor()
    assert.deepEqual(await send(door.port, ascii('GET / HTTP/1.1\r\n\r\n')), new Uint8Array())
    assert.equal(outcomeOf(await door.record()), 'ERR_GATE_NOT_TLS')
  })

  test('stops within its hello: it is waited for, and no longer', async () => {
    await using door = await openDoor({ handshakeTimeoutMs: 50 })
    assert.deepEqual(await send(door.port, record(helloMessage()).subarray(0, 40)), new Uint8Array())
    assert.equal(outcomeOf(await door.record()), 'ERR_GATE_TIMEOUT')
  })

  test('leaves within its hello', async () => {
    await using door = await openDoor()
    connect(door.port, '127.0.0.1').end(record(helloMessage()).subarray(0, 40))
    assert.equal(outcomeOf(await door.record()), 'ERR_GATE_CALLER_LEFT')
  })

  test('does not believe the door, and says so', async () => {
    await using door = await openDoor()
    const { error } = await visit(door.port, alice, { rejectUnauthorized: true, ca: [] })
    assert.equal((await error)?.code, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY')
    const meeting = await door.record()
    assert.equal(outcomeOf(meeting), 'ERR_GATE_CALLER_LEFT')
    assert.equal(stepsOf(meeting), 'ppr---')
  })

  test('connects and says nothing: no record, and nothing stays', async () => {
    await using door = await openDoor()
    const socket = connect(door.port, '127.0.0.1')
    await once(socket, 'connect')
    while (door.acceptor.pending === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    socket.end()
    await once(socket.resume(), 'close')
    while (door.acceptor.pending > 0) await new Promise((resolve) => setTimeout(resolve, 2))
    assert.deepEqual(door.records, [])
  })

  test('is under way when the door closes', async () => {
    await using door = await openDoor()
    const socket = connect(door.port, '127.0.0.1')
    socket.write(record(helloMessage()).subarray(0, 40))
    while (door.acceptor.pending === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    door.acceptor.close()
    await once(socket.resume(), 'close')
    assert.equal(outcomeOf(await door.record()), 'ERR_DOOR_DRAINING')
    const late = connect(door.port, '127.0.0.1')
    late.on('error', () => undefined)
    await once(late.resume(), 'close')
    assert.equal(door.records.length, 1)
  })
})
