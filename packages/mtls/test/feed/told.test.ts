// Rules and other authorities on a feed: in force whole, or refused and told, and then those before stay; revocations go
// on either way.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type FeedRules, type KnownAuthority, writeAnchors } from '@countersign/protocol'
import type { Believe, Govern } from '../../src/feed/told.ts'
import { confirmsIn, event, followed, RULES, ruled, snapshot, vouched } from '../support/feed.ts'
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
    const { said } = await followed({ feed: ['over'] }, 'feed.refused', {
      kept: KEPT,
      rules: LATER,
      anchors: [],
      govern,
    })
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
      anchors: [],
      ...governed(),
    })
    assert.equal(after(said), undefined)
  })

  test('that were kept and cannot be used any more are asked for anew', async () => {
    const { taken, govern } = governed()
    const feed = [snapshot(9n, [], { rules: LATER }), 'over']
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

const PARTNER: KnownAuthority = { name: 'partner', certificates: [], crls: [], vouches: ['partner.example'] }
const BAD: KnownAuthority = { ...PARTNER, name: 'bad' }

/** Takes all authorities but one of that name. */
function believed(): { readonly taken: (readonly KnownAuthority[])[]; readonly believe: Believe } {
  const taken: (readonly KnownAuthority[])[] = []
  return {
    taken,
    believe(anchors) {
      if (anchors.some(({ name }) => name === 'bad'))
        return { refused: 'bad: it is not the certificate of an authority' }
      taken.push(anchors)
      return undefined
    },
  }
}

suite('other authorities on a feed', () => {
  test('are in force with the snapshot, and again when they change; both are kept', async () => {
    const { taken, believe } = believed()
    const feed = [snapshot(3n, [], { anchors: [PARTNER] }), vouched(3n, 4n, []), 'over']
    const { anchors, sequence } = await followed({ feed }, 'feed.refused', { believe })
    assert.deepEqual(taken.slice(0, 2), [[PARTNER], []])
    assert.deepEqual([anchors, sequence], [[], '4'])
  })

  test('that were kept are in force before anything is connected, and it goes on by number', async () => {
    const { taken, believe } = believed()
    const kept = { kept: KEPT, rules: RULES, anchors: writeAnchors([PARTNER]) as object }
    const { said } = await followed({ feed: ['over'] }, 'feed.refused', { ...kept, believe })
    assert.deepEqual(taken, [[PARTNER]])
    assert.equal(after(said), '7')
  })

  test('that cannot be used are refused: those before stay, rules and revocations go on, and the authority is told', async () => {
    const { taken, believe } = believed()
    const { taken: rules, govern } = governed()
    const feed = [
      snapshot(3n, [], { anchors: [PARTNER] }),
      vouched(3n, 4n, [PARTNER, BAD]),
      ruled(4n, 5n, LATER),
      event(5n, 6n),
    ]
    const seen = await followed({ feed }, 'feed.trust-refused', { believe, govern, confirms: 4 })
    assert.deepEqual([taken, rules], [[[PARTNER]], [RULES, LATER]])
    assert.deepEqual([seen.anchors, seen.cuts, seen.sequence], [writeAnchors([PARTNER]), [0x1234n], '6'])
    assert.equal(seen.behind, true)
    const [, second, ...others] = confirmsIn(seen.said)
    assert.match(String(second?.refused), /bad: it is not the certificate/)
    assert.deepEqual(
      others.map(({ refused }) => refused),
      [undefined, undefined],
    )
  })

  test('of a snapshot whose rules are refused are in force all the same', async () => {
    const { taken, believe } = believed()
    const feed = [snapshot(3n, [], { rules: UNREADABLE, anchors: [PARTNER] })]
    const seen = await followed({ feed }, 'feed.policy-refused', { believe, ...governed(), confirms: 1 })
    assert.deepEqual(taken, [[PARTNER]])
    assert.deepEqual([seen.anchors, seen.rules, seen.behind], [writeAnchors([PARTNER]), {}, true])
  })

  test('that were kept and are damaged stop the start', async () => {
    const starting = followed({ feed: [] }, 'feed.refused', {
      kept: KEPT,
      rules: RULES,
      anchors: [{ name: 'partner' }],
    })
    await assert.rejects(starting, { code: 'ERR_IDENTITY_MALFORMED' })
  })
})
