// What a caller leaves at the broker: its will, what is kept of it, its session.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import mqtt from 'mqtt'
import { type Mosquitto, startMosquitto, withMosquitto } from '../../../../tools/testing/mosquitto.ts'
import { CALLERS, until } from '../../../../tools/testing/web-house.ts'
import {
  accessFor,
  carol,
  carolRenewed,
  client,
  closed,
  heardBy,
  joined,
  openTestMqttDoor,
  refusalOf,
  saidTo,
  type TestMqttDoor,
} from './support.ts'

const { alice, bob } = CALLERS
const WHO = accessFor({ alice: '*', bob: [], carol: ['watcher'] })
const KEPT = { clean: false, properties: { sessionExpiryInterval: 600 } } as const
const will = (topic: string, retain = false) => ({
  will: { topic, payload: Buffer.from('gone'), qos: 1 as const, retain },
})

/** Everything that is published at the broker, and what it keeps, as somebody beside the door sees it. */
async function overhear(broker: Mosquitto): Promise<AsyncDisposable & { readonly heard: ReturnType<typeof heardBy> }> {
  const it = new mqtt.MqttClient(() => connect({ path: broker.path }), { reconnectPeriod: 0, clientId: 'beside' })
  const heard = heardBy(it)
  await joined(it)
  await it.subscribeAsync('#', { qos: 1 })
  return { heard, [Symbol.asyncDispose]: () => it.endAsync(true) }
}

const cut = (door: TestMqttDoor, code: 'ERR_CALLER_REVOKED' | 'ERR_POLICY_LOCKED', party: string) =>
  door.sessions.cut([`party:${party}`], code)
const textsOf = (heard: ReturnType<typeof heardBy>) => heard.map(({ topic, text }) => `${topic} ${text}`)

suite('what a caller leaves', withMosquitto, () => {
  test('the will of one that was lost is published, and of one that left or was cut is not', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    await using beside = await overhear(broker)
    const lost = await joined(client(door, bob, 'bob', will('own/bob/will')))
    lost.stream.destroy()
    await until(() => beside.heard.length === 1, 'the will comes')
    const left = await joined(client(door, bob, 'bob', will('own/bob/left')))
    await left.endAsync()
    for (const code of ['ERR_CALLER_REVOKED', 'ERR_POLICY_LOCKED'] as const) {
      const one = await joined(client(door, bob, 'bob', will('own/bob/cut')))
      await cut(door, code, 'bob')
      await closed(one)
      one.end(true)
    }
    const last = await joined(client(door, alice, 'alice'))
    await last.publishAsync('jobs', 'after all', { qos: 1 })
    await until(() => beside.heard.length >= 2, 'what came after')
    assert.deepEqual(textsOf(beside.heard), ['own/bob/will gone', 'jobs after all'])
    last.end(true)
  })

  test('a will that nobody may publish keeps its caller out, in both versions', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    for (const topic of ['own/alice/will', 'news/today', 'own/bob/+']) {
      const { code, text } = await refusalOf(client(door, bob, 'bob', will(topic)))
      assert.equal(code, 0x87)
      assert.match(text, /ERR_(?:MQTT_TOPIC|POLICY_NOT_ALLOWED), M-/)
      assert.equal((await refusalOf(client(door, bob, 'bob', { protocolVersion: 4, ...will(topic) }))).code, 5)
    }
    assert.equal(
      (await refusalOf(client(door, bob, 'bob', will('jobs', true)))).code,
      0x87,
      'publishing is not keeping',
    )
    assert.doesNotMatch(broker.log(), /New client connected/)
  })

  test('of one that was revoked, what the broker keeps by a line that says so goes, and its session', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const it = await joined(client(door, bob, 'bob', KEPT))
    await it.subscribeAsync('own/bob/in', { qos: 1 })
    for (const topic of ['own/bob/state', 'own/bob/deep/er'])
      await it.publishAsync(topic, 'kept', { qos: 1, retain: true })
    const other = await joined(client(door, alice, 'alice'))
    await other.publishAsync('own/alice/state', 'stays', { qos: 1, retain: true })
    await cut(door, 'ERR_CALLER_REVOKED', 'bob')
    await until(() => door.logs.some(({ event }) => event === 'mqtt.cleared'), 'it is cleared')
    assert.equal(door.logs.find(({ event }) => event === 'mqtt.cleared')?.fields['messages'], 2)
    await using beside = await overhear(broker)
    await until(() => beside.heard.length > 0, 'what is kept comes')
    assert.deepEqual(textsOf(beside.heard), ['own/alice/state stays'])
    const again = client(door, bob, 'bob', KEPT)
    const said = saidTo(again)
    await joined(again)
    assert.equal(said().sessionPresent, false)
    for (const one of [it, again, other]) one.end(true)
  })

  test('of one that was locked, or is here by another credential as well, everything stays', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const it = await joined(client(door, bob, 'bob', KEPT))
    await it.publishAsync('own/bob/state', 'kept', { qos: 1, retain: true })
    await cut(door, 'ERR_POLICY_LOCKED', 'bob')
    await closed(it)
    const first = await joined(client(door, bob, 'bob', KEPT))
    const second = await joined(client(door, bob, 'bob:2'))
    const [session] = door.sessions.list()
    await session?.cut('ERR_CALLER_REVOKED')
    await until(() => door.sessions.size === 1, 'one is left')
    await using beside = await overhear(broker)
    await until(() => beside.heard.length > 0, 'what is kept comes')
    assert.deepEqual(textsOf(beside.heard), ['own/bob/state kept'])
    assert.equal(
      door.logs.some(({ event }) => event === 'mqtt.cleared'),
      false,
    )
    for (const one of [it, first, second]) one.end(true)
  })

  test('a new certificate goes on with the session of the old one', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const before = await joined(client(door, carol, 'carol', KEPT))
    await before.subscribeAsync('alarms/+/state', { qos: 1 })
    before.end(true)
    await closed(before)
    const from = await joined(client(door, alice, 'alice'))
    await from.publishAsync('alarms/hall/state', 'meanwhile', { qos: 1 })
    const after = client(door, carolRenewed, 'carol', KEPT)
    const heard = heardBy(after)
    await joined(after)
    await until(() => heard.length === 1, 'what came meanwhile')
    assert.equal(heard[0]?.text, 'meanwhile')
    for (const one of [after, from]) one.end(true)
  })
})
