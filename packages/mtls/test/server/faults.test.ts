// What goes wrong beside the caller's proof: a door that throws, a broken channel, too many who ask at once.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { suite, test } from 'node:test'
import { steadyAccess } from '../../src/gate/access.ts'
import { createSessionIndex } from '../../src/sessions/session-index.ts'
import { createTickets } from '../../src/tickets/tickets.ts'
import { alice, openDoor, outcomeOf, portOf, shop, steady, visit } from '../support/door.ts'
import { NOW } from '../support/pki.ts'

/** As `createAcceptor` has it; what is tested is that there is such a bound, and who gives way. */
const MAX_PENDING = 1024

suite('the gate', () => {
  test('a door that throws on whom it was given has no session, and says so', async () => {
    await using door = await openDoor({
      onAccepted: () => {
        throw new Error('a bug of the door')
      },
    })
    const { error } = await visit(door.port, alice)
    assert.equal((await error)?.code, 'ECONNRESET')
    assert.deepEqual(door.faults.map(String), ['Error: a bug of the door'])
    assert.equal(door.sessions.size, 0)
  })

  test('a session that is cut as its meeting is recorded never reaches the door', async () => {
    const sessions = createSessionIndex('test')
    await using door = await openDoor({
      sessions,
      record: () => void sessions.cut(['party:alice'], 'ERR_CALLER_REVOKED'),
      onAccepted: () => assert.fail('it was let in'),
    })
    const { error } = await visit(door.port, alice)
    assert.equal((await error)?.code, 'ECONNRESET')
    assert.deepEqual(door.faults, [])
    assert.equal(sessions.size, 0)
  })

  test('a policy that throws refuses', async () => {
    await using door = await openDoor({
      access: steadyAccess(() => {
        throw new Error('a bug of the policy')
      }),
      onAccepted: () => assert.fail('it was let in'),
    })
    assert.equal(await (await visit(door.port, alice)).said, 'ERR_GATE_FAULT')
    assert.equal(outcomeOf(await door.record()), 'ERR_GATE_FAULT')
  })

  const bug = () => {
    throw new Error('a bug')
  }
  test('a log that throws lets nobody in, and ends no process', async () => {
    await using door = await openDoor({
      log: bug,
      access: steadyAccess(bug),
      onAccepted: () => assert.fail('it is in'),
    })
    for (let i = 0; i < 2; i++) assert.equal(await (await visit(door.port, alice)).said, 'ERR_GATE_FAULT')
    assert.equal(door.sessions.size, 0)
  })

  test('a clock that throws lets nobody in, and is told', async () => {
    let broken = false
    const clock = () => (broken ? bug() : NOW)
    await using door = await openDoor({ clock, onAccepted: () => assert.fail('it is in') })
    broken = true
    for (let i = 0; i < 2; i++) {
      const socket = connect(door.port, '127.0.0.1')
      await new Promise((resolve) =>
        socket
          .on('error', () => socket.destroy())
          .once('close', resolve)
          .resume(),
      )
    }
    assert.deepEqual(door.faults.map(String), ['Error: a bug', 'Error: a bug'])
  })

  for (const [where, setting, credential] of [
    ['the record of who is let in', { record: bug, onAccepted: () => assert.fail('it was let in') }, alice],
    ['the record of who is refused', { record: bug, onRefused: () => assert.fail('it was told') }, undefined],
    ['what tells the refusal', { onRefused: bug }, undefined],
  ] as const)
    test(`a fault in ${where} ends the connection, and the door goes on`, async () => {
      await using door = await openDoor(setting)
      for (let i = 0; i < 2; i++) assert.equal(await (await visit(door.port, credential)).said, '')
      assert.deepEqual(door.faults.map(String), ['Error: a bug', 'Error: a bug'])
      assert.equal(door.sessions.size, 0)
    })

  for (const [what, setting] of [
    [
      'identity',
      (broken: () => boolean) => ({ identity: { ...steady(shop), current: () => (broken() ? bug() : shop) } }),
    ],
    [
      'key of tickets',
      (broken: () => boolean) => {
        const tickets = createTickets(() => NOW)
        return { tickets: { ...tickets, current: () => (broken() ? bug() : tickets.current()) } }
      },
    ],
  ] as const)
    test(`a door that comes to have no ${what} meets nobody, and everybody once it has one again`, async () => {
      let broken = false
      await using door = await openDoor({ ...setting(() => broken), onAccepted: (socket) => socket.end('welcome') })
      broken = true
      assert.equal(await (await visit(door.port, alice)).said, '')
      assert.equal(outcomeOf(await door.record()), 'ERR_GATE_FAULT')
      assert.deepEqual(door.faults.map(String), ['Error: a bug'])
      broken = false
      assert.equal(await (await visit(door.port, alice)).said, 'welcome')
    })

  test('octets that are not of the channel end the session, though the caller stays', async () => {
    await using door = await openDoor({ onAccepted: (socket) => socket.write('welcome') })
    const far = connect(door.port, '127.0.0.1')
    const relay = createServer((near) =>
      near
        .pipe(far)
        .pipe(near)
        .on('error', () => undefined),
    )
    await once(relay.listen(0, '127.0.0.1'), 'listening')
    const { socket } = await visit(portOf(relay), alice)
    await once(socket, 'data')
    assert.equal(door.sessions.size, 1)
    // The caller hears nothing of it, so that only the door can end this.
    far.unpipe()
    far.resume()
    // An application record of 32 octets under no key.
    far.write(Uint8Array.of(23, 3, 3, 0, 32, ...new Uint8Array(32)))
    await once(far, 'end')
    while (door.sessions.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    socket.destroy()
    relay.close()
  })

  test('where too many hold a handshake open, the oldest gives way', async () => {
    await using door = await openDoor()
    const held: Socket[] = []
    for (let i = 0; i < MAX_PENDING; i++) held.push(connect(door.port, '127.0.0.1'))
    while (door.acceptor.pending < MAX_PENDING) await new Promise((resolve) => setTimeout(resolve, 5))
    const gone = held.map((socket, index) => once(socket.resume(), 'close').then(() => index))
    assert.equal(await (await visit(door.port, alice)).said, 'welcome')
    const index = await Promise.race(gone)
    assert.ok(index < MAX_PENDING)
    assert.equal(door.acceptor.pending, MAX_PENDING - 1)
    assert.equal(outcomeOf(await door.record()), 'ERR_GATE_BUSY')
    for (const socket of held) socket.destroy()
  })
})
