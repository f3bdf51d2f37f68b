import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { suite, type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { askLocally, enrollParty, type Held, type House, meet, openHouse, placeOf } from '../support/house.ts'

/** A door that follows, by hand: what it hears, as JSON. */
async function follow(t: TestContext, house: House, held: Held) {
  const { socket } = await meet(t, placeOf(house.authority), held)
  socket.on('error', () => socket.destroy())
  socket.write('GET /v1/feed HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: countersign-feed\r\n\r\n')
  const heard: { readonly kind: string; readonly event?: { readonly sequence: string } }[] = []
  let text = ''
  socket.on('data', (octets) => {
    text += String(octets)
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('{')) heard.push(JSON.parse(line))
  })
  const say = (message: object) => socket.write(`${JSON.stringify(message)}\n`)
  const until = async (fits: (message: (typeof heard)[number]) => boolean) => {
    for (;;) {
      const found = heard.find(fits)
      if (found) return found
      await once(socket, 'data')
    }
  }
  say({ kind: 'follow', version: 1 })
  await until(({ kind }) => kind === 'beat')
  return { socket: socket as TLSSocket, heard, say, until }
}

suite('a door that follows', () => {
  test('begins with a snapshot, hears events, and its word stands in the receipt', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'alice')
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    assert.equal(door.heard[0]?.kind, 'snapshot')
    const asked = askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    const { event } = await door.until(({ kind }) => kind === 'event')
    const lastOctetAt = '2026-11-24T12:00:00Z'
    const cut = { door: 'web', session: 's', reference: 'M-7F3K-92QD', party: 'alice', lastOctetAt }
    door.say({ kind: 'confirm', sequence: event?.sequence, cuts: [cut] })
    const { body } = await asked
    assert.deepEqual(body.confirmed.sort(), ['authority', 'door/gate-1'])
    assert.equal(body.cuts[0].door, 'door/gate-1:web')
  })

  test('that does not answer is unconfirmed after a second', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'alice')
    await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    const { body } = await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    assert.deepEqual(body.unconfirmed, ['door/gate-1'])
  })

  test('that connects anew takes the place of its connection before', async (t) => {
    const house = await openHouse(t)
    const held = await enrollParty(t, house, 'door/gate-1', { profile: 'service' })
    const first = await follow(t, house, held)
    const ended = closed(first.socket)
    const second = await follow(t, house, held)
    await ended
    assert.equal(second.socket.destroyed, false)
    await askLocally(house.directory, 'POST', '/v1/invitations', { party: 'bob' })
    await enrollParty(t, house, 'alice')
    const asked = askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    const { event } = await second.until(({ kind }) => kind === 'event')
    second.say({ kind: 'confirm', sequence: event?.sequence, cuts: [] })
    assert.deepEqual((await asked).body.unconfirmed, [])
  })

  test('whose certificate is revoked is cut', async (t) => {
    const house = await openHouse(t)
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    const ended = closed(door.socket)
    await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'door/gate-1' })
    await ended
  })

  const wrong: readonly (readonly [string, object])[] = [
    ['another version', { kind: 'follow', version: 2 }],
    ['a second beginning', { kind: 'follow', version: 1 }],
    ['what is no message', { kind: 'policy' }],
  ]
  for (const [what, message] of wrong)
    test(`that says ${what} is left`, async (t) => {
      const house = await openHouse(t)
      const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
      const ended = closed(door.socket)
      door.say(message)
      await ended
    })
})

/** However it ends: a reset is an end too. */
function closed(socket: Duplex): Promise<void> {
  return new Promise((resolve) => socket.once('error', () => undefined).once('close', () => resolve()))
}
