// The stream of what happens: each event once, in one order, at whatever authority one asks, and from any number on.
import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import fastify from 'fastify'
import { markLocal } from '../../src/api/caller.ts'
import { eventRoutes } from '../../src/api/events.ts'
import { emit } from '../../src/ledger/notice.ts'
import { openStore } from '../../src/store/store.ts'
import { START, temporaryDirectory } from '../support/core.ts'
import { askLocally, enrollParty, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey } from '../support/keys.ts'
import { PLACES } from '../support/stores.ts'

interface Seen {
  readonly id: number
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: what an event says is what the test is about
  readonly data: any
}

/** A reader of server-sent events of its own, by the text of the standard, which keeps what it was told. */
function follow(t: TestContext, directory: string, query: string, headers: Record<string, string> = {}) {
  const seen: Seen[] = []
  const ended = Promise.withResolvers<void>()
  let text = ''
  const outgoing = get(
    { socketPath: join(directory, 'admin.sock'), path: `/v1/events${query}`, agent: false, headers },
    (response) => {
      assert.equal(response.headers['content-type'], 'text/event-stream')
      response.on('data', (chunk: Buffer) => {
        text += chunk
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) {
          const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)))
          if (fields['data'] !== undefined)
            seen.push({ id: Number(fields['id']), event: fields['event'], data: JSON.parse(fields['data']) })
        }
      })
      response.on('close', ended.resolve)
    },
  )
  outgoing.on('error', () => ended.resolve())
  t.after(() => outgoing.destroy())
  return {
    seen,
    ended: ended.promise,
    leave: () => outgoing.destroy(),
    async until(count: number) {
      for (const end = performance.now() + 20_000; seen.length < count; await delay(10))
        if (performance.now() > end) throw new Error(`${seen.length} of ${count} came`)
      return seen
    },
  }
}

const issue = ({ authority }: House, party: string) =>
  authority.issueLocal({ party, profile: 'client', publicKey: newKey().spki })
/** The number of what happened last: that a party was certified. */
async function marked(t: TestContext, house: House): Promise<number> {
  const party = `mark-${performance.now()}`
  await issue(house, party)
  const stream = follow(t, house.directory, '?after=0')
  for (const end = performance.now() + 20_000; performance.now() < end; await delay(10)) {
    const mark = stream.seen.find(({ data }) => data.party === party)
    if (mark === undefined) continue
    stream.leave()
    return mark.id
  }
  throw new Error('it did not come')
}
const numbers = (seen: readonly Seen[]) => seen.map(({ id }) => id)
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i)

