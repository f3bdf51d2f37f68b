import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  checkExpectations,
  compilePolicy,
  createDirectory,
  idleLocks,
  idleRules,
  NO_RULES,
  type Proof,
  whatIf,
  whoCan,
  whyNot,
} from '@countersign/policy'
import { caller, DIRECTORY, NOW, policyOf, SERVICES } from './support.ts'

const NO_PARTIES = createDirectory([], 'acme.example')
const POLICY = policyOf(`
meet:
  - {rule: ops, who: group:ops & device:managed, what: service:db}
  - {rule: night, who: party:bob, what: service:db, while: "hours 22:00-23:00"}
  - {rule: key, who: group:guests, what: service:web, proof: [certificate, passkey]}
  - {rule: shop, who: party:shop, what: service:db, sees: db.acme.example}
lock:
  - {who: party:alice, reason: lost on the train, until: 2026-11-25}
`)

suite('the questions', () => {
  test('who can, with the conditions of each', () => {
    assert.deepEqual(
      whoCan('service:db', DIRECTORY, POLICY, NOW).map(({ who, rule, conditions }) => [who, rule, ...conditions]),
      [
        ['bob', 'night', 'hours 22:00-23:00'],
        ['shop', 'shop', 'the callee proves db.acme.example'],
      ],
    )
    // The lock on her has ended.
    const later = whoCan('service:db', DIRECTORY, POLICY, Temporal.Instant.from('2026-11-25T00:00:00Z'))
    assert.ok(later.some(({ who }) => who === 'alice'))
  })

  const certificate: Proof = { kind: 'certificate', at: NOW }
  const changesFor = (who: string, what: string, proofs = [certificate]) =>
    whyNot({ who: caller(who), what, proofs, seen: [], now: NOW }, POLICY).changes.map((change) =>
      Object.values(change).map(String).join(' '),
    )
  test('why not: each single change that would admit', () => {
    assert.deepEqual(changesFor('bob', 'service:db'), [
      'add label device:managed ops',
      'wait until 2026-11-24T22:00:00Z night',
    ])
    assert.deepEqual(changesFor('carol', 'service:web'), ['show passkey key'])
    assert.deepEqual(changesFor('shop', 'service:db'), ['callee proves db.acme.example shop'])
    assert.deepEqual(changesFor('alice', 'service:db'), [
      'wait until 2026-11-25T00:00:00Z ops',
      'end lock lost on the train ops',
    ])
    // Two changes would be needed: none is named.
    assert.deepEqual(changesFor('carol', 'service:db'), [])
  })

  test('why not: hours that begin after a lock has ended are waited for', () => {
    const policy = policyOf(`
meet: [{rule: night, who: any, what: service:db, while: "hours 22:00-23:00"}]
lock: [{who: party:alice, reason: x, until: "2026-11-25T00:00:00Z"}]`)
    const question = { who: caller('alice'), what: 'service:db', proofs: [certificate], seen: [], now: NOW }
    assert.deepEqual(whyNot(question, policy).changes, [
      { kind: 'wait until', at: Temporal.Instant.from('2026-11-25T22:00:00Z'), rule: 'night' },
    ])
  })

  test('whom no list names is not forgotten', () => {
    const text = `
meet:
  - {rule: all, who: any, what: service:web}
  - {rule: zed, who: party:zed, what: service:db}
  - {rule: theirs, who: "authority:partner & !group:ops", what: service:db}
  - {rule: x, who: spiffe://partner.example/x, what: service:db}`
    const names = (what: string, of: string) => whoCan(what, NO_PARTIES, policyOf(of), NOW).map(({ who }) => who)
    assert.deepEqual(names('service:web', text), ['any other party', 'zed'])
    assert.deepEqual(names('service:db', text), ['zed', 'a party of authority:partner', 'spiffe://partner.example/x'])
    assert.deepEqual(
      idleRules(NO_PARTIES, policyOf(text), NOW).map(({ rule }) => rule),
      [],
    )
    const people = { before: NO_PARTIES, after: DIRECTORY }
    const wider = whatIf(
      compilePolicy(NO_RULES, SERVICES),
      policyOf(text),
      { before: NO_PARTIES, after: NO_PARTIES },
      NOW,
    )
    assert.equal(wider.gains.length, 5)
    // To be listed changes nothing by itself.
    assert.deepEqual(whatIf(policyOf(text), policyOf(text), people, NOW), {
      gains: [],
      losses: [],
      looser: [],
      stricter: [],
    })
    assert.deepEqual(whatIf(policyOf(text), policyOf(text), { before: DIRECTORY, after: NO_PARTIES }, NOW), {
      gains: [],
      losses: [],
      looser: [],
      stricter: [],
    })
  })

  // A name, and who vouches for it, can stand beside every other label.
  const directory = createDirectory(
    [
      { id: 'alice', labels: ['group:ops'] },
      {
        id: 'dora',
        labels: ['group:ops'],
        identities: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://partner.example/dora' }],
      },
    ],
    'acme.example',
  )
  for (const [who, expected] of [
    ['spiffe://acme.example/alice', ['alice']],
    ['party:alice & spiffe://acme.example/alice', ['alice']],
    ['party:alice & spiffe://acme.example/bob', []],
    ['spiffe://acme.example/zed & any', ['zed']],
    ['spiffe://partner.example/dora', ['dora as spiffe://partner.example/dora']],
    ['group:ops & authority:partner', ['dora as spiffe://partner.example/dora of authority:partner']],
    [
      'authority:partner & spiffe://partner.example/dora',
      ['dora as spiffe://partner.example/dora of authority:partner'],
    ],
    [
      'authority:partner & spiffe://partner.example/x',
      ['a party of authority:partner with spiffe://partner.example/x'],
    ],
    ['authority:partner & authority:other', []],
    ['alice@acme.example', ['alice@acme.example']],
    ['alice@acme.example & db.acme.example', ['alice@acme.example & db.acme.example']],
    ['any & alice@acme.example', ['any other party with alice@acme.example']],
    ['group:ops & !party:dora & alice@acme.example', ['alice with alice@acme.example']],
    ['any & spiffe://partner.example/x', []],
    ['nobody & alice@acme.example', []],
    ['192.0.2.7', ['192.0.2.7']],
    ['2001:db8::7', ['2001:db8::7']],
  ] as const)
    test(`who is meant by ${who}`, () => {
      const policy = policyOf(`meet: [{rule: r, who: "${who}", what: service:db}]`)
      assert.deepEqual(
        whoCan('service:db', directory, policy, NOW).map((one) => one.who),
        expected,
      )
      const { gains } = whatIf(compilePolicy(NO_RULES, SERVICES), policy, { before: directory, after: directory }, NOW)
      assert.deepEqual(
        gains.map((one) => one.who),
        expected,
      )
      assert.equal(idleRules(directory, policy, NOW).length, expected.length === 0 ? 1 : 0)
      const lock = policyOf(`meet: [{rule: all, who: any, what: service:db}]\nlock: [{who: "${who}", reason: r}]`)
      assert.equal(idleLocks(directory, lock).length, expected.length === 0 ? 1 : 0)
    })

  test('who is locked by a name is not among those who can', () => {
    const can = (lock: string) =>
      whoCan(
        'service:db',
        directory,
        policyOf(`
meet: [{rule: all, who: any | authority:partner, what: service:db}]
lock: [{who: "${lock}", reason: lost}]`),
        NOW,
      ).map(({ who }) => who)
    assert.deepEqual(can('spiffe://acme.example/alice'), ['dora', 'any other party', 'a party of authority:partner'])
    assert.deepEqual(can('authority:partner'), ['alice', 'dora', 'any other party'])
    assert.deepEqual(can('any'), ['a party of authority:partner'])
  })

  const idle = (text: string) => idleRules(DIRECTORY, policyOf(text), NOW).map(({ rule, why }) => `${rule} ${why}`)
  test('rules that change nothing', () => {
    assert.deepEqual(idle('meet: [{rule: a, who: group:nobody, what: service:db}]'), ['a dead'])
    assert.deepEqual(idle('meet: [{rule: a, who: any, what: service:nowhere}]'), ['a dead'])
    const wide = '{rule: wide, who: any, what: service:db}'
    assert.deepEqual(idle(`meet: [${wide}, {rule: a, who: group:ops, what: service:db}]`), ['a shadowed'])
    assert.deepEqual(idle(`meet: [${wide}, {rule: a, who: group:ops, what: any}]`), ['a dead'])
    assert.deepEqual(
      idle(
        `meet: [{rule: w, who: any, what: service:db, while: "hours 08:00-20:00"}, {rule: a, who: group:ops, what: service:db, while: "hours 09:00-10:00"}]`,
      ),
      ['a shadowed'],
    )
    assert.deepEqual(
      idle(
        `meet: [{rule: w, who: any, what: service:db, while: "hours 08:00-20:00"}, {rule: a, who: group:ops, what: service:db, while: "hours 19:00-21:00"}]`,
      ),
      [],
    )
    assert.deepEqual(
      idle(
        `meet: [{rule: w, who: any, what: service:db, proof: passkey < 5m}, {rule: a, who: group:ops, what: service:db, proof: passkey < 1m}]`,
      ),
      ['a shadowed'],
    )
    assert.deepEqual(
      idle(
        `meet: [{rule: w, who: any, what: service:db, proof: passkey < 1m}, {rule: a, who: group:ops, what: service:db, proof: passkey < 5m}]`,
      ),
      [],
    )
  })

  test('locks that mean nobody', () => {
    const of = (locks: string) => idleLocks(DIRECTORY, policyOf(`lock: [${locks}]`)).map(({ reason }) => reason)
    assert.deepEqual(of('{who: group:opps, reason: misspelt}'), ['misspelt'])
    assert.deepEqual(of('{who: alice, reason: no label}'), ['no label'])
    assert.deepEqual(of('{who: any, what: service:dbb, reason: nowhere}'), ['nowhere'])
    assert.deepEqual(of('{who: group:ops & group:guests, reason: neither}'), ['neither'])
    for (const who of ['group:ops', 'party:alice', 'party:newcomer', '!group:ops', 'authority:partner'])
      assert.deepEqual(of(`{who: "${who}", reason: means somebody}`), [])
  })

  test('expectations', () => {
    const checked = (expect: string) =>
      checkExpectations(
        DIRECTORY,
        policyOf(`meet: [{rule: ops, who: group:ops & device:managed, what: service:db}]\nexpect: [${expect}]`),
        NOW,
      ).map(({ why }) => why)
    assert.deepEqual(checked('group:ops & device:managed can meet service:db'), [])
    assert.deepEqual(checked('group:guests cannot meet service:db'), [])
    assert.deepEqual(checked('group:ops can meet service:db'), [
      'bob cannot meet service:db: a rule that lets bob meet service:db',
    ])
    assert.deepEqual(checked('kind:person cannot meet service:db'), ['alice can meet service:db, by the rule ops'])
    assert.deepEqual(checked('any can meet service:nowhere'), ['there is no such service'])
    assert.deepEqual(checked('group:ops & !group:ops can meet service:db'), ['nobody can be so'])
    // Nobody is so yet: one who would be.
    assert.deepEqual(checked('group:ops & device:managed & city:rome can meet service:db'), [])
    assert.deepEqual(checked('city:rome can meet service:db'), [
      'such a party cannot meet service:db: a rule that lets such a party meet service:db',
    ])
  })

  test('expectations of those who are not of this house', () => {
    const dora = { kind: 'uniformResourceIdentifier', value: 'spiffe://partner.example/dora' }
    const people = createDirectory([{ id: 'dora', labels: ['group:ops'], identities: [dora] }], 'acme.example')
    const holds = (who: string, expectation: string) =>
      checkExpectations(
        people,
        policyOf(`meet: [{rule: r, who: "${who}", what: service:db}]\nexpect: ["${expectation} meet service:db"]`),
        NOW,
      ).length === 0
    assert.equal(
      holds('nobody', 'nobody cannot'),
      true,
      'a rule asks for a certificate where it does not say otherwise',
    )
    for (const who of [
      'nobody',
      'authority:partner',
      'spiffe://partner.example/x',
      'authority:partner & spiffe://partner.example/x',
      'x@acme.example',
    ]) {
      // A rule for everybody of this house means none of them.
      assert.equal(holds('any', `${who} cannot`), true, who)
      assert.equal(holds('any', `${who} can`), false, who)
      assert.equal(holds(`any | ${who}`, `${who} can`), who !== 'nobody', who)
    }
    assert.equal(holds('any', 'spiffe://acme.example/dora can'), true)
    assert.equal(holds('any', 'any & x@acme.example can'), true)
    // Whom the house knows of the partner's, and every other of the partner's.
    assert.equal(holds('authority:partner & group:ops', 'authority:partner & group:ops can'), true)
    assert.equal(holds('authority:partner & group:ops', 'authority:partner can'), false)
    assert.equal(holds('authority:partner & group:ops', 'authority:partner cannot'), false)
    assert.equal(holds('authority:partner & !group:ops', 'spiffe://partner.example/dora cannot'), true)
  })
})
