import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { follow } from '../support/follow.ts'
import { enrollParty, type House, openHouse } from '../support/house.ts'

const TEXT = 'meet: [{rule: ops, who: group:ops, what: service:db}]\n'
const SHA256 = createHash('sha256').update(TEXT).digest('hex')
const alice = { id: 'alice', kind: 'person', labels: ['group:ops'], identities: [] } as const
const RULES = { policy: TEXT, parties: [alice] }
const OTHERS = { policy: TEXT, parties: [{ ...alice, labels: [] }] }

const told = ({ events }: House) => events.filter(([event]) => event === 'policy.told')

suite('the rules that an authority tells', () => {
  test('stand in the snapshot for a newcomer, whole, with the hash of the policy', async (t) => {
    const house = await openHouse(t, { rules: RULES })
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    assert.deepEqual(door.heard[0]?.snapshot?.rules, { policy: { text: TEXT, sha256: SHA256 }, parties: [alice] })
  })

  test('are empty where the authority has none', async (t) => {
    const house = await openHouse(t)
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    assert.deepEqual(door.heard[0]?.snapshot?.rules, { parties: [] })
  })

  test('are told when they change, after the event before; and the log says who has them', async (t) => {
    const house = await openHouse(t, { rules: RULES })
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    await house.authority.publish(OTHERS)
    const { event, previous } = await door.until(({ kind }) => kind === 'event')
    assert.equal(previous, door.heard[0]?.snapshot?.sequence)
    assert.deepEqual(event?.change.rules?.parties, OTHERS.parties)
    door.say({ kind: 'confirm', sequence: event?.sequence, cuts: [] })
    while (told(house).length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    const { confirmed, unconfirmed, sha256 } = told(house).at(-1)?.[1] ?? {}
    assert.deepEqual([confirmed, unconfirmed, sha256], [['authority', 'door/gate-1'], [], SHA256])
  })

  test('that a door refuses are not confirmed by it, and the log says why', async (t) => {
    const house = await openHouse(t, { rules: RULES })
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    await house.authority.publish(OTHERS)
    const { event } = await door.until(({ kind }) => kind === 'event')
    door.say({ kind: 'confirm', sequence: event?.sequence, cuts: [], refused: 'policy:1:1: it cannot be read' })
    while (told(house).length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(told(house).at(-1)?.[1]?.['unconfirmed'], ['door/gate-1'])
    const refused = house.events.find(([name]) => name === 'feed.refused-there')
    assert.equal(refused?.[1]?.['cause'], 'policy:1:1: it cannot be read')
  })

  test('are no event where they are the same again, also after a restart', async (t) => {
    const first = await openHouse(t, { rules: RULES })
    await first.authority.publish(RULES)
    assert.equal(told(first).length, 1)
    const held = await enrollParty(t, first, 'door/gate-1', { profile: 'service' })
    const { heard } = await follow(t, first, held)
    const sequence = heard[0]?.snapshot?.sequence
    await first.authority.close()
    const { directory, clock } = first
    const again = await openHouse(t, { directory, clock, rules: RULES })
    const door = await follow(t, again, held, sequence)
    assert.deepEqual(
      door.heard.filter(({ kind }) => kind !== 'beat').flatMap(({ event }) => event?.change.kind ?? 'snapshot'),
      [],
    )
  })

  test('that changed while a door was away are told it once, as they are now', async (t) => {
    const house = await openHouse(t, { rules: RULES })
    const held = await enrollParty(t, house, 'door/gate-1', { profile: 'service' })
    const { heard, socket } = await follow(t, house, held)
    socket.destroy()
    await house.authority.publish(OTHERS)
    await house.authority.publish({ parties: [] })
    const door = await follow(t, house, held, heard[0]?.snapshot?.sequence)
    const events = door.heard.filter(({ kind }) => kind === 'event')
    assert.deepEqual(
      events.map(({ event }) => event?.change),
      [{ kind: 'policy', rules: { parties: [] } }],
    )
    assert.equal(events[0]?.previous, heard[0]?.snapshot?.sequence)
  })

  test('that no door could read are refused, and the old ones stay', async (t) => {
    const house = await openHouse(t, { rules: RULES })
    for (const [rules, message] of [
      [
        { parties: [{ ...alice, labels: Array(257).fill('group:ops') }] },
        /parties\[0\]\.labels is not a list of at most 256/,
      ],
      [{ policy: ' '.repeat(4_194_305), parties: [] }, /policy\.text is not a text of at most 4194304/],
      [
        { parties: Array.from({ length: 70_000 }, (_, i) => ({ ...alice, id: `p${i}`, labels: ['x'.repeat(200)] })) },
        /the feed carries 16777216/,
      ],
    ] as const)
      await assert.rejects(house.authority.publish(rules), { code: 'ERR_AUTHORITY_OPTION', message })
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    assert.deepEqual(door.heard[0]?.snapshot?.rules.parties, [alice])
  })
})

suite('the other authorities that an authority tells', () => {
  const partner = {
    name: 'partner',
    certificates: [Uint8Array.of(0x30, 0)],
    crls: [],
    vouches: ['spiffe://partner.example'],
  }

  test('stand in the snapshot, and are told when they change, apart from the rules', async (t) => {
    const house = await openHouse(t, { rules: RULES })
    await house.authority.publishAnchors([partner])
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    const { snapshot } = door.heard[0] ?? {}
    assert.deepEqual(snapshot?.anchors, [{ ...partner, certificates: ['MAA='] }])
    assert.deepEqual(snapshot?.rules.parties, [alice])
    await house.authority.publishAnchors([])
    const { event } = await door.until(({ kind }) => kind === 'event')
    assert.deepEqual(event?.change, { kind: 'trust', anchors: [] })
  })

  test('that the feed does not carry are refused, and the old ones stay', async (t) => {
    const house = await openHouse(t)
    await house.authority.publishAnchors([partner])
    const large = { ...partner, crls: [new Uint8Array(6_291_456)] }
    for (const [anchors, message] of [
      [[large], /the feed carries 8388608/],
      [[{ ...partner, name: 'x'.repeat(65) }], /\[0\]\.name is not a text of at most 64/],
    ] as const)
      await assert.rejects(house.authority.publishAnchors(anchors), { code: 'ERR_AUTHORITY_OPTION', message })
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    assert.deepEqual(door.heard[0]?.snapshot?.anchors.length, 1)
  })
})
