// Octets that nobody asked for, at every listener of a real house: before TLS, after it, and at the administration socket.
// Each connection ends, what is answered is a refusal, and the house goes on: nobody else notices.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { badBodies, badHellos, badRequests, exchange, type Named, noise, post } from './support/bad-octets.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'

/** A handshake has 10 s and so has a request's head; the authority looks every 5 s. */
const MAX_WAIT_MS = 17_000

suite('octets that nobody asked for', () => {
  let house: RunningHouse
  let alice: { readonly cert: Buffer; readonly key: Buffer }
  let door: number
  let authority: number

  before(async () => {
    house = await startHouse()
    const { certificate, key } = await enrolled(house, 'alice')
    alice = { cert: await readFile(certificate), key: await readFile(key) }
    door = Number(new URL(house.ready.doors[0]?.url ?? '').port)
    authority = Number(new URL(house.ready.authority.url).port)
  })
  after(() => house[Symbol.asyncDispose]())

  const raw = (port: number) => async () => connect({ port, host: '127.0.0.1' })
  const local = async () => connect({ path: join(house.data, 'admin.sock') })
  /** Our side does not judge here who answers: it is the house's that is tested. */
  const throughTls = (port: number, identity: object) => async () => {
    const servername = port === door ? 'hello.localhost' : 'authority.localhost'
    const ca = await readFile(house.ready.trust)
    const socket = connectTls({ port, host: '127.0.0.1', servername, ca, ...identity })
    await once(socket, 'secureConnect')
    return socket
  }

  /** Sends each of `inputs` on a connection of its own, some at a time. Answers what came back. */
  async function bombard(open: () => Promise<Socket>, inputs: Named): Promise<ReadonlyMap<string, string>> {
    const answers = new Map<string, string>()
    const left = Object.entries(inputs)
    const one = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const [name, octets] = next
        const answer = await exchange(await open(), octets).catch((cause: unknown) => {
          throw new Error(name, { cause })
        })
        answers.set(name, answer)
      }
    }
    await Promise.all(Array.from({ length: 8 }, one))
    return answers
  }

  /** Whatever was answered is a refusal of what had come, and what came whole was answered. */
  async function assertRefused(open: () => Promise<Socket>, inputs: Named): Promise<void> {
    for (const [name, answer] of await bombard(open, inputs)) {
      // Longer ones are still arriving when the connection is closed, which may take the answer with it.
      const length = inputs[name]?.length ?? 0
      const whole = length > 0 && length < 5_000 && name !== 'chunks that are none'
      if (whole || answer !== '') assert.match(answer, /^HTTP\/1\.1 4\d\d /, name)
    }
  }

  async function assertGoesOn(): Promise<void> {
    assert.equal(house.process.exitCode, null, house.stderr())
    assert.equal(house.stderr(), '')
    const bugs = house.events.filter(({ event }) => /\.failed$|fault|unusable/.test(String(event)))
    assert.deepEqual(bugs, [])
    // A request for another host is one refusal, and what follows it on the connection may be another.
    const refused = house.events
      .filter(({ event }) => event === 'request.refused')
      .map(({ reference, code }) => `${reference} ${code}`)
    assert.equal(
      new Set(refused).size,
      refused.length,
      'a connection is refused once for one cause, however much it sends',
    )
    const met = await house.run(['meet', house.ready.doors[0]?.url ?? '', '--identity', join('parties', 'alice')])
    assert.equal(met.code, 0, met.stdout + met.stderr)
  }

  test('in place of TLS, at the door and at the authority', async () => {
    const hellos = { ...noise(), ...(await badHellos()) }
    // RFC 9846 §5.1: a record of type alert or handshake; or nothing.
    for (const port of [door, authority])
      for (const [name, answer] of await bombard(raw(port), hellos))
        assert.ok(['', '\x15\x03', '\x16\x03'].includes(answer.slice(0, 2)), name)
    await assertGoesOn()
  })

  test('in place of HTTP, in a connection of a party and in one of nobody', async () => {
    const requests = { ...noise(), ...badRequests() }
    for (const port of [door, authority])
      for (const identity of [alice, {}]) await assertRefused(throughTls(port, identity), requests)
    await assertGoesOn()
  })

  test('in place of HTTP, at the administration socket', async () => {
    await assertRefused(local, { ...noise(), ...badRequests() })
    await assertGoesOn()
  })

  test('in place of what the authority asks for: each is refused', async () => {
    const bodies = Object.entries(badBodies())
    const requests = (...paths: readonly string[]): Named =>
      Object.fromEntries(
        paths.flatMap((path) => bodies.map(([name, body]) => [`${path}: ${name}`, post(path, body)] as const)),
      )
    await assertRefused(local, requests('/v1/invitations', '/v1/revocations'))
    await assertRefused(throughTls(authority, {}), requests('/enroll', '/renew'))
    await assertRefused(throughTls(authority, alice), requests('/enroll', '/renew', '/v1/invitations'))
    await assertGoesOn()
  })

  test('none at all, or one now and then: no listener waits for ever, and others are served meanwhile', async () => {
    const listeners = {
      'the door, before TLS': raw(door),
      'the door, after it': throughTls(door, alice),
      'the authority, before TLS': raw(authority),
      'the authority, after it': throughTls(authority, alice),
      'the socket': local,
    }
    const closing = Object.entries(listeners).flatMap(([name, open]) =>
      [false, true].map(async (drips) => {
        const socket = await open()
        socket.on('error', () => socket.destroy()).resume()
        // A record or a request that comes octet by octet, and is never whole.
        const begun = name.endsWith('before TLS') ? '\x16\x03\x01\x02\x00\x01\x00\x01\xfc' : 'GET / HTTP/1.1\r\nx: '
        const octets = Buffer.from(begun.padEnd(200, 'a'), 'latin1')
        let sent = 0
        const timer = setInterval(() => drips && socket.write(octets.subarray(sent, ++sent)), 250)
        const late = setTimeout(() => socket.destroy(new Error('late')), MAX_WAIT_MS)
        let failure: Error | undefined
        socket.once('error', (error) => {
          failure = error
        })
        await once(socket, 'close')
        clearInterval(timer)
        clearTimeout(late)
        assert.notEqual(failure?.message, 'late', `${name}, ${drips ? 'drop by drop' : 'silent'}: still open`)
      }),
    )
    await assertGoesOn()
    await Promise.all(closing)
    await assertGoesOn()
  })
})
