import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { compilePolicy, decide, NO_RULES, type Proof, type Question } from '@countersign/policy'
import { caller, callerOf, NOW, policyOf, SERVICES } from './support.ts'

const CERTIFICATE: Proof = { kind: 'certificate', at: NOW }
const ask = (who: string, what: string, more: Partial<Question> = {}): Question => ({
  who: caller(who),
  what,
  proofs: [CERTIFICATE],
  seen: [],
  now: NOW,
  ...more,
})
const minutes = (n: number) => NOW.subtract({ minutes: n })

const POLICY = policyOf(`
meet:
  - rule: ops reach the database
    who: group:ops & device:managed
    what: service:db
  - rule: people by day
    who: kind:person & !group:guests
    what: service:web
    while: hours mon-fri 08:00-20:00
  - rule: guests with a fresh key
    who: group:guests
    what: service:web
    proof: [certificate, passkey < 15m]
  - rule: the shop sees whom it calls
    who: party:shop
    what: kind:tcp
    sees: spiffe://acme.example/db
lock:
  - who: party:bob
    what: service:web
    reason: on leave
    until: 2026-11-25
`)

suite('decide', () => {
  const allowed: readonly (readonly [string, Question, object])[] = [
    ['by labels', ask('alice', 'service:db'), { rule: 'ops reach the database' }],
    [
      'within hours, until they end',
      ask('alice', 'service:web'),
      { rule: 'people by day', recheckAt: Temporal.Instant.from('2026-11-24T20:00:00Z') },
    ],
    [
      'with a proof that is fresh, until it is not',
      ask('carol', 'service:web', { proofs: [CERTIFICATE, { kind: 'passkey', at: minutes(10) }] }),
      { rule: 'guests with a fresh key', recheckAt: NOW.add({ minutes: 5 }) },
    ],
    [
      'where the callee has proved what it must',
      ask('shop', 'service:db', { seen: ['spiffe://acme.example/db', 'db.acme.example'] }),
      { rule: 'the shop sees whom it calls' },
    ],
    [
      'after a lock has ended',
      ask('bob', 'service:web', { now: Temporal.Instant.from('2026-11-25T09:00:00Z'), proofs: [CERTIFICATE] }),
      { rule: 'people by day', recheckAt: Temporal.Instant.from('2026-11-25T20:00:00Z') },
    ],
  ]
  for (const [what, question, expected] of allowed)
    test(`lets in ${what}`, () => assert.deepEqual(decide(question, POLICY), { ok: true, ...expected }))

  const refused: readonly (readonly [string, Question, object])[] = [
    [
      'a label is missing',
      ask('bob', 'service:db'),
      { code: 'ERR_POLICY_NOT_ALLOWED', missing: ['a rule that lets bob meet service:db'] },
    ],
    [
      'whom nobody knows',
      ask('mallory', 'service:db'),
      { code: 'ERR_POLICY_NOT_ALLOWED', missing: ['a rule that lets mallory meet service:db'] },
    ],
    [
      'a service that there is not',
      ask('alice', 'service:x'),
      { code: 'ERR_POLICY_NOT_ALLOWED', missing: ['a rule that lets alice meet service:x'] },
    ],
    [
      'a lock, though a rule allows',
      ask('bob', 'service:web'),
      { code: 'ERR_POLICY_LOCKED', lock: 'on leave', missing: [] },
    ],
    [
      'after hours',
      ask('alice', 'service:web', { now: Temporal.Instant.from('2026-11-24T20:00:00Z') }),
      { code: 'ERR_POLICY_HOURS', missing: ['hours mon,tue,wed,thu,fri 08:00-20:00 (people by day)'] },
    ],
    [
      'on another day',
      ask('alice', 'service:web', { now: Temporal.Instant.from('2026-11-28T12:00:00Z') }),
      { code: 'ERR_POLICY_HOURS', missing: ['hours mon,tue,wed,thu,fri 08:00-20:00 (people by day)'] },
    ],
    [
      'a proof is missing',
      ask('carol', 'service:web'),
      { code: 'ERR_POLICY_PROOF', missing: ['passkey < 15m (guests with a fresh key)'], unproved: [['passkey']] },
    ],
    [
      'a proof is as old as it must not be',
      ask('carol', 'service:web', { proofs: [CERTIFICATE, { kind: 'passkey', at: minutes(15) }] }),
      { code: 'ERR_POLICY_PROOF', missing: ['passkey < 15m (guests with a fresh key)'], unproved: [['passkey']] },
    ],
    [
      'a proof of the future',
      ask('carol', 'service:web', { proofs: [CERTIFICATE, { kind: 'passkey', at: NOW.add({ seconds: 1 }) }] }),
      { code: 'ERR_POLICY_PROOF', missing: ['passkey < 15m (guests with a fresh key)'], unproved: [['passkey']] },
    ],
    [
      'no certificate',
      ask('alice', 'service:db', { proofs: [] }),
      { code: 'ERR_POLICY_PROOF', missing: ['certificate (ops reach the database)'], unproved: [['certificate']] },
    ],
    [
      'the callee has not proved what it must',
      ask('shop', 'service:db', { seen: ['spiffe://acme.example/db2'] }),
      {
        code: 'ERR_POLICY_CALLEE',
        missing: ['the callee proves spiffe://acme.example/db (the shop sees whom it calls)'],
      },
    ],
  ]
  for (const [why, question, expected] of refused)
    test(`refuses: ${why}`, () => assert.deepEqual(decide(question, POLICY), { ok: false, ...expected }))

  test('no rules let in nobody', () => {
    const none = compilePolicy(NO_RULES, SERVICES)
    assert.equal(decide(ask('alice', 'service:db'), none).ok, false)
  })
})

