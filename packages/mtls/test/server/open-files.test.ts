// A process that may open no more files: nobody new is met, whoever is here stays and can be cut, and then it goes on.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/directory.ts'
import { alice, issuing, visit } from '../support/door.ts'
import { announcement, issueLeaf, uri } from '../support/pki.ts'
import { startDoorProcess } from '../support/start-door-process.ts'

// Node itself has some 25.
const MAX_OPEN_FILES = 64

test('open files exhausted', async () => {
  await using directory = await temporaryDirectory()
  await using door = await startDoorProcess({ tickets: `${directory.path}/tickets`, keeps: true }, MAX_OPEN_FILES)
  const bob = issueLeaf(issuing, 'bob', { names: [uri('spiffe://acme.example/bob')], purposes: ['clientAuth'] })
  const [hers, his] = [await visit(door.port, alice), await visit(door.port, bob)]
  for (const _ of [hers, his]) assert.deepEqual(await door.next(), { resumed: false, outcome: 'accepted' })

  // Until the system has taken one that the process could not, and it was closed.
  const held: Socket[] = []
  const closed = Promise.withResolvers<void>()
  while (held.length < 2 * MAX_OPEN_FILES) {
    const socket = connect(door.port, '127.0.0.1')
    held.push(socket.resume().on('error', () => undefined))
    socket.once('close', () => closed.resolve())
    await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  }
  await closed.promise
  assert.equal(await (await visit(door.port, alice)).said, '')

  assert.equal(hers.socket.destroyed, false)
  door.announce(announcement(issuing, bob.certificates[0]))
  assert.deepEqual(await door.next(), { announced: true })
  assert.equal((await his.error)?.code, 'ECONNRESET')
  assert.equal(hers.socket.destroyed, false)

  // The door closes whoever leaves without a word.
  await Promise.all(held.map((socket) => socket.closed || once(socket.end(), 'close')))
  const { socket } = await visit(door.port, alice)
  assert.equal(String(((await once(socket, 'data')) as [Buffer])[0]), 'welcome')
  assert.deepEqual(await door.next(), { resumed: false, outcome: 'accepted' })
  for (const one of [socket, hers.socket]) one.destroy()
})
