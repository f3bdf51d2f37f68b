// The rules on a feed: in force whole, or refused and told, and then those before stay; revocations go on either way.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { FeedRules } from '@countersign/protocol'
import type { Govern } from '../../src/feed/govern.ts'
import { confirmsIn, event, followed, RULES, ruled, snapshot } from '../support/feed.ts'
import { NOW } from '../support/pki.ts'

/** Takes every policy but one that says so itself. */
function governed(): { readonly taken: FeedRules[]; readonly govern: Govern } {
  const taken: FeedRules[] = []
  return {
    taken,
    async govern(rules) {
      if (rules.policy?.text === 'unreadable\n') return { refused: 'policy:1:1: it cannot be read' }
      taken.push(rules)
      return undefined
    },
  }
}
const policy = (text: string, sha256: string): FeedRules => ({ ...RULES, policy: { text, sha256 } })
// By sha256sum.
const LATER = policy('meet: []\n', 'c14588dd82c760fcb810d277378efa86a172d94ab0a92b3da0b44f8126c9474b')
const UNREADABLE = policy('unreadable\n', 'f06c2b9fd39802cb772cdad5251e6ce57ae5378a88726213a9a901b12536d27e')
const FALSE = policy('meet: []\n', '00'.repeat(32))
const KEPT = { sequence: '7', at: NOW.toString(), revoked: [] }
const after = (said: readonly unknown[]) => (said[0] as { readonly after?: string }).after

suite('rules on a feed', () => {
  test('are in force with the snapshot, and again when they change; both are kept', async () => {
    const { taken, govern } = governed()
    const { rules, sequence } = await followed({ feed: [snapshot(3n), ruled(3n, 4n, LATER), 'over'] }, 'feed.refused', {
      govern,
    })
    assert.deepEqual(taken.slice(0, 2), [RULES, LATER])
    assert.deepEqual([rules, sequence], [LATER, '4'])
  })

  test('that were kept are in force before anything is connected, and it goes on by number', async () => {
    const { taken, govern } = governed()
    const { said } = await followed({ feed: ['over'] }, 'feed.refused', { kept: KEPT, rules: LATER, govern })
    assert.deepEqual(taken, [LATER])
    assert.equal(after(said), '7')
  })

  test('that were never told are asked for: a number alone is not enough', async () => {
    const { said } = await followed({ feed: ['over'] }, 'feed.refused', { kept: KEPT, ...governed() })
    assert.equal(after(said), undefined)
  })

  for (const [what, bad, why] of [
    ['cannot be read', UNREADABLE, /policy:1:1: it cannot be read/],
    ['are not those that they are said to be', FALSE, /not the one whose SHA-256/],
  ] as const)
    test(`that ${what} are refused: those before stay, a revocation after them holds, and the authority is told`, async () => {
      const { taken, govern } = governed()
      const feed = [snapshot(3n), ruled(3n, 4n, bad), ruled(3n, 4n, bad), event(4n, 5n)]
      const seen = await followed({ feed }, 'feed.policy-refused', { govern, confirms: 4 })
      assert.deepEqual(taken.slice(0, 1), [RULES])
      assert.deepEqual([seen.cuts, seen.rules, seen.sequence, seen.behind], [[0x1234n], RULES, '5', true])
      const [first, second, repeated, last] = confirmsIn(seen.said)
      assert.equal(first?.refused, undefined)
      assert.match(String(second?.refused), why)
      assert.match(String(repeated?.refused), why)
      assert.equal(last?.refused, undefined)
      assert.match(seen.cause, why)
    })

  test('that were refused are asked for anew at the next start', async () => {
    const { said } = await followed({ feed: ['over'] }, 'feed.refused', {
      kept: { ...KEPT, behind: true },
      rules: RULES,
      ...governed(),
    })
    assert.equal(after(said), undefined)
  })

  test('that were kept and cannot be used any more are asked for anew', async () => {
    const { taken, govern } = governed()
    const feed = [snapshot(9n, [], LATER), 'over']
    const { said, rules, behind } = await followed({ feed }, 'feed.refused', { kept: KEPT, rules: UNREADABLE, govern })
    assert.equal(after(said), undefined)
    assert.deepEqual([taken, rules, behind], [[LATER], LATER, undefined])
  })

  for (const [what, kept] of [
    ['damaged', { parties: 'alice' }],
    ['of another kind', []],
  ] as const)
    test(`that were kept and are ${what} stop the start, with the file's name`, async () => {
      const starting = followed({ feed: [] }, 'feed.refused', { kept: KEPT, rules: kept })
      await assert.rejects(starting, ({ code, file }: { code: string; file: string }) => {
        assert.equal(code, 'ERR_IDENTITY_MALFORMED')
        return /rules\.json$/.test(file)
      })
    })
})
