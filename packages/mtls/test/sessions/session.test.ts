// A cut ends the connection at whatever moment it comes.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import type { Session } from '../../src/model.ts'
import { SessionCutError } from '../../src/sessions/session.ts'
import { alice, onlySession, openDoor, visit } from '../support/door.ts'

/** When, seen from the application's own end, `cut` comes. */
const MOMENTS: Readonly<Record<string, (socket: TLSSocket, cut: () => void) => void>> = {
  'as the application ends': (socket, cut) => {
    socket.end('farewell')
    cut()
  },
  'when its last octets are with the kernel': (socket, cut) => {
    socket.write('farewell', cut)
    socket.end()
  },
  // libuv waits to shut the connection down, and the kernel allows no reset meanwhile.
  'while the connection is shut down': (socket, cut) => {
    socket.end('farewell')
    setImmediate(cut)
  },
  'while more is queued than the kernel takes': (socket, cut) => {
    socket.end(Buffer.alloc(16_000_000))
    setTimeout(cut, 50)
  },
}

suite('cut', () => {
  for (const [moment, act] of Object.entries(MOMENTS))
    test(`${moment}: nothing of the session stays`, async () => {
      const given = Promise.withResolvers<readonly [TLSSocket, Session]>()
      await using door = await openDoor({ onAccepted: (socket, _meeting, session) => given.resolve([socket, session]) })
      // A caller that neither reads nor ends by itself.
      const { socket: theirs } = await visit(door.port, alice, { allowHalfOpen: true } as object)
      theirs.pause()
      const [socket, session] = await given.promise
      const { promise, resolve } = Promise.withResolvers<ReturnType<Session['cut']>>()
      act(socket, () => resolve(session.cut('ERR_CALLER_REVOKED')))
      await promise
      assert.equal(session.isCut, true)
      while (door.sessions.size > 0) await delay(5)
      theirs.destroy()
    })

  test('tells the application why, once, and when the last octet left', async () => {
    const errors: unknown[] = []
    await using door = await openDoor({
      onAccepted: (socket) => void socket.on('error', (error) => errors.push(error)),
    })
    const { error } = await visit(door.port, alice)
    await door.record()
    const session = onlySession(door.sessions)
    const [first, again] = await Promise.all([session.cut('ERR_CALLER_REVOKED'), session.cut('ERR_DOOR_DRAINING')])
    assert.equal(first, again)
    assert.equal((await error)?.code, 'ECONNRESET')
    assert.equal(errors.length, 1)
    assert.ok(errors[0] instanceof SessionCutError)
    assert.doesNotMatch(errors[0].stack ?? '', /\n/)
    assert.equal(errors[0].code, 'ERR_CALLER_REVOKED')
  })
})

suite('stop', () => {
  const SAYS: Readonly<Record<string, (socket: TLSSocket) => void>> = {
    'what is written': (socket) => void socket.write('farewell'),
    'what is held back and let go': (socket) => {
      socket.cork()
      socket.write('farewell')
      socket.uncork()
    },
    'the end': (socket) => void socket.end('farewell'),
  }
  for (const [what, say] of Object.entries(SAYS))
    test(`${what} is not sent any more, until the cut`, async () => {
      const given = Promise.withResolvers<readonly [TLSSocket, Session]>()
      await using door = await openDoor({
        onAccepted: (socket, _meeting, session) => given.resolve([socket.on('error', () => undefined), session]),
      })
      const { socket: theirs, error } = await visit(door.port, alice)
      let came = ''
      theirs.on('data', (octets) => {
        came += String(octets)
      })
      const [socket, session] = await given.promise
      socket.write('welcome')
      while (came === '') await delay(5)
      session.stop('ERR_CALLER_REVOKED')
      say(socket)
      await delay(50)
      assert.equal(session.isCut, false)
      await session.cut('ERR_CALLER_REVOKED')
      assert.equal((await error)?.code, 'ECONNRESET')
      assert.equal(came, 'welcome')
    })

  test('HTTP/2 is cut at once, as Node writes it beneath the socket', async () => {
    const given = Promise.withResolvers<Session>()
    await using door = await openDoor({
      alpn: ['h2'],
      onAccepted: (socket, _meeting, session) => {
        socket.on('error', () => undefined)
        given.resolve(session)
      },
    })
    const { error } = await visit(door.port, alice, { ALPNProtocols: ['h2'] })
    const session = await given.promise
    session.stop('ERR_CALLER_REVOKED')
    assert.equal(session.isCut, true)
    assert.equal((await error)?.code, 'ECONNRESET')
  })
})
