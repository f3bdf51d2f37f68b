// Octets that are no packets, or too large, or come when they may not.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { generate, type Packet, parser } from 'mqtt-packet'
import { startMosquitto, withMosquitto } from '../../../../tools/testing/mosquitto.ts'
import { survive } from '../../../../tools/testing/mutations.ts'
import { CALLERS, until } from '../../../../tools/testing/web-house.ts'
import { createFrames, createReader, PacketError, readHead, writePacket } from '../../src/mqtt/packets.ts'
import { accessFor, client, dial, joined, openTestMqttDoor } from './support.ts'

const { alice, bob } = CALLERS
const WHO = accessFor({ alice: '*', bob: [] })
const V5 = { protocolVersion: 5 } as const
const connect = (clientId: string, version: 4 | 5 = 5): Packet => ({
  ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: version, clientId, clean: true, keepalive: 60 },
})
const octetsOf = (packet: Packet) => generate(packet, V5)
const publish = (topic: string, more: Partial<Extract<Packet, { cmd: 'publish' }>> = {}): Packet => ({
  ...{ cmd: 'publish', topic, payload: 'x', qos: 0, retain: false, dup: false, ...more },
})

/** Everything that comes until the door closes. */
async function packetsOf(socket: TLSSocket): Promise<readonly Packet[]> {
  const got: Packet[] = []
  const reader = parser(V5)
  reader.on('packet', (packet: Packet) => got.push(packet))
  socket.on('data', (chunk: Buffer) => reader.parse(chunk))
  if (!socket.closed) await new Promise<void>((resolve) => void socket.once('close', () => resolve()))
  return got
}
const pick = (packets: readonly Packet[]) =>
  packets.map(({ cmd, ...rest }) => [cmd, (rest as { reasonCode?: number }).reasonCode])

