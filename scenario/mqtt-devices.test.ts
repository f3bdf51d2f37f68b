// Devices and scripts by mosquitto's own clients, and a mosquitto of somebody's as a bridge, through the door of a whole house
// to a mosquitto behind it; both sides' view.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { needs } from '../interop/peer.ts'
import { type Mosquitto, startMosquitto, withMosquitto } from '../tools/testing/mosquitto.ts'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { revokeNow } from './support/administer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled, type PartyFiles, partyFiles, runProgram, type Seen } from './support/peers.ts'

const POLICY = `
meet:
  - {rule: devices connect, who: kind:device, what: service:devices}
  - {rule: staff read, who: group:staff, what: service:devices | service:readings}
  - {rule: the bridge, who: party:bridge, what: service:devices | service:readings | service:everything}
`
const PARTIES = {
  ...Object.fromEntries(['pump', 'valve', 'meter', 'swarm', 'gone'].map((name) => [name, { kind: 'device' }])),
  alice: { kind: 'person', labels: ['group:staff'] },
  bridge: { kind: 'service' },
}
const TOPICS = [
  { filter: 'sensors/{party}/#', publish: true, retain: true, subscribe: true, retained: 'clear' },
  { filter: 'sensors/#', subscribe: 'readings' },
  { filter: 'elsewhere/#', publish: 'everything' },
]
const REFERENCE = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/
/** The goal of the door. */
const LAST_OCTET_MS = 100

