import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Caller,
  checkExpectations,
  compilePolicy,
  createDirectory,
  decide,
  fulfils,
  idleLocks,
  idleRules,
  NO_RULES,
  type Policy,
  PROOF_KINDS,
  type Proof,
  type Rules,
  readPolicy,
  whatIf,
  whoCan,
  whyNot,
} from '@countersign/policy'
import { CALLERS, caller, NOW, policyOf, SERVICES } from './support.ts'

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
      whoCan('service:db', CALLERS, POLICY, NOW).map(({ who, rule, conditions }) => [who, rule, ...conditions]),
      [
        ['bob', 'night', 'hours 22:00-23:00'],
        ['shop', 'shop', 'the callee proves db.acme.example'],
      ],
    )
    // The lock on her has ended.
    const later = whoCan('service:db', CALLERS, POLICY, Temporal.Instant.from('2026-11-25T00:00:00Z'))
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
    const names = (what: string, of: string) => whoCan(what, [], policyOf(of), NOW).map(({ who }) => who)
    assert.deepEqual(names('service:web', text), ['any other party', 'zed'])
    assert.deepEqual(names('service:db', text), ['zed', 'a party of authority:partner', 'spiffe://partner.example/x'])
    assert.deepEqual(
      idleRules([], policyOf(text), NOW).map(({ rule }) => rule),
      [],
    )
    const people = { before: [], after: CALLERS }
    const wider = whatIf(compilePolicy(NO_RULES, SERVICES), policyOf(text), { before: [], after: [] }, NOW)
    assert.equal(wider.gains.length, 5)
    // To be listed changes nothing by itself.
    assert.deepEqual(whatIf(policyOf(text), policyOf(text), people, NOW), { gains: [], losses: [] })
    assert.deepEqual(whatIf(policyOf(text), policyOf(text), { before: CALLERS, after: [] }, NOW), {
      gains: [],
      losses: [],
    })
  })

  const idle = (text: string) => idleRules(CALLERS, policyOf(text), NOW).map(({ rule, why }) => `${rule} ${why}`)
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
    const of = (locks: string) => idleLocks(CALLERS, policyOf(`lock: [${locks}]`)).map(({ reason }) => reason)
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
        CALLERS,
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
    // Nobody is so yet: one who would be.
    assert.deepEqual(checked('group:ops & device:managed & city:rome can meet service:db'), [])
    assert.deepEqual(checked('city:rome can meet service:db'), [
      'such a party cannot meet service:db: a rule that lets such a party meet service:db',
    ])
  })
})

/** The definition, word for word, without an index: what `decide` must answer. */
function naive(rules: Rules, who: Caller, what: string, proofs: readonly Proof[], now: Temporal.Instant): boolean {
  const service = SERVICES.find(({ id }) => id === what)
  const labels = new Set(service && [service.id, ...service.labels])
  const locks = rules.lock.some(
    (lock) =>
      fulfils(who.labels, lock.who) &&
      (lock.what === undefined || fulfils(labels, lock.what)) &&
      (lock.until === undefined || Temporal.Instant.compare(now, lock.until) < 0),
  )
  if (locks) return false
  return rules.meet.some(
    (rule) =>
      fulfils(who.labels, rule.who) &&
      fulfils(labels, rule.what) &&
      rule.proof.every(({ kind, maxAgeSeconds }) =>
        proofs.some(
          (proof) =>
            proof.kind === kind &&
            (maxAgeSeconds === undefined || now.epochMilliseconds - proof.at.epochMilliseconds < maxAgeSeconds * 1000),
        ),
      ) &&
      (rule.while === undefined || isOpen(now)),
  )
}
/** Of `hours 08:00-20:00`, the only ones below. */
const isOpen = (now: Temporal.Instant) => {
  const { hour } = now.toZonedDateTimeISO('UTC')
  return hour >= 8 && hour < 20
}