test('which proofs alone would admit is told rule by rule; none of a rule that lacks more', () => {
  const policy = policyOf(`meet:
    - {rule: two, who: any, what: service:db, proof: [certificate, passkey, totp < 1m]}
    - {rule: one, who: any, what: service:db, proof: password}
    - {rule: never, who: any, what: service:db, proof: passkey, sees: spiffe://acme.example/other}
  `)
  const decision = decide(ask('alice', 'service:db'), policy)
  assert.deepEqual(!decision.ok && decision.unproved, [['passkey', 'totp'], ['password']])
  const closed = policyOf('meet: [{rule: day, who: any, what: service:db, proof: totp, while: "hours 01:00-01:01"}]')
  const none = decide(ask('alice', 'service:db'), closed)
  assert.deepEqual(!none.ok && [none.code, none.unproved], ['ERR_POLICY_PROOF', undefined])
})

test('what is missing is no longer than a person reads', () => {
  const rules = Array.from({ length: 40 }, (_, n) => `{rule: r${n}, who: any, what: service:db, proof: totp}`)
  const decision = decide(ask('alice', 'service:db'), policyOf(`meet: [${rules.join()}]`))
  assert.equal(!decision.ok && decision.missing.length, 16)
})

test('hours are told anew when they change, and when the clock is put back', () => {
  const policy = policyOf('meet: [{rule: day, who: any, what: service:db, while: "hours 08:00-20:00"}]')
  const at = (time: string) => {
    const now = Temporal.Instant.from(`2026-11-24T${time}Z`)
    return decide(ask('alice', 'service:db', { now, proofs: [{ kind: 'certificate', at: now }] }), policy).ok
  }
  const times = ['12:00:00', '19:59:59', '20:00:00', '12:00:00', '07:59:59', '08:00:00', '23:00:00', '19:00:00']
  assert.deepEqual(times.map(at), [true, true, false, true, false, true, false, true])
})

