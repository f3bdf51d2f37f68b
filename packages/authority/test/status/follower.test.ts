import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { closed, follow } from '../support/follow.ts'
import { askLocally, enrollParty, openHouse } from '../support/house.ts'

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

  test('says what its doors do without lists, and one that says nothing is taken to require them', async (t) => {
    const house = await openHouse(t)
    const [one, two] = ['door/gate-1', 'door/gate-2']
    const doors = [
      { name: 'web', revocation: 'require' },
      { name: 'tcp', revocation: 'prefer' },
    ]
    const first = await follow(t, house, await enrollParty(t, house, one, { profile: 'service' }), undefined, doors)
    await follow(t, house, await enrollParty(t, house, two, { profile: 'service' }))
    house.authority.join({ name: 'here', apply: async () => [], sessions: async () => [] })
    const budget = async () => (await askLocally(house.directory, 'GET', '/v1/outage-budget')).body
    const { failures, goOn, endWithIt } = await budget()
    assert.deepEqual(failures[0].doors, ['door/gate-1:web', 'door/gate-2'])
    assert.deepEqual([goOn, endWithIt], [['door/gate-1:tcp'], ['here']])
    first.socket.destroy()
    for (let i = 0; i < 100 && (await budget()).goOn.length > 0; i++) await new Promise((done) => setTimeout(done, 20))
    assert.deepEqual((await budget()).failures[0].doors, ['door/gate-2'])
  })

  test('whose certificate is revoked is cut', async (t) => {
    const house = await openHouse(t)
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    const ended = closed(door.socket)
    await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'door/gate-1' })
    await ended
  })

  test('is left when the authority closes, and what it has to tell waits with it', async (t) => {
    const house = await openHouse(t)
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    const ended = closed(door.socket)
    await house.authority.close()
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
