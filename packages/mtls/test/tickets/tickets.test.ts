// How long tickets can be used, and what is known of whoever comes with one.
import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import type { Certificate } from '@countersign/x509'
import { openTickets } from '../../src/tickets/shared-tickets.ts'
import { createTickets } from '../../src/tickets/tickets.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createIntermediate, createRoot, NOW } from '../support/pki.ts'

const root = createRoot('Acme Root')
const issuing = createIntermediate(root, 'Acme Issuing 1').certificate
const another = createIntermediate(root, 'Acme Issuing 2').certificate

/** As many different values as are asked for; only their octets matter here. */
function many(count: number): readonly Certificate[] {
  return Array.from({ length: count }, (_, i) => ({ ...issuing, der: Uint8Array.of(i >> 8, i & 0xff) }))
}

function steppingClock() {
  let now = NOW
  return {
    clock: () => now,
    set: (span: Temporal.DurationLike) => {
      now = NOW.add(span)
    },
  }
}

suite('tickets of one process', () => {
  test('have a key of 48 octets that nobody else has, and keep what was learned once', () => {
    const [one, other] = [createTickets(() => NOW), createTickets(() => NOW)]
    assert.equal(one.current().key.length, 48)
    assert.notDeepEqual(one.current().key, other.current().key)
    one.learn([issuing])
    one.learn([another, issuing])
    assert.deepEqual(one.current().issuers(), [issuing, another])
    assert.equal(one.current().refresh(), false)
    assert.deepEqual(other.current().issuers(), [])
  })

  for (const [when, span, stays] of [
    ['a minute later', { minutes: 1 }, true],
    ['shortly before eight hours', { hours: 7, minutes: 59 }, true],
    ['after eight hours', { hours: 8 }, false],
    ['after a step forward by a day', { hours: 24 }, false],
    ['after a step back by a day', { hours: -24 }, false],
  ] as const)
    test(`${when}, key and issuers are ${stays ? 'the same' : 'others'}`, () => {
      const { clock, set } = steppingClock()
      const tickets = createTickets(clock)
      tickets.learn([issuing])
      const { key } = tickets.current()
      set(span)
      assert.equal(tickets.current().key.equals(key), stays)
      assert.equal(tickets.current().issuers().length, stays ? 1 : 0)
    })

  test('where too many issuers are sent, no issuer is forgotten whose tickets can be used', () => {
    const tickets = createTickets(() => NOW)
    const { key } = tickets.current()
    tickets.learn(many(256))
    assert.ok(tickets.current().key.equals(key))
    assert.equal(tickets.current().issuers().length, 256)
    tickets.learn([another])
    assert.equal(tickets.current().key.equals(key), false)
    assert.deepEqual(tickets.current().issuers(), [another])
  })
})

suite('tickets in a directory', () => {
  const open = async (directory: string, clock = () => NOW) => {
    const events: string[] = []
    const tickets = await openTickets(directory, { clock, log: (event) => events.push(event) })
    return { ...tickets, events }
  }

  test('are the same for all who open it, and each finds what the others learned', async () => {
    await using scratch = await temporaryDirectory()
    const path = `${scratch.path}/tickets`
    const [one, other] = [await open(path), await open(path)]
    assert.ok(one.current().key.equals(other.current().key))
    one.learn([issuing])
    assert.deepEqual(other.current().issuers(), [])
    assert.equal(other.current().refresh(), true)
    assert.deepEqual(
      other
        .current()
        .issuers()
        .map(({ der }) => der),
      [issuing.der],
    )
    assert.equal(other.current().refresh(), false)
    assert.equal((await open(path)).current().issuers().length, 1)
  })

  test('are of one epoch again within a minute after one process had to begin another', async () => {
    await using scratch = await temporaryDirectory()
    const { clock, set } = steppingClock()
    const [one, other] = [await open(scratch.path, clock), await open(scratch.path, clock)]
    for (const one of await readdir(scratch.path)) assert.match(one, /^[0-9]{15}-/)
    set({ seconds: 10 })
    one.learn(many(257).slice(0, 256))
    one.learn([another])
    const { key } = one.current()
    assert.equal(other.current().key.equals(key), false)
    set({ seconds: 61 })
    assert.ok(other.current().key.equals(key))
    assert.ok(one.current().key.equals(key))
  })

  test('begin anew after eight hours, and what is over is taken away', async () => {
    await using scratch = await temporaryDirectory()
    const { clock, set } = steppingClock()
    const [one, other] = [await open(scratch.path, clock), await open(scratch.path, clock)]
    const { key } = one.current()
    set({ hours: 9 })
    assert.equal(one.current().key.equals(key), false)
    assert.ok(other.current().key.equals(one.current().key))
    assert.equal((await readdir(scratch.path)).length, 1)
  })

  test('can be read by nobody else, and are not taken from a directory that others may use', async () => {
    await using scratch = await temporaryDirectory()
    const path = `${scratch.path}/tickets`
    await open(path)
    const [epoch] = await readdir(path)
    assert.equal((await stat(path)).mode & 0o777, 0o700)
    assert.equal((await stat(`${path}/${epoch}/key`)).mode & 0o777, 0o600)
    await chmod(path, 0o750)
    await assert.rejects(open(path), { code: 'ERR_IDENTITY_MODE', file: path })
    await assert.rejects(open(`${path}/${epoch}/key`), { code: 'ERR_IDENTITY_WRITE' })
  })

  test('that cannot be used are told, and the process goes on with a key of its own', async () => {
    await using scratch = await temporaryDirectory()
    await open(scratch.path)
    const [epoch] = await readdir(scratch.path)
    const key = await readFile(`${scratch.path}/${epoch}/key`)
    await writeFile(`${scratch.path}/${epoch}/key`, key.subarray(0, 47))
    const damaged = await open(scratch.path)
    assert.deepEqual(damaged.events, ['tickets.alone'])
    assert.equal(damaged.current().key.length, 48)

    await writeFile(`${scratch.path}/${epoch}/key`, key)
    const { clock, set } = steppingClock()
    const gone = await open(scratch.path, clock)
    await rm(scratch.path, { recursive: true })
    gone.learn([issuing])
    assert.deepEqual(gone.current().issuers(), [issuing])
    assert.equal(gone.current().refresh(), false)
    set({ hours: 9 })
    assert.equal(gone.current().key.equals(key), false)
    assert.ok(gone.events.length >= 3 && gone.events.every((event) => event === 'tickets.alone'))
  })

  test('what is no certificate there is nobody’s issuer', async () => {
    await using scratch = await temporaryDirectory()
    const one = await open(scratch.path)
    const [epoch] = await readdir(scratch.path)
    await writeFile(`${scratch.path}/${epoch}/${'ab'.repeat(32)}.cer`, 'no certificate')
    await mkdir(`${scratch.path}/other`)
    assert.equal(one.current().refresh(), false)
    assert.deepEqual(one.current().issuers(), [])
  })
})
