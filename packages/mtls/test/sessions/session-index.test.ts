// Sessions found by key, and cut although one of them fails.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { referenceOf } from '@countersign/protocol'
import type { Session } from '../../src/model.ts'
import { createSessionIndex } from '../../src/sessions/session-index.ts'
import { NOW } from '../support/pki.ts'

const LAST = { lastOctetAt: NOW }

/** What an index asks of a session; nothing of a connection. */
function session(
  id: string,
  keys: readonly string[],
  cut: Session['cut'] = async () => LAST,
  stop: Session['stop'] = () => undefined,
): Session {
  const caller = { name: id, party: id, identities: [] }
  const meeting = { reference: referenceOf(new Uint8Array(32)), caller } as unknown as Session['meeting']
  return { id, keys, meeting, certificates: [], isCut: false, octetsSent: () => 0, stop, cut }
}

suite('createSessionIndex', () => {
  test('cuts whom any key finds, once, and they are gone at once', async () => {
    const index = createSessionIndex('door')
    let cuts = 0
    const counted = async () => {
      cuts++
      assert.equal(index.find('party:alice').length, 0)
      return LAST
    }
    index.add(session('alice', ['party:alice', 'key:1'], counted))
    index.add(session('bob', ['party:bob', 'key:2']))
    const answer = await index.cut(['party:alice', 'key:1', 'key:3'], 'ERR_CALLER_REVOKED')
    assert.deepEqual(
      answer.map(({ door, session: id, party }) => [door, id, party]),
      [['door', 'alice', 'alice']],
    )
    assert.equal(cuts, 1)
    assert.deepEqual(
      index.list().map(({ id }) => id),
      ['bob'],
    )
  })

  for (const count of [2, 100])
    test(`of ${count}, all are stopped before the first is cut`, async () => {
      const index = createSessionIndex('door')
      const told: string[] = []
      const cut = async () => {
        told.push('cut')
        return LAST
      }
      for (let i = 0; i < count; i++) index.add(session(`${i}`, ['key:1'], cut, () => told.push('stop')))
      const cuts = await index.cut(['key:1'], 'ERR_CALLER_REVOKED')
      assert.equal(cuts.length, count)
      assert.deepEqual(told, [
        ...Array.from({ length: count }, () => 'stop'),
        ...Array.from({ length: count }, () => 'cut'),
      ])
    })

  test('of many, one that cannot be stopped keeps no other open, and is cut itself', async () => {
    const index = createSessionIndex('door')
    const fails = () => {
      throw new Error('no')
    }
    for (let i = 0; i < 100; i++) index.add(session(`${i}`, ['key:1'], undefined, i === 3 ? fails : undefined))
    assert.equal((await index.cut(['key:1'], 'ERR_CALLER_REVOKED')).length, 100)
    assert.equal(index.size, 0)
  })

  test('one that cannot be cut keeps no other open, and is told after the last', async () => {
    const index = createSessionIndex('door')
    let ended = 0
    const fails = () => Promise.reject(new Error('no'))
    const slow = () =>
      new Promise<typeof LAST>((resolve) =>
        setTimeout(() => {
          ended++
          resolve(LAST)
        }, 10),
      )
    index.add(session('first', ['key:1'], fails))
    index.add(session('second', ['key:1'], slow))
    await assert.rejects(index.cut(['key:1'], 'ERR_CALLER_REVOKED'), {
      name: 'AggregateError',
      message: '1 of 2 sessions could not be cut',
    })
    assert.equal(ended, 1)
  })

  test('many are cut in slices of time, however long each takes', async () => {
    const index = createSessionIndex('door')
    const slow = async () => {
      const end = performance.now() + 0.5
      while (performance.now() < end);
      return LAST
    }
    for (let i = 0; i < 60; i++) index.add(session(`s${i}`, ['key:1'], slow))
    let turns = 0
    const turn = () => {
      turns++
      if (index.size > 0) setImmediate(turn)
    }
    setImmediate(turn)
    assert.equal((await index.cut(['key:1'], 'ERR_CALLER_REVOKED')).length, 60)
    // 30 ms of work, and no slice of 5.
    assert.ok(turns >= 6, `${turns} turns`)
  })
})