suite('who is meant', () => {
  const identities = [{ kind: 'uniformResourceIdentifier', value: 'spiffe://partner.example/x' }]
  const nobody = callerOf({ name: '192.0.2.1:5', identities: [] })
  const theirs = callerOf({ name: 'x', identities, authority: 'partner' })
  const decided = (who: string, question: Partial<Question>) =>
    decide(
      ask('alice', 'service:db', question),
      policyOf(`meet: [{rule: r, who: '${who}', what: service:db, proof: certificate}]`),
    ).ok
  const cases: readonly (readonly [string, Question['who'], string, boolean])[] = [
    ['any is every party of ours', caller('alice'), 'any', true],
    ['any is one that no file names, too', caller('newcomer'), 'any', true],
    ['a party by its name', caller('newcomer'), 'party:newcomer', true],
    ['any is not nobody', nobody, 'any', false],
    ['any is not whom another authority vouches for', theirs, 'any', false],
    ['who is not somebody is not nobody', nobody, '!group:guests', false],
    ['nor whom another authority vouches for', theirs, '!group:guests', false],
    ['but a party of ours', caller('shop'), '!group:guests', true],
    ['nobody, by name', nobody, 'nobody', true],
    ['nobody, by name in one alternative', nobody, '!group:guests | nobody', true],
    ['another authority, by name in one alternative', theirs, 'authority:partner | !group:guests', true],
    ['but not by the name of another', theirs, 'authority:other | !group:guests', false],
    ['nor nobody by the name of another authority', nobody, '!group:guests | authority:partner', false],
    ['nobody, by a name within a denial', nobody, '!(group:guests & !nobody)', true],
    ['who is neither', theirs, '!(nobody | group:guests)', false],
    ['both, where one of them names it', theirs, '!group:guests & (!kind:person | authority:partner)', true],
    ['nobody is not a party', caller('alice'), 'nobody', false],
    ['another authority, by name', theirs, 'authority:partner', true],
    ['somebody of another authority, by identity', theirs, 'spiffe://partner.example/x & !group:guests', true],
    ['an identity of another', theirs, 'spiffe://partner.example/y', false],
  ]
  for (const [what, who, expression, expected] of cases)
    test(what, () => assert.equal(decided(expression, { who }), expected))

  // What a certificate says is a name, and never what the operator says of a party.
  for (const [kind, value] of [
    ['uniformResourceIdentifier', 'group:ops'],
    ['uniformResourceIdentifier', 'party:alice'],
    ['uniformResourceIdentifier', 'authority:own'],
    ['rfc822Name', 'group:ops'],
    ['dNSName', 'any'],
    ['dNSName', 'nobody'],
    ['dNSName', 'group:ops.example'],
    ['account', 'db.acme.example'],
    ['account', 'alice@acme.example'],
  ] as const)
    test(`a ${kind} ${value} is no label`, () => {
      const who = callerOf({ name: 'x', identities: [{ kind, value }], authority: 'partner' })
      assert.deepEqual([...who.labels], ['authority:partner'])
      for (const expression of [value, 'any']) assert.equal(decided(expression, { who }), false)
    })
  for (const [kind, value] of [
    ['dNSName', 'db.partner.example'],
    ['rfc822Name', 'x@partner.example'],
    ['iPAddress', '192.0.2.7'],
  ] as const)
    test(`the ${kind} ${value} is one's name`, () => {
      const who = callerOf({ name: 'x', identities: [{ kind, value }], authority: 'partner' })
      assert.equal(decided(value, { who }), true)
    })

  test('a party that another authority vouches for is the party that the house knows by that identity', async () => {
    const { createDirectory } = await import('@countersign/policy')
    const directory = createDirectory([{ id: 'dora', labels: ['group:ops'], identities }])
    const { name, labels } = directory.callerOf({ name: 'x', identities, authority: 'partner' })
    assert.equal(name, 'dora')
    assert.deepEqual([...labels].sort(), ['authority:partner', 'group:ops', 'party:dora', 'spiffe://partner.example/x'])
  })
})