suite('the door for devices', {
  ...withMosquitto,
  ...needs('mosquitto_sub', 'mosquitto-clients'),
  ...needs('stdbuf', 'coreutils'),
}, () => {
  let scratch: string
  let broker: Mosquitto
  let house: RunningHouse
  let port: number
  const clients: MqttClient[] = []
  const parties: Record<string, PartyFiles> = {}
  const of = (name: string): PartyFiles => parties[name] ?? assert.fail(name)

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'countersign-mqtt-'))
    broker = await startMosquitto()
    await writeFile(join(scratch, 'policy.yaml'), POLICY)
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: join(scratch, 'policy.yaml'),
        parties: PARTIES,
        doors: [
          {
            ...{ name: 'devices', kind: 'mqtt', host: ['127.0.0.1', 'mqtt.localhost'], listen: '127.0.0.1:0' },
            ...{ broker: `unix:${broker.path}`, topics: TOPICS },
          },
        ],
      },
    })
    port = Number(new URL(house.ready.doors[0]?.url ?? '').port)
    for (const name of Object.keys(PARTIES)) parties[name] = await enrolled(house, name)
    parties['stranger'] = await enrolled(house, 'stranger')
  })
  after(async () => {
    // Whoever comes again and again would keep the process of the tests.
    for (const client of clients) client.end(true)
    await house?.[Symbol.asyncDispose]()
    await broker?.[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
  })

  const argsOf = (party: string, version: Version, files = of(party), id = party) => [
    ...[
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '--cafile',
      files.trust,
      '--cert',
      files.certificate,
      '--key',
      files.key,
    ],
    ...['-V', version, '-i', id],
  ]
  type Version = 'mqttv311' | 'mqttv5'
  const publish = (party: string, version: Version, ...more: string[]): Promise<Seen> =>
    runProgram('mosquitto_pub', [...argsOf(party, version), ...more])

  /** A mosquitto_sub that goes on; its lines as they come. */
  function subscribe(party: string, version: Version, ...more: string[]): Listener {
    const child = spawn('stdbuf', ['-oL', 'mosquitto_sub', ...argsOf(party, version), '-d', '-F', '%t %p', ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return listenerOf(child)
  }

  for (const version of ['mqttv311', 'mqttv5'] as const)
    test(`${version}: what a device publishes reaches who may read it, and is under its own name`, async () => {
      await using reader = subscribe('alice', version, '-t', 'sensors/#', '-q', '1')
      await reader.says(/Subscribed|SUBACK/)
      const sent = await publish('pump', version, '-q', '1', '-t', 'sensors/pump/hall', '-m', '21.5')
      assert.equal(sent.code, 0, sent.stderr)
      await reader.says(/^sensors\/pump\/hall 21\.5$/m)
      const met = await house.event((event) => event['event'] === 'meeting' && event['caller'] === 'pump')
      assert.equal(met['door'], 'devices')
      const { stdout } = await house.run(['sessions', '--json'])
      assert.match(stdout, /"alice"/)
    })

  test('what may not be published: its sender is told in MQTT 5, and the reference leads to the record', async () => {
    await using reader = subscribe('alice', 'mqttv5', '-t', 'sensors/#')
    await reader.says(/SUBACK/)
    const denied = await publish('pump', 'mqttv5', '-d', '-q', '1', '-t', 'sensors/valve/hall', '-m', 'forged')
    assert.match(denied.stdout + denied.stderr, /Not authorized|135/)
    const event = await house.event(({ event, about }) => event === 'mqtt.refused' && about === 'sensors/valve/hall')
    assert.equal(event['code'], 'ERR_MQTT_TOPIC')
    const why = await house.run(['why', String(event['reference'])])
    assert.match(why.stdout, /pump, issued by/)
    assert.match(why.stdout, /ERR_MQTT_TOPIC/)
    // 3.1.1 has no word for it: the connection ends before the acknowledgement.
    const old = await publish('pump', 'mqttv311', '-d', '-q', '1', '-t', 'sensors/valve/hall', '-m', 'forged')
    assert.doesNotMatch(old.stdout, /received PUBACK/)
    await publish('pump', 'mqttv5', '-q', '1', '-t', 'sensors/pump/last', '-m', 'true')
    await reader.says(/^sensors\/pump\/last true$/m)
    assert.doesNotMatch(reader.said(), /forged/)
  })

  test('what may not be heard: each filter in its place, wildcards and those of the broker too', async () => {
    for (const filter of ['#', '+/+/+', 'sensors/valve/x', '$SYS/#', '$share/g/sensors/#', 'sensors/+/x'])
      for (const version of ['mqttv311', 'mqttv5'] as const) {
        const { stdout, stderr } = await runProgram('mosquitto_sub', [
          ...argsOf('pump', version),
          '-W',
          '2',
          '-E',
          '-d',
          '-t',
          filter,
        ])
        assert.match(
          stdout + stderr,
          version === 'mqttv5' ? /135|[Nn]ot authorized/ : /Subscribed \(mid: \d+\): 128/,
          `${version} ${filter}`,
        )
      }
  })

  test('a client identifier of another is refused, and its owner notices nothing', async () => {
    await using owner = subscribe('valve', 'mqttv5', '-t', 'sensors/valve/#')
    await owner.says(/SUBACK/)
    for (const version of ['mqttv311', 'mqttv5'] as const) {
      const thief = await runProgram('mosquitto_pub', [
        ...argsOf('pump', version, of('pump'), 'valve'),
        '-q',
        '1',
        '-t',
        'sensors/pump/x',
        '-m',
        'x',
      ])
      assert.notEqual(thief.code, 0)
      assert.match(thief.stderr, /identifier|Client Identifier not valid/i)
    }
    await publish('valve', 'mqttv5', '-i', 'valve:2', '-q', '1', '-t', 'sensors/valve/state', '-m', 'open')
    await owner.says(/^sensors\/valve\/state open$/m)
    assert.doesNotMatch(owner.said(), /Disconnect|CONNECT .*CONNECT/i)
  })

  test('who is of no rule, of another authority, or has no certificate gets no further', async () => {
    const denied = await publish('stranger', 'mqttv5', '-t', 'x', '-m', 'x')
    assert.match(denied.stderr, /Not authorized/)
    assert.match((await publish('stranger', 'mqttv311', '-t', 'x', '-m', 'x')).stderr, /[Nn]ot authori[sz]ed/)
    const foreign = createIssuer('Elsewhere')
    const names = [{ kind: 'uniformResourceIdentifier', value: 'spiffe://house.localhost/pump' }] as const
    const { cert, key } = pemOf(issueLeaf(foreign, 'pump', { names, purpose: 'clientAuth' }))
    const files = { ...of('pump'), certificate: join(scratch, 'foreign.pem'), key: join(scratch, 'foreign.key') }
    await writeFile(files.certificate, cert)
    await writeFile(files.key, key)
    const forged = await runProgram('mosquitto_pub', [
      ...argsOf('pump', 'mqttv5', files),
      '-t',
      'sensors/pump/x',
      '-m',
      'x',
    ])
    assert.notEqual(forged.code, 0)
    await house.event(({ event, code }) => event === 'meeting' && code === 'ERR_CALLER_UNKNOWN_ISSUER')
    // And the other way: a device that believes another authority sends nothing.
    await writeFile(join(scratch, 'other.pem'), pemOf(foreign).cert)
    const wary = await runProgram('mosquitto_pub', [
      ...argsOf('pump', 'mqttv5', { ...of('pump'), trust: join(scratch, 'other.pem') }),
      '-t',
      'x',
      '-m',
      'x',
    ])
    assert.match(wary.stderr, /certificate verify failed|TLS/i)
    const bare = await runProgram('mosquitto_pub', [
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '--cafile',
      of('pump').trust,
      '-V',
      'mqttv5',
      '-i',
      'pump',
      '-t',
      'x',
      '-m',
      'x',
    ])
    assert.notEqual(bare.code, 0)
  })

  test('a reason is in the words of the door, with its reference, for clients that show it', async () => {
    const reasonTo = async (party: string, more: Partial<IClientOptions> = {}): Promise<string> => {
      const it = await clientOf(party, more)
      const { promise, resolve } = Promise.withResolvers<string>()
      it.on('error', () => undefined).on('packetreceive', (packet) => {
        if (packet.cmd === 'connack') resolve(packet.properties?.reasonString ?? '')
      })
      const reason = await promise
      it.end(true)
      return reason
    }
    assert.match(await reasonTo('stranger'), /no rule lets .*\(ERR_POLICY_NOT_ALLOWED, M-/)
    const reason = await reasonTo('pump', { clientId: 'valve' })
    assert.match(reason, /the client identifier is not yours \(ERR_MQTT_CLIENT_ID, M-/)
    const why = await house.run(['why', REFERENCE.exec(reason)?.[0] ?? ''])
    assert.match(why.stdout, /ERR_MQTT_CLIENT_ID/)
  })

  test('a renewed certificate goes on with the session of the one before', async () => {
    await using first = subscribe('meter', 'mqttv311', '-c', '-q', '1', '-t', 'sensors/meter/orders')
    await first.says(/SUBACK/)
    await first.stop()
    const invited = await house.run(['invite', 'meter'])
    assert.equal((await house.run(['enroll', invited.stdout.trim(), '--out', join(scratch, 'meter-2')])).code, 0)
    await publish('meter', 'mqttv5', '-i', 'meter:2', '-q', '1', '-t', 'sensors/meter/orders', '-m', 'meanwhile')
    const child = spawn(
      'stdbuf',
      [
        '-oL',
        'mosquitto_sub',
        ...argsOf('meter', 'mqttv311', partyFiles(join(scratch, 'meter-2'))),
        '-c',
        '-q',
        '1',
        '-C',
        '1',
        '-t',
        'sensors/meter/orders',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    await using again = listenerOf(child)
    await again.says(/^meanwhile$/m)
  })

  test('a mosquitto as a bridge brings what is allowed, and takes what it may hear', async () => {
    const own = join(scratch, 'bridge')
    // It reads them after it has become nobody.
    await cp(of('bridge').directory, own, { recursive: true })
    const { certificate, key, trust } = partyFiles(own)
    await runProgram('chown', ['-R', 'nobody', scratch])
    await using other = await startMosquitto([
      ...['connection house', `address 127.0.0.1:${port}`, 'remote_clientid bridge', 'cleansession true'],
      ...['notifications false', 'bridge_protocol_version mqttv311', 'try_private false'],
      ...[`bridge_cafile ${trust}`, `bridge_certfile ${certificate}`, `bridge_keyfile ${key}`],
      ...['topic elsewhere/# out 1', 'topic sensors/# in 1', 'topic forbidden/# out 1'],
    ])
    const beside = await openPlain(other.path)
    const heard: string[] = []
    beside.on('message', (topic, payload) => heard.push(`${topic} ${payload}`))
    await beside.subscribeAsync('sensors/#')
    await house.event(({ event, caller }) => event === 'meeting' && caller === 'bridge')
    for (const end = performance.now() + 10_000; heard.length === 0 && performance.now() < end; )
      await publish('pump', 'mqttv5', '-q', '1', '-t', 'sensors/pump/bridged', '-m', 'here')
    assert.equal(heard[0], 'sensors/pump/bridged here')
    const inside = await openPlain(broker.path)
    const come: string[] = []
    inside.on('message', (topic, payload) => come.push(`${topic} ${payload}`))
    await inside.subscribeAsync(['elsewhere/#', 'forbidden/#'])
    await beside.publishAsync('elsewhere/x', 'over', { qos: 1 })
    for (const end = performance.now() + 10_000; come.length === 0 && performance.now() < end; )
      await new Promise((next) => setTimeout(next, 20))
    assert.deepEqual(come, ['elsewhere/x over'])
    await beside.publishAsync('forbidden/x', 'over', { qos: 1 })
    await house.event(({ event, about }) => event === 'mqtt.refused' && about === 'forbidden/x')
    assert.deepEqual(come, ['elsewhere/x over'])
    for (const one of [beside, inside]) one.end(true)
  })

  test('revoked while subscribed: cut at once, its will unsent, what is kept of it gone; the others go on', async () => {
    await using colleague = subscribe('alice', 'mqttv5', '-q', '1', '-t', 'sensors/#')
    await colleague.says(/SUBACK/)
    await publish('gone', 'mqttv5', '-i', 'gone:1', '-r', '-q', '1', '-t', 'sensors/gone/state', '-m', 'on')
    await using it = subscribe(
      'gone',
      'mqttv5',
      '-q',
      '1',
      '-t',
      'sensors/gone/#',
      '--will-topic',
      'sensors/gone/will',
      '--will-payload',
      'lost',
    )
    await it.says(/^sensors\/gone\/state on$/m)
    const receipt = await revokeNow(house, 'gone')
    assert.deepEqual(
      receipt.cuts.map(({ party, door }) => [party, door]),
      [['gone', 'devices']],
    )
    const last = receipt.cuts[0]?.lastOctetAt.epochMilliseconds ?? Number.POSITIVE_INFINITY
    assert.ok(last - receipt.calledAt < LAST_OCTET_MS, `last octet ${last - receipt.calledAt} ms after the call`)
    await house.event(({ event, messages }) => event === 'mqtt.cleared' && messages === 1)
    const back = await publish('gone', 'mqttv5', '-t', 'sensors/gone/state', '-m', 'back')
    assert.match(back.stderr, /Not authorized/)
    await house.event(
      ({ event, code, caller }) => event === 'meeting' && code === 'ERR_CALLER_REVOKED' && caller === 'gone',
    )
    await publish('pump', 'mqttv5', '-q', '1', '-t', 'sensors/pump/after', '-m', 'all')
    await colleague.says(/^sensors\/pump\/after all$/m)
    assert.doesNotMatch(colleague.said(), /lost|back/)
    const kept = await runProgram('mosquitto_sub', [
      ...argsOf('alice', 'mqttv5', of('alice'), 'alice:2'),
      '-W',
      '1',
      '-t',
      'sensors/gone/#',
      '--retained-only',
    ])
    assert.equal(kept.stdout, '')
  })

  test('a thousand at once are all let in', async () => {
    const all = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const one = await clientOf('swarm', { clientId: `swarm:${i}`, connectTimeout: 60_000, reconnectPeriod: 500 })
        // As devices do: who found no room comes again.
        one.on('error', () => undefined)
        await new Promise<void>((resolve) => void one.once('connect', () => resolve()))
        return one
      }),
    )
    const { stdout } = await house.run(['sessions', '--json'])
    assert.ok((stdout.match(/"swarm"/g) ?? []).length >= 1000)
    await Promise.all(all.map((one, i) => one.publishAsync(`sensors/swarm/${i}`, 'x', { qos: 1 })))
    for (const one of all) one.end(true)
  })

  test('the broker away, and back', async () => {
    await broker.stop()
    const away = await publish('pump', 'mqttv5', '-t', 'sensors/pump/x', '-m', 'x')
    assert.match(away.stderr, /Server unavailable|unavailable/i)
    const event = await house.event((event) => event['event'] === 'upstream.failed')
    assert.equal(event['code'], 'ERR_DOOR_UPSTREAM')
    assert.notEqual((await publish('pump', 'mqttv311', '-t', 'sensors/pump/x', '-m', 'x')).code, 0)
  })

  async function clientOf(party: string, more: Partial<IClientOptions> = {}): Promise<MqttClient> {
    const { trust, certificate, key } = of(party)
    const [ca, cert, secret] = await Promise.all([trust, certificate, key].map((file) => readFile(file)))
    const options: IClientOptions = {
      ...{
        protocol: 'mqtts',
        host: '127.0.0.1',
        port,
        ...(ca && { ca }),
        ...(cert && { cert }),
        ...(secret && { key: secret }),
      },
      ...{ clientId: party, protocolVersion: 5, reconnectPeriod: 0, ...more },
    }
    const client = mqtt.connect(options)
    clients.push(client)
    return client
  }
})

/** As somebody beside the door, whom its rules do not reach. */
async function openPlain(path: string): Promise<MqttClient> {
  const it = new mqtt.MqttClient(() => connect({ path }), { reconnectPeriod: 0 })
  await new Promise<void>((resolve, reject) => void it.once('connect', () => resolve()).once('error', reject))
  return it
}

interface Listener extends AsyncDisposable {
  said(): string
  says(what: RegExp): Promise<void>
  stop(): Promise<void>
}

function listenerOf(child: ChildProcess): Listener {
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close')
  const stop = async () => {
    child.kill()
    await ended
  }
  return {
    said: () => said,
    async says(what) {
      for (const end = performance.now() + 10_000; !what.test(said); await new Promise((next) => setTimeout(next, 20)))
        if (performance.now() > end) throw new Error(`it did not say ${what}: ${said}`)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