suite('octets that are none of MQTT', withMosquitto, () => {
  test('before CONNECT nothing can be said: the connection ends, and the record says why', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    for (const [name, octets] of [
      ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
      ['PINGREQ', octetsOf({ cmd: 'pingreq' })],
      ['a length of five octets', Buffer.from('10ffffffffff01', 'hex')],
      ['no known version', Buffer.from('101000044d5154540902003c000000036162630000', 'hex')],
      ['a set reserved flag', Buffer.from('100f00044d51545404030000000361626300', 'hex')],
      ['a field that is longer than its packet', Buffer.from('100d00044d51545404020000ffff61', 'hex')],
      ['PUBLISH', octetsOf(publish('jobs'))],
    ] as const) {
      const before = door.amended.length
      const socket = await dial(door, bob)
      socket.write(octets)
      assert.deepEqual(await packetsOf(socket), [], name)
      await until(() => door.amended.length > before, `it is noted: ${name}`)
      assert.equal(door.amended.at(-1)?.troubles?.[0]?.code, 'ERR_MQTT_PACKET', name)
    }
    assert.doesNotMatch(broker.log(), /New client connected/)
  })

  test('a packet that comes when it may not ends the connection with a reason', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO, { maxPacketOctets: 1000 })
    for (const [name, octets, reason] of [
      ['CONNECT again', octetsOf(connect('bob')), 0x82],
      ['CONNACK', octetsOf({ cmd: 'connack', sessionPresent: false, reasonCode: 0 }), 0x82],
      ['AUTH', octetsOf({ cmd: 'auth', reasonCode: 0x18, properties: { authenticationMethod: 'x' } }), 0x82],
      ['an alias', octetsOf(publish('jobs', { properties: { topicAlias: 1 } })), 0x82],
      ['no topic', Buffer.from('300400000078', 'hex'), 0x82],
      ['a packet that is too large', octetsOf(publish('jobs', { payload: 'x'.repeat(1000) })), 0x95],
      ['the length of one', Buffer.from('30ffffff7f', 'hex'), 0x95],
      ['flags of a subscription', Buffer.from('800a000100000469' + '6f6273ff', 'hex'), 0x81],
    ] as const) {
      const socket = await dial(door, bob)
      socket.write(Buffer.concat([octetsOf(connect('bob')), octets]))
      const said = pick(await packetsOf(socket))
      assert.deepEqual(said.at(-1), ['disconnect', reason], name)
    }
    // What may not be said in a filter.
    const socket = await dial(door, bob)
    const filters = ['own/bo+/x', 'own/bob/#/x', '$share/jobs', '', 'own/bob/\0']
    socket.write(octetsOf(connect('bob')))
    for (const [i, topic] of filters.entries())
      socket.write(octetsOf({ cmd: 'subscribe', messageId: i + 1, subscriptions: [{ topic: topic || 'x', qos: 0 }] }))
    socket.end(octetsOf({ cmd: 'disconnect', reasonCode: 0 }))
    const acks = (await packetsOf(socket)).filter(({ cmd }) => cmd === 'suback')
    assert.deepEqual(
      acks.map((packet) => (packet as { granted: number[] }).granted),
      filters.map(() => [0x87]),
    )
  })

  test('an enhanced authentication is not entered into, nor an older version', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const one = await dial(door, bob)
    one.write(generate({ ...connect('bob'), properties: { authenticationMethod: 'SCRAM' } } as Packet, V5))
    assert.deepEqual(pick(await packetsOf(one)), [['connack', 0x8c]])
    const old = await dial(door, bob)
    old.write(Buffer.from('100f00064d514973647003020000000162', 'hex').fill(0x0f, 1, 2))
    old.write(Buffer.alloc(0))
    let octets = Buffer.alloc(0)
    old.on('data', (chunk: Buffer) => {
      octets = Buffer.concat([octets, chunk])
    })
    await once(old, 'close')
    assert.equal(octets.toString('hex'), '20020001')
  })

  test('packets in single octets, and many in one write, are the same', async () => {
    await using broker = await startMosquitto()
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const all = Buffer.concat([
      octetsOf(connect('bob')),
      octetsOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'own/bob/#', qos: 1 }] }),
      octetsOf(publish('own/bob/x', { qos: 1, messageId: 2 })),
    ])
    for (const size of [1, 7, all.length]) {
      const socket = await dial(door, bob)
      const kinds: string[] = []
      const reader = parser(V5)
      reader.on('packet', ({ cmd }: Packet) => kinds.push(cmd))
      socket.on('data', (chunk: Buffer) => reader.parse(chunk))
      for (let at = 0; at < all.length; at += size) socket.write(all.subarray(at, at + size))
      await until(() => kinds.length === 4, 'answers come')
      assert.deepEqual(kinds.toSorted(), ['connack', 'puback', 'publish', 'suback'], `${size} at once`)
      socket.destroy()
    }
  })

  test('a caller that reads nothing does not make the door keep everything', async () => {
    await using broker = await startMosquitto(['max_queued_messages 0'])
    await using door = await openTestMqttDoor({ path: broker.path }, WHO)
    const slow = await dial(door, alice)
    slow.write(octetsOf(connect('alice')))
    await once(slow, 'data')
    slow.write(octetsOf({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'jobs', qos: 0 }] }))
    await once(slow, 'data')
    slow.pause()
    const from = await joined(client(door, bob, 'bob'))
    const payload = Buffer.alloc(64 * 1024)
    const used = () => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed
    const before = used()
    for (let i = 0; i < 2000; i++) await from.publishAsync('jobs', payload, { qos: 1 })
    assert.ok(used() - before < 64 * 1024 * 1024, `${Math.round((used() - before) / 2 ** 20)} MB of 125`)
    slow.destroy()
    from.end(true)
  })
})

test('whatever is taken for a packet is written as it was understood, and understood so again', () => {
  const seeds = [
    connect('alice'),
    {
      ...connect('alice'),
      will: {
        topic: 'own/alice/will',
        payload: Buffer.from('x'),
        qos: 1,
        retain: true,
        properties: { willDelayInterval: 5 },
      },
    },
    publish('a/b', {
      qos: 2,
      messageId: 7,
      properties: { responseTopic: 'c', correlationData: Buffer.from('d'), userProperties: { a: 'b' } },
    }),
    {
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: [{ topic: 'a/#', qos: 1, nl: true, rap: true, rh: 1 }],
      properties: { subscriptionIdentifier: 145 },
    },
    { cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['a/#', 'b'] },
    { cmd: 'puback', messageId: 3, reasonCode: 16, properties: { reasonString: 'why' } },
    { cmd: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 3 } },
  ] as readonly Packet[]
  survive({
    seeds: seeds.map((packet) => octetsOf(packet)),
    isDeclared: (error) => error instanceof PacketError,
    again(octets) {
      const [frame] = createFrames(4096, (octets[0] ?? 0) >> 4).take(Buffer.from(octets))
      if (frame === undefined) throw new PacketError('ERR_MQTT_PACKET', 'not whole')
      const packet = createReader(5)(frame)
      if (packet.cmd === 'publish') {
        // What is looked at without the library is what the library reads.
        const { topic, retain, qos, messageId } = readHead(frame)
        assert.deepEqual(
          [topic, retain, qos, messageId],
          [packet.topic, packet.retain, packet.qos, packet.messageId ?? 0],
        )
      }
      const written = writePacket(packet, 5)
      return [written, writePacket(createReader(5)(written), 5)]
    },
  })
})
