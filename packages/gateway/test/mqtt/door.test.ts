import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { MqttClient } from 'mqtt'
import { startMosquitto, withMosquitto } from '../../../../tools/testing/mosquitto.ts'
import { CALLERS, until } from '../../../../tools/testing/web-house.ts'
import { accessFor, carol, client, closed, heardBy, joined, openTestMqttDoor, refusalOf, saidTo } from './support.ts'

const { alice, bob, proxy } = CALLERS
const WHO = accessFor({ alice: '*', bob: [], carol: ['watcher'] })
const REFERENCE = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/

/** What one publication came to: the reason code of its acknowledgement, and the words beside it. */
async function publish(it: MqttClient, topic: string, qos: 1 | 2, retain = false): Promise<readonly [number, string]> {
  const said = saidTo(it)
  const code = await it.publishAsync(topic, 'x', { qos, retain }).then(
    () => 0,
    (error: { code: number }) => error.code,
  )
  return [code, said().reasonString ?? '']
}

suite('the door for MQTT', withMosquitto, () => {
  test('what is published reaches who may hear it, at each quality of service, and nobody else', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const from = await joined(client(door, alice, 'alice'))
    const to = await joined(client(door, carol, 'carol'))
    const heard = heardBy(to)
    await to.subscribeAsync('alarms/+/state', { qos: 2 })
    for (const qos of [0, 1, 2] as const) await from.publishAsync('alarms/hall/state', `at ${qos}`, { qos })
    await until(() => heard.length === 3, 'three have come')
    assert.deepEqual(
      heard.map(({ text }) => text),
      ['at 0', 'at 1', 'at 2'],
    )
    assert.deepEqual(
      door.records.map(({ caller, outcome }) => [caller.party, outcome.ok]),
      [
        ['alice', true],
        ['carol', true],
      ],
    )
    from.end(true)
    to.end(true)
    await until(() => door.sessions.size === 0, 'the sessions end')
    const done = door.logs.find(({ event, fields }) => event === 'session.done' && fields['caller'] === 'carol')
    assert.ok(Number(done?.fields['octetsOut']) > 0)
  })

  test('a publication that nobody may make is answered in MQTT 5 with code, cause and reference', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const it = await joined(client(door, bob, 'bob'))
    const own = door.records[0]?.reference ?? ''

    const [code, text] = await publish(it, 'nowhere/x', 1)
    assert.equal(code, 0x87)
    assert.match(text, new RegExp(`nobody may do this with that topic here \\(ERR_MQTT_TOPIC, ${own}\\); ask`))
    assert.deepEqual(
      door.amended.at(-1)?.troubles?.map(({ code, note }) => [code, note]),
      [['ERR_MQTT_TOPIC', 'nowhere/x']],
    )
    // What a rule is asked for is a record of its own.
    const [denied, words] = await publish(it, 'news/today', 2)
    const record = door.records.at(-1)
    assert.equal(denied, 0x87)
    assert.match(words, new RegExp(`ERR_POLICY_NOT_ALLOWED, ${record?.reference}`))
    assert.notEqual(record?.reference, own)
    assert.equal(
      record?.outcome.ok === false && record.outcome.refusal.note,
      `service:editor, on the connection of ${own}`,
    )
    // At QoS 0 there is no answer; it is not sent on, and noted.
    await it.publishAsync('nowhere/y', 'x')
    await until(() => door.amended.at(-1)?.troubles?.length === 2, 'it is noted')
    // Publishing is not keeping.
    assert.equal((await publish(it, 'jobs', 1))[0], 0)
    assert.equal((await publish(it, 'jobs', 1, true))[0], 0x87)
    assert.equal(door.sessions.size, 1)
    assert.doesNotMatch(broker.log(), /nowhere|news/)
    it.end(true)
  })

  test('in 3.1.1, where no answer can say no, such a publication ends the connection', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const it = await joined(client(door, bob, 'bob', { protocolVersion: 4 }))
    it.publish('nowhere/x', 'x', { qos: 1 })
    await closed(it)
    assert.equal(door.amended.at(-1)?.troubles?.[0]?.code, 'ERR_MQTT_TOPIC')
    it.end(true)
  })

  test('of several filters those that may not be heard are refused, each in its place', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    for (const [version, no] of [
      [5, 0x87],
      [4, 0x80],
    ] as const) {
      const it = await joined(client(door, bob, 'bob', { protocolVersion: version }))
      const said = saidTo(it)
      const granted = async (...filters: string[]) => {
        await it.subscribeAsync(filters, { qos: 1 }).catch(() => undefined)
        return said().granted
      }
      assert.deepEqual(await granted('own/bob/#', 'own/alice/#', 'news/today', '#', 'alarms/+/state'), [
        1,
        no,
        1,
        no,
        no,
      ])
      if (version === 5) assert.match(said().reasonString ?? '', REFERENCE)
      // None of them reaches the broker.
      assert.deepEqual(await granted('own/+/x', 'own/#', '+/bob/x', '$SYS/#', 'own/bob'), [no, no, no, no, 1])
      assert.deepEqual(await granted('$share/team/jobs'), [1])
      assert.deepEqual(await granted('$share/other/jobs', '$share/team/own/alice/x'), [no, no])
      it.end(true)
      await closed(it)
    }
  })

  test('a client identifier is of the caller, or it is refused; none is given its name', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const owner = await joined(client(door, alice, 'alice'))
    for (const id of ['alice', 'alicex', 'ali', 'bo', 'bobby', ' bob', 'carol:bob', 'uRI:spiffe://acme.example/bob']) {
      const { code, text } = await refusalOf(client(door, bob, id))
      assert.equal(code, 0x85, id)
      assert.match(text, /the client identifier is not yours \(ERR_MQTT_CLIENT_ID, M-/)
    }
    assert.equal((await refusalOf(client(door, bob, 'alice', { protocolVersion: 4 }))).code, 2)
    assert.equal(owner.connected, true, 'who has the identifier notices nothing')
    assert.equal(door.amended.at(-1)?.troubles?.[0]?.code, 'ERR_MQTT_CLIENT_ID')

    const second = await joined(client(door, alice, 'alice:kitchen'))
    assert.equal(owner.connected, true)
    const nameless = client(door, bob, '')
    const said = saidTo(nameless)
    await joined(nameless)
    assert.equal(said().assignedClientIdentifier, 'bob')
    for (const it of [owner, second, nameless]) it.end(true)
  })

  test('who is not let in reads why in CONNACK, with the reference of the record', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const { code, text } = await refusalOf(client(door, proxy, 'proxy'))
    assert.equal(code, 0x87)
    assert.match(text, new RegExp(`ERR_POLICY_NOT_ALLOWED, ${door.records.at(-1)?.reference}`))
    const late = await refusalOf(client(door, CALLERS.late, 'late'))
    assert.match(late.text, new RegExp(`expired .*ERR_CALLER_EXPIRED, ${door.records.at(-1)?.reference}`))
    assert.equal((await refusalOf(client(door, proxy, 'proxy', { protocolVersion: 4 }))).code, 5)
    assert.equal(broker.log().includes('New client connected'), false)
  })

  test('the broker is told who called, and no password', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const it = await joined(client(door, bob, 'bob:1', { username: 'root', password: 'secret' }))
    assert.match(broker.log(), /New client connected from .* as bob:1 \(p5, c1, k60, u'bob'\)/)
    it.end(true)
  })

  test('a broker that is away is said to be, and the next caller finds it again', async () => {
    const broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    await broker.stop()
    const { code, text } = await refusalOf(client(door, alice, 'alice'))
    assert.equal(code, 0x88)
    assert.match(text, /ERR_DOOR_UPSTREAM, M-/)
    assert.equal((await refusalOf(client(door, alice, 'alice', { protocolVersion: 4 }))).code, 3)
    await broker[Symbol.asyncDispose]()
  })

  test('what was subscribed to before is not heard once a rule has gone', async () => {
    await using broker = await startMosquitto()
    const may: Record<string, '*' | string[]> = { alice: '*', carol: ['watcher'] }
    await using door = await openTestMqttDoor({ path: broker.path }, accessFor(may))
    const kept = { clean: false, properties: { sessionExpiryInterval: 600 } } as const
    const first = await joined(client(door, carol, 'carol', kept))
    await first.subscribeAsync(['alarms/+/state', 'news/#'], { qos: 2 })
    first.end(true)
    await closed(first)
    may['carol'] = []
    const from = await joined(client(door, alice, 'alice'))
    for (const qos of [0, 1, 2] as const) await from.publishAsync('alarms/hall/state', 'secret', { qos })
    await from.publishAsync('news/x', 'for all', { qos: 2 })
    const again = client(door, carol, 'carol', kept)
    const heard = heardBy(again)
    await joined(again)
    await until(() => heard.length > 0, 'what may be heard is heard')
    await from.publishAsync('news/x', 'and again', { qos: 2 })
    await until(() => heard.length > 1, 'the session goes on')
    assert.deepEqual(
      heard.map(({ text }) => text),
      ['for all', 'and again'],
    )
    for (const it of [again, from]) it.end(true)
  })
})