suite('the stream of events', () => {
  test('tells what happened and what happens, and goes on from any number', async (t) => {
    const house = await openHouse(t)
    const before = await marked(t, house)
    const stream = follow(t, house.directory, `?after=${before}`)
    await issue(house, 'alice')
    await house.authority.revoke({ subject: 'alice', reason: 'superseded' })
    const lock = await askLocally(house.directory, 'POST', '/v1/parties/alice/lock', { reason: 'lost' })
    const seen = await stream.until(3)
    assert.deepEqual(
      seen.map(({ event, data }) => [event, data.kind, data.party]),
      [
        ['issued', 'issued', 'alice'],
        ['revoked', 'revoked', 'alice'],
        ['locked', 'locked', 'alice'],
      ],
    )
    assert.deepEqual(numbers(seen), upTo(before + 1, before + 3))
    const { number, index, entry } = seen[2]?.data ?? {}
    assert.deepEqual([number, index, entry], [before + 3, before + 2, lock.body.entries[0]])
    const newest = follow(t, house.directory, '?after=newest')
    const again = follow(t, house.directory, `?after=${before}`, { 'last-event-id': String(before + 1) })
    const past = follow(t, house.directory, `?after=${before + 1}&follow=false`)
    await past.ended
    assert.deepEqual(numbers(past.seen), [before + 2, before + 3])
    const whole = follow(t, house.directory, '?follow=false')
    await whole.ended
    assert.deepEqual(numbers(whole.seen), upTo(1, before + 3))
    await again.until(2)
    await issue(house, 'bob')
    assert.deepEqual(numbers(await again.until(3)), upTo(before + 2, before + 4))
    assert.deepEqual(numbers(await newest.until(1)), [before + 4])
    // Whoever follows keeps nobody from closing, and is told that this is the end.
    await house.authority.drain(5_000)
    await Promise.all([stream.ended, newest.ended, again.ended])
  })

  test('has what is no act, in its place, and not in the ledger', async (t) => {
    const directory = temporaryDirectory(t)
    const before = await openHouse(t, { directory })
    const last = await marked(t, before)
    await before.authority.close()
    const store = await openStore(join(directory, 'store.db'), () => undefined)
    const of = { profile: 'client', serial: '07', sha256: 'ab', notAfter: START }
    const notice = { kind: 'expiring', at: START, party: 'alice', ...of } as const
    await store.commit((tx) => emit(tx, notice))
    const undone = store.commit(async (tx) => {
      await emit(tx, notice)
      throw new RangeError('undone')
    })
    await assert.rejects(undone, RangeError)
    await store.close()
    const house = await openHouse(t, { directory })
    await issue(house, 'bob')
    const seen = await follow(t, directory, `?after=${last}`).until(2)
    assert.deepEqual(
      seen.map(({ id, event, data }) => [id, event, data.party, data.index, data.entry === undefined]),
      [
        [last + 1, 'expiring', 'alice', undefined, true],
        [last + 2, 'issued', 'bob', last, false],
      ],
    )
  })

  test('refuses numbers that are none, or are still to come', async (t) => {
    const house = await openHouse(t)
    const { directory } = house
    const next = (await marked(t, house)) + 1
    for (const query of [
      '?after=-1',
      '?after=01',
      '?after=1e3',
      '?after=x',
      `?after=${next}`,
      '?follow=1',
      '?from=1',
    ]) {
      const { status, body } = await askLocally(directory, 'GET', `/v1/events${query}`)
      assert.deepEqual([status, body.code], [400, 'ERR_ADMIN_REQUEST'], query)
    }
    const { body } = await askLocally(directory, 'GET', `/v1/events?after=${next}`)
    assert.equal(body.detail, `after: the newest event is ${next - 1}`)
  })

  test('is followed by at most so many of one caller, and by others still', async (t) => {
    const house = await openHouse(t)
    const many = Array.from({ length: 8 }, () => follow(t, house.directory, '?after=0'))
    await Promise.all(many.map((each) => each.until(3)))
    const { status, body } = await askLocally(house.directory, 'GET', '/v1/events')
    assert.deepEqual([status, body.code], [429, 'ERR_ADMIN_TOO_MANY'])
    const admin = await meet(t, placeOf(house.authority), await enrollParty(t, house, 'ops/ann', { profile: 'admin' }))
    assert.equal((await admin.ask('GET', '/v1/events?follow=false')).status, 200)
    many[0]?.leave()
    for (const end = performance.now() + 10_000; performance.now() < end; await delay(10))
      if ((await askLocally(house.directory, 'GET', '/v1/events?follow=false')).status === 200) return
    assert.fail('the place of who left stays taken')
  })

  test('is cut where nobody takes what is sent, and no more is read for it', async (t) => {
    let pages = 0
    const octets = new TextEncoder().encode(JSON.stringify({ kind: 'issued', party: 'x'.repeat(1_000) }))
    const ledger = {
      newest: async () => 1e9,
      async happenedAfter(after: number, limit: number) {
        pages++
        return Array.from({ length: limit }, (_, i) => ({ id: 1, number: after + 1 + i, octets }))
      },
    }
    const app = fastify()
    t.after(() => app.close())
    app.server.on('connection', markLocal)
    const parts = {
      store: { ledger } as never,
      happened: {} as never,
      figures: { follows: () => () => undefined } as never,
      log: () => undefined,
    }
    eventRoutes(app, parts, async () => undefined, 50)
    const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const socket = connect(Number(url.port), '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    // Cut off, and not ended: who comes back says what it has.
    socket.on('error', () => undefined)
    socket.write('GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n')
    await delay(400)
    const read = pages
    assert.ok(read > 0 && read < 100, String(read))
    socket.resume()
    await closed
    assert.equal(pages, read)
  })

  test('ends where the caller may not follow any more, however much happens', async (t) => {
    const octets = new TextEncoder().encode(JSON.stringify({ kind: 'issued' }))
    const ledger = {
      newest: async () => 1e9,
      happenedAfter: async (after: number) => [{ id: 1, number: after + 1, octets }],
    }
    const app = fastify()
    t.after(() => app.close())
    app.server.on('connection', markLocal)
    const figures = { follows: () => () => undefined } as never
    const parts = { store: { ledger } as never, happened: {} as never, figures, log: () => undefined }
    let asked = 0
    eventRoutes(app, parts, async () => (++asked > 3 ? { code: 'ERR_ADMIN_FORBIDDEN' } : undefined))
    await app.ready()
    const url = new URL('/v1/events', await app.listen({ host: '127.0.0.1', port: 0 }))
    const text = await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text()
    assert.deepEqual(text.match(/^event: .*/gm), ['event: issued', 'event: issued', 'event: issued'])
  })

  test('ends where the caller is revoked', async (t) => {
    const house = await openHouse(t)
    const admin = await meet(t, placeOf(house.authority), await enrollParty(t, house, 'ops/ann', { profile: 'admin' }))
    const asked = admin.ask('GET', '/v1/events')
    const failed = assert.rejects(asked)
    await delay(50)
    await house.authority.revoke({ subject: 'ops/ann', reason: 'unspecified' })
    await failed
  })

  const [, postgresql] = PLACES
  const [, placeFor, options] = postgresql ?? assert.fail()
  test('is one at two authorities on one store: nothing lost, nothing twice, in one order', options, async (t) => {
    const store = await placeFor(t)
    const first = await openHouse(t, { store })
    const directory = temporaryDirectory(t)
    cpSync(join(first.directory, 'authority'), join(directory, 'authority'), { recursive: true })
    const second = await openHouse(t, { store, directory })
    const COUNT = 60
    await marked(t, first)
    const own = await marked(t, second)
    const whole = follow(t, first.directory, '?after=0')
    // One that breaks off again and again, and comes back at the other authority.
    const pieces: Seen[] = []
    const broken = (async () => {
      for (let at = 0; pieces.length < own + COUNT; at++) {
        const house = at % 2 === 0 ? first : second
        const stream = follow(t, house.directory, `?after=${pieces.at(-1)?.id ?? 0}`)
        await stream.until(Math.min(7, own + COUNT - pieces.length))
        stream.leave()
        pieces.push(...stream.seen)
      }
    })()
    await Promise.all(
      Array.from({ length: COUNT }, async (_, i) => {
        await delay(i * 15)
        await issue(i % 2 === 0 ? first : second, `party-${i}`)
      }),
    )
    await whole.until(own + COUNT)
    await broken
    assert.deepEqual(numbers(whole.seen), upTo(1, own + COUNT))
    assert.deepEqual(
      pieces.map(({ data }) => data),
      whole.seen.map(({ data }) => data),
    )
    const parties = new Set(whole.seen.map(({ data }) => data.party))
    for (let i = 0; i < COUNT; i++) assert.ok(parties.has(`party-${i}`))
    // What one has committed, and did not live to number, the other one does.
    const late = follow(t, second.directory, '?after=newest')
    const outside = await openStore(store, () => undefined)
    const of = { profile: 'client', serial: '07', sha256: 'ab', notAfter: START }
    await outside.commit((tx) => emit(tx, { kind: 'expired', at: START, party: 'x', ...of }))
    await outside.close()
    assert.equal((await late.until(1))[0]?.data.party, 'x')
  })
})