suite('random policies', () => {
  let seed = 20261126
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const pick = <Value>(values: readonly Value[]): Value => values[random(values.length)] as Value
  const LABELS = ['a:1', 'a:2', 'b:1', 'b:2', 'any']
  const expression = (depth = 0): string => {
    switch (random(depth > 2 ? 2 : 5)) {
      case 2:
        return `!(${expression(depth + 1)})`
      case 3:
        return `(${expression(depth + 1)} & ${expression(depth + 1)})`
      case 4:
        return `(${expression(depth + 1)} | ${expression(depth + 1)})`
      default:
        return pick(LABELS)
    }
  }
  const WHATS = ['service:db', 'service:web', 'kind:tcp | kind:web', '!kind:tcp', 'tier:money']
  const text = () => {
    const rules = Array.from({ length: 1 + random(5) }, (_, i) => {
      const proof = pick(['certificate', 'passkey', 'passkey < 10m', 'passkey < 20m'])
      return `  - {rule: r${i}, who: "${expression()}", what: "${pick(WHATS)}", proof: ${proof}${random(3) === 0 ? ', while: "hours 08:00-20:00"' : ''}}`
    })
    const locks = random(3) === 0 ? [`  - {who: "${expression()}", reason: x}`] : []
    return `meet:\n${rules.join('\n')}\nlock:\n${locks.join('\n')}\n`
  }
  const people = createDirectory(
    Array.from({ length: 16 }, (_, n) => ({
      id: `p${n}`,
      labels: LABELS.slice(0, 4).filter((_label, bit) => (n >> bit) & 1),
    })),
  ).parties
  const times = [NOW, Temporal.Instant.from('2026-11-24T21:00:00Z')]
  const proofSets = (now: Temporal.Instant): readonly (readonly Proof[])[] => [
    [],
    [{ kind: 'certificate', at: now }],
    ...[0, 15, 30].map((age): Proof[] => [
      { kind: 'certificate', at: now },
      { kind: 'passkey', at: now.subtract({ minutes: age }) },
    ]),
    ...[0, 15, 30].map((age): Proof[] => [{ kind: 'passkey', at: now.subtract({ minutes: age }) }]),
  ]
  const read = (of: string): Policy => {
    const answer = readPolicy(of)
    assert.ok(answer.ok, of)
    return compilePolicy(answer.rules, SERVICES)
  }
  const circumstances = times.flatMap((now) => proofSets(now).map((proofs) => ({ now, proofs })))
  const admits = (policy: Policy, who: Caller, what: string) =>
    circumstances.map(({ now, proofs }) => decide({ who, what, proofs, seen: [], now }, policy).ok)

  test('the index answers as the definition does', () => {
    let yes = 0
    for (let n = 0; n < 60; n++) {
      const policy = read(text())
      for (const who of people)
        for (const { id: what } of SERVICES) {
          const expected = circumstances.map(({ now, proofs }) => naive(policy.rules, who, what, proofs, now))
          assert.deepEqual(admits(policy, who, what), expected)
          if (expected.includes(true)) yes++
        }
    }
    assert.ok(yes > 100)
  })

  test('what-if finds exactly who gains and who loses', () => {
    let gains = 0
    for (let n = 0; n < 50; n++) {
      const [before, after] = [read(text()), read(text())]
      const found = whatIf(before, after, { before: people, after: people }, NOW)
      for (const who of people)
        for (const { id: what } of SERVICES) {
          const [old, now] = [admits(before, who, what), admits(after, who, what)]
          const gained = now.some((yes, i) => yes && !old[i])
          const lost = old.some((yes, i) => yes && !now[i])
          const of = (list: typeof found.gains) => list.some((each) => each.who === who.name && each.what === what)
          assert.equal(of(found.gains), gained, `${who.name} gains ${what}`)
          assert.equal(of(found.losses), lost, `${who.name} loses ${what}`)
          if (gained) gains++
        }
    }
    assert.ok(gains > 80)
  })

  test('a rule is idle if and only if nobody loses by its end', () => {
    for (let n = 0; n < 30; n++) {
      const policy = read(text())
      const idle = idleRules(people, policy, NOW).map(({ rule }) => rule)
      for (const rule of policy.rules.meet) {
        const rest = compilePolicy(
          { ...policy.rules, meet: policy.rules.meet.filter((each) => each !== rule) },
          SERVICES,
        )
        const same = people.every((who) =>
          SERVICES.every(({ id }) => admits(policy, who, id).join() === admits(rest, who, id).join()),
        )
        assert.equal(idle.includes(rule.name), same, rule.name)
      }
    }
  })

  test('why-not names every label that would admit, and no other', () => {
    let named = 0
    for (let n = 0; n < 50; n++) {
      const policy = read(text())
      for (const who of people) {
        const question = { who, what: 'service:db', proofs: [{ kind: 'certificate', at: NOW }] as const, seen: [] }
        const { decision, changes } = whyNot({ ...question, now: NOW }, policy)
        const expected = ['a:1', 'a:2', 'b:1', 'b:2'].filter((label) => {
          const labels = who.labels.symmetricDifference(new Set([label]))
          return !decision.ok && naive(policy.rules, { ...who, labels }, 'service:db', question.proofs, NOW)
        })
        const found = changes.flatMap((change) => ('label' in change ? [change.label] : []))
        assert.deepEqual(found.sort(), expected)
        named += found.length
      }
    }
    assert.ok(named > 50)
  })

  test('why-not names every proof that would admit, and no other', () => {
    for (let n = 0; n < 50; n++) {
      const policy = read(text())
      for (const who of people) {
        const question = {
          who,
          what: 'service:db',
          proofs: [{ kind: 'certificate', at: NOW }] as const,
          seen: [],
          now: NOW,
        }
        const { decision, changes } = whyNot(question, policy)
        const expected = decision.ok
          ? []
          : PROOF_KINDS.filter((kind) =>
              naive(policy.rules, who, 'service:db', [...question.proofs, { kind, at: NOW }], NOW),
            )
        assert.deepEqual(
          changes.flatMap((change) => (change.kind === 'show' ? [change.proof] : [])),
          expected,
        )
      }
    }
  })
})
