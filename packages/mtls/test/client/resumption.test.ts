// A resumed meeting is judged like every other, on the certificates that were kept with it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { connect } from '../../src/client/connect.ts'
import { createResumptionStore } from '../../src/client/resumption.ts'
import { createIdentity } from '../../src/identity/create.ts'
import type { ConnectOptions } from '../../src/model.ts'
import { startCallee } from '../support/callee.ts'
import { createRoot, dns, issueLeaf, NOW, spkiSha256, uri } from '../support/pki.ts'
import { door, issuing, optionsFor, refusedBy, root, trustOf } from '../support/world.ts'

/** Meets and waits for the ticket. */
async function meet(options: ConnectOptions) {
  const { socket, meeting } = await connect(options)
  const done = once(socket, 'close')
  socket.resume()
  await done
  return meeting
}

const greet = { onMet: (socket: TLSSocket) => socket.end('hello') }

suite('resumption', () => {
  test('as many meetings are resumed as the callee gave tickets, each ticket once', async () => {
    await using callee = await startCallee(door, greet)
    const options = { ...optionsFor(callee.port), resumption: createResumptionStore() }
    const resumed: boolean[] = []
    for (let i = 0; i < 4; i++) resumed.push((await meet(options)).resumed)
    // A full handshake of Node's server brings two tickets, a resumed one none.
    assert.deepEqual(resumed, [false, true, true, false])
  })

  test('records of a resumed meeting show the callee as before', async () => {
    await using callee = await startCallee(door, greet)
    const options = { ...optionsFor(callee.port), resumption: createResumptionStore() }
    const [first, second] = [await meet(options), await meet(options)]
    assert.deepEqual(second.callee, first.callee)
    assert.deepEqual(second.steps[2].evidence, first.steps[2].evidence)
    assert.notEqual(second.reference, first.reference)
  })

  test('whoever was revoked meanwhile is refused, and so is who has expired', async () => {
    const short = issueLeaf(issuing, 'door', { names: [dns('door.localhost')], notAfter: NOW.add({ minutes: 5 }) })
    await using callee = await startCallee(short, greet)
    const options = { ...optionsFor(callee.port), resumption: createResumptionStore() }
    await meet(options)
    const expired = await refusedBy({ ...options, clock: () => NOW.add({ minutes: 6 }) })
    assert.equal(expired.code, 'ERR_CALLEE_EXPIRED')
    await meet(options)
    const [{ serialNumber }] = short.certificates
    const issuerSpkiSha256 = spkiSha256(issuing.certificate)
    options.trust.announce([{ issuerSpkiSha256, serialNumber, party: 'door', at: NOW, reason: 'keyCompromise' }], NOW)
    assert.equal((await refusedBy(options)).code, 'ERR_CALLEE_REVOKED')
  })

  test('a callee that renewed meanwhile is met in full, not refused for what it was', async () => {
    const names = [dns('door.localhost')]
    const short = issueLeaf(issuing, 'door', { names, notAfter: NOW.add({ minutes: 5 }) })
    const ticketKeys = Buffer.alloc(48, 7)
    const resumption = createResumptionStore()
    // One label for both, as a door has it whatever its port.
    const shared = { resumption, door: 'door' }
    await using before = await startCallee(short, { ...greet, ticketKeys })
    const options = { ...optionsFor(before.port), ...shared }
    await meet(options)
    await using after = await startCallee(issueLeaf(issuing, 'door', { names }), { ...greet, ticketKeys })
    const meeting = await meet({
      ...optionsFor(after.port),
      ...shared,
      trust: options.trust,
      clock: () => NOW.add({ minutes: 6 }),
    })
    assert.equal(meeting.resumed, false)
  })

  const others: Readonly<Record<string, Partial<ConnectOptions>>> = {
    'another identity': {
      identity: createIdentity(issueLeaf(issuing, 'bob', { names: [uri('spiffe://acme.example/bob')] })),
    },
    'no identity': { identity: undefined as never },
    'another door': { door: 'elsewhere' },
    'another server name': { serverName: 'other.localhost' },
    'other protocols': { alpn: ['x'] },
  }
  for (const [name, change] of Object.entries(others))
    test(`never as ${name}`, async () => {
      await using callee = await startCallee(door, greet)
      const options = { ...optionsFor(callee.port), resumption: createResumptionStore() }
      await meet(options)
      assert.equal((await meet({ ...options, ...change } as ConnectOptions)).resumed, false)
      assert.equal((await meet(options)).resumed, true)
    })

  test('never under other anchors', async () => {
    await using callee = await startCallee(door, greet)
    const options = { ...optionsFor(callee.port), resumption: createResumptionStore() }
    await meet(options)
    const more = trustOf({ anchors: [root.certificate, createRoot('another').certificate] })
    assert.equal((await meet({ ...options, trust: more })).resumed, false)
  })

  test('a session is given out once, and the store is bounded', () => {
    const store = createResumptionStore(2)
    for (const key of ['a', 'b', 'c']) store.put(key, Buffer.from(key), [])
    for (let i = 0; i < 9; i++) store.put('b', Buffer.from(`b${i}`), [])
    assert.equal(store.take('a'), undefined)
    assert.equal(store.take('c')?.session.toString(), 'c')
    assert.equal(store.take('c'), undefined)
    const taken = Array.from({ length: 5 }, () => store.take('b')?.session.toString())
    assert.deepEqual(taken, ['b8', 'b7', 'b6', 'b5', undefined])
  })
})
