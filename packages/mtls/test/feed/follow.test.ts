// A feed that lies, repeats or is silent: what was known stays, and is told.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { issuing, root } from '../support/authority.ts'
import { issueCrl } from '../support/crls.ts'
import { event, followed, locked, RULES, snapshot } from '../support/feed.ts'
import { createRoot, NOW } from '../support/pki.ts'

const KEPT = { kept: { sequence: '7', at: NOW.toString(), revoked: [] }, rules: RULES, anchors: [] }

suite('a feed', () => {
  test('that is right is in force, cuts, and is kept', async () => {
    // What cannot be read at its end tells us that all before it was.
    const { cuts, isKnown, sequence } = await followed({ feed: [snapshot(3n), event(3n, 4n), 'over'] }, 'feed.refused')
    assert.deepEqual([cuts, isKnown, sequence], [[0x1234n], true, '4'])
  })

  test('is followed anew where what is open could not be cut', async () => {
    const fails = () => {
      throw new AggregateError([new Error('no')], '1 of 1 sessions could not be cut')
    }
    const { cause, isKnown, sequence } = await followed({ feed: [snapshot(3n), event(3n, 4n)] }, 'feed.fault', {
      onCut: fails,
    })
    // Nobody new comes in by it; and it is not confirmed, so that it comes again.
    assert.deepEqual([cause, isKnown, sequence], ['AggregateError: 1 of 1 sessions could not be cut', true, '3'])
  })

  test('that repeats changes nothing twice', async () => {
    const feed = [snapshot(3n), event(3n, 4n), event(3n, 4n), event(2n, 3n), 'over']
    const { cuts, sequence } = await followed({ feed }, 'feed.refused')
    assert.deepEqual([cuts, sequence], [[0x1234n], '4'])
  })

  const lies: readonly (readonly [string, readonly unknown[], object | undefined, RegExp])[] = [
    ['leaves an event out', [event(8n, 9n)], KEPT, /event 9 follows 8, and 7 is the newest here/],
    ['was set back', [snapshot(6n)], KEPT, /a snapshot of event 6, and event 7 is known here/],
    ['begins without a snapshot', [event(0n, 1n)], undefined, /event 1 before a snapshot/],
    ['says what is no message', [{ kind: 'policy' }], KEPT, /kind is not one of/],
    ['has a list that is none', [snapshot(9n, [Uint8Array.of(0x30, 0)])], KEPT, /DerError|X509Error/],
  ]
  for (const [what, feed, kept, why] of lies)
    test(`that ${what} is refused, and what was known stays`, async () => {
      const { cause, cuts, isKnown, sequence } = await followed({ feed }, 'feed.refused', kept)
      assert.match(cause, why)
      assert.deepEqual([cuts, isKnown, sequence], [[], false, kept ? '7' : undefined])
    })

  test('that locks is in force before it is kept, whole in place of those before, and again at the next start', async () => {
    const until = NOW.add({ hours: 1 })
    const [alice, bob] = [
      { party: 'alice', reason: 'lost' },
      { party: 'bob', until },
    ] as const
    const feed = [snapshot(3n, [], { locks: [alice] }), locked(3n, 4n, [alice, bob]), locked(4n, 5n, [bob]), 'over']
    const { lockings, locks, sequence } = await followed({ feed }, 'feed.refused')
    assert.deepEqual(lockings, [[alice], [alice, bob], [bob]])
    assert.deepEqual([locks, sequence], [[{ party: 'bob', until: until.toString() }], '5'])
    const kept = { sequence: '5', at: NOW.toString(), revoked: [], locks }
    const again = await followed({ feed: [event(5n, 6n), 'over'] }, 'feed.refused', { ...KEPT, kept })
    // What was kept holds before anything is connected, and what does not speak of locks leaves them.
    assert.deepEqual([again.lockings, again.locks], [[[bob]], locks])
  })

  test('that locks what is no party is refused, and nobody is let in by it', async () => {
    const lie = {
      kind: 'event',
      previous: '7',
      event: { sequence: '8', at: NOW.toString(), change: { kind: 'lock', locks: [{}] } },
    }
    const kept = { ...KEPT.kept, locks: [{ party: 'alice' }] }
    const { cause, lockings, locks } = await followed({ feed: [lie] }, 'feed.refused', { ...KEPT, kept })
    assert.match(cause, /locks\[0\]\.party is not a text/)
    assert.deepEqual([lockings, locks], [[[{ party: 'alice' }]], [{ party: 'alice' }]])
  })

  test('with a list of another authority takes nothing from it', async () => {
    const other = issueCrl(createRoot('Elsewhere Root'))
    const lists = [issueCrl(root).der, issueCrl(issuing).der, other.der]
    const { sequence } = await followed({ feed: [snapshot(9n, lists), 'over'] }, 'feed.refused')
    assert.equal(sequence, '9')
  })

  test('that never begins is left', async () => {
    const { cause } = await followed({ silent: true }, 'feed.refused', KEPT)
    assert.match(cause, /does not answer within 0\.5 s/)
  })
})
