import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FeedEvent } from '@countersign/protocol'
import { createFeed, type FeedDoor } from '../../src/status/feed/feed.ts'
import { START } from '../support/core.ts'

const EVENT: FeedEvent = { sequence: 1n, at: START, change: { kind: 'status', revoked: [] } }
const door = (name: string, apply: FeedDoor['apply']): FeedDoor => ({ name, apply, sessions: async () => [] })
const cut = (name: string) => ({ door: name, session: 's', reference: 'M-7F3K-92QD', lastOctetAt: START })

suite('telling the doors', () => {
  test('all are asked at once, and what they cut is in the answer', async () => {
    const feed = createFeed(() => undefined)
    const asked: string[] = []
    for (const name of ['one', 'two'])
      feed.join(
        door(name, async () => {
          asked.push(name)
          return [cut(name)]
        }),
      )
    const telling = feed.tell(EVENT)
    assert.deepEqual(asked, ['one', 'two'])
    assert.deepEqual(await telling, { cuts: [cut('one'), cut('two')], confirmed: ['one', 'two'], unconfirmed: [] })
  })

  test('a door that does not answer within a second is unconfirmed, and holds up nobody', async () => {
    const feed = createFeed(() => undefined)
    feed.join(door('silent', () => new Promise(() => undefined)))
    feed.join(door('quick', async () => []))
    const start = performance.now()
    const told = await feed.tell(EVENT)
    const took = performance.now() - start
    assert.deepEqual(told, { cuts: [], confirmed: ['quick'], unconfirmed: ['silent'] })
    assert.ok(took > 900 && took < 1_500, `${took} ms`)
  })

  test('a door that fails is unconfirmed, and the log says why', async () => {
    const events: unknown[] = []
    const feed = createFeed((event, fields) => events.push([event, fields?.['door'], fields?.['error']]))
    feed.join(door('broken', () => Promise.reject(new Error('no hands'))))
    assert.deepEqual((await feed.tell(EVENT)).unconfirmed, ['broken'])
    assert.deepEqual(events[0], ['feed.failed', 'broken', 'Error: no hands'])
  })

  test('a door that has left is not asked; its name can be taken again, but not twice', async () => {
    const feed = createFeed(() => undefined)
    const leave = feed.join(door('web', async () => []))
    assert.throws(() => feed.join(door('web', async () => [])), { name: 'InvariantError' })
    leave()
    assert.deepEqual(await feed.tell(EVENT), { cuts: [], confirmed: [], unconfirmed: [] })
    feed.join(door('web', async () => []))
    leave()
    assert.deepEqual((await feed.tell(EVENT)).confirmed, ['web'], 'leaving twice does not take the next one away')
  })
})
