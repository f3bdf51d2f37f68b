// The questions, held to decisions under every circumstance, on random policies.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type Caller,
  compilePolicy,
  createDirectory,
  decide,
  type Expression,
  fulfils,
  idleLocks,
  idleRules,
  type Lock,
  type Policy,
  PROOF_KINDS,
  type Proof,
  type Rule,
  type Rules,
  readPolicy,
  whatIf,
  whoCan,
  whyNot,
} from '@countersign/policy'
import { NOW, policyOf, SERVICES } from './support.ts'

/** An expression as alternatives of labels that must be there or not, for the definition below. */
function alternatives(expression: Expression, wanted = true): readonly (readonly (readonly [string, boolean])[])[] {
  if (expression.kind === 'label') return [[[expression.label, wanted]]]
  if (expression.kind === 'not') return alternatives(expression.of, !wanted)
  const parts = expression.of.map((part) => alternatives(part, wanted))
  if ((expression.kind === 'or') === wanted) return parts.flat()
  return parts.reduce((some, part) => some.flatMap((one) => part.map((other) => [...one, ...other])))
}

function means(labels: ReadonlySet<string>, who: Expression): boolean {
  return alternatives(who).some(
    (all) =>
      all.every(([label, wanted]) => labels.has(label) === wanted) &&
      (labels.has('any') || all.some(([, wanted]) => wanted)),
  )
}

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
      means(who.labels, rule.who) &&
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
  const GIVEN = ['a:1', 'a:2', 'b:1', 'b:2']
  const MAIL = { kind: 'rfc822Name', value: 'x@mail.example' }
  const HOST = { kind: 'dNSName', value: 'host.example' }
  const KNOWN = { kind: 'uniformResourceIdentifier', value: 'spiffe://partner.example/known' }
  const STRANGER = { kind: 'uniformResourceIdentifier', value: 'spiffe://partner.example/stranger' }
  const NAMED = ['nobody', 'authority:partner', 'party:p7', 'party:zed', 'spiffe://own.example/p5']
  const NAMES = [MAIL, HOST, KNOWN, STRANGER].map(({ value }) => value)
  const label = () => pick([GIVEN, GIVEN, ['any'], NAMED, NAMES].map(pick))
  const expression = (depth = 0): string => {
    switch (random(depth > 2 ? 2 : 5)) {
      case 2:
        return `!(${expression(depth + 1)})`
      case 3:
        return `(${expression(depth + 1)} & ${expression(depth + 1)})`
      case 4:
        return `(${expression(depth + 1)} | ${expression(depth + 1)})`
      default:
        return label()
    }
  }
  const WHATS = ['service:db', 'service:web', 'kind:tcp | kind:web', '!kind:tcp', 'tier:money']
  const lock = () => (random(3) === 0 ? [`  - {who: "${expression()}", reason: x}`] : [])
  const text = (locks = lock()) => {
    const rules = Array.from({ length: 1 + random(5) }, (_, i) => {
      const proof = pick(['certificate', 'passkey', 'passkey < 10m', 'passkey < 20m', 'none'])
      return `  - {rule: r${i}, who: "${expression()}", what: "${pick(WHATS)}", proof: ${proof}${random(3) === 0 ? ', while: "hours 08:00-20:00"' : ''}}`
    })
    return `meet:\n${rules.join('\n')}\nlock:\n${locks.join('\n')}\n`
  }
  const directory = createDirectory(
    Array.from({ length: 16 }, (_, n) => ({
      id: `p${n}`,
      labels: GIVEN.filter((_label, bit) => (n >> bit) & 1),
      identities: n === 6 ? [KNOWN] : [],
    })),
    'own.example',
  )
  const idOf = (party: string) => ({ kind: 'uniformResourceIdentifier', value: `spiffe://own.example/${party}` })
  const subsets = <Value>(all: readonly Value[]) =>
    Array.from({ length: 2 ** all.length }, (_, n) => all.filter((_value, bit) => (n >> bit) & 1))
  const listed = directory.parties.map(({ id }) => directory.callerOf({ name: id, party: id, identities: [idOf(id)] }))
  /** Everybody who can stand at a door: of this house, of others, and nobody. */
  const people: readonly Caller[] = [
    ...listed,
    ...[...directory.parties.map(({ id }) => id), 'zed', 'newcomer'].flatMap((party) =>
      subsets([MAIL, HOST]).map((names) =>
        directory.callerOf({ name: `${party}+`, party, identities: [idOf(party), ...names] }),
      ),
    ),
    ...['partner', 'other'].flatMap((authority) =>
      subsets([MAIL, HOST, KNOWN, STRANGER]).map((identities) =>
        directory.callerOf({ name: 'theirs', authority, identities }),
      ),
    ),
    directory.callerOf({ name: 'nobody', identities: [] }),
  ]
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
  /** In each circumstance; whoever has a certificate is not nobody. */
  const admits = (policy: Policy, who: Caller, what: string) =>
    circumstances.map(
      ({ now, proofs }) =>
        !(who.labels.has('nobody') && proofs.some(({ kind }) => kind === 'certificate')) &&
        decide({ who, what, proofs, seen: [], now }, policy).ok,
    )
  const only = ({ rules }: Policy, rule: Rule) => compilePolicy({ ...rules, meet: [rule] }, SERVICES)
  const namesOf = (list: readonly { readonly what: string; readonly rule: string }[], what: string) =>
    [...new Set(list.filter((each) => each.what === what).map(({ rule }) => rule))].sort()

  test('the index answers as the definition does', () => {
    let yes = 0
    for (let n = 0; n < 30; n++) {
      const policy = read(text())
      for (const who of people)
        for (const { id: what } of SERVICES) {
          const expected = circumstances.map(({ now, proofs }) => naive(policy.rules, who, what, proofs, now))
          const answers = circumstances.map(
            ({ now, proofs }) => decide({ who, what, proofs, seen: [], now }, policy).ok,
          )
          assert.deepEqual(answers, expected)
          if (expected.includes(true)) yes++
        }
    }
    assert.ok(yes > 100)
  })

  test('who-can finds exactly the rules that let somebody in, and of whom the house knows everybody', () => {
    let found = 0
    for (let n = 0; n < 25; n++) {
      const policy = read(text())
      for (const { id: what } of SERVICES) {
        const who = whoCan(what, directory, policy, NOW)
        const expected = policy.rules.meet.filter((rule) =>
          people.some((each) => admits(only(policy, rule), each, what).includes(true)),
        )
        assert.deepEqual(namesOf(who, what), expected.map(({ name }) => name).sort(), JSON.stringify(policy.rules))
        for (const each of listed)
          assert.equal(
            who.some((one) => one.who === each.name),
            admits(policy, each, what).includes(true),
          )
        found += expected.length
      }
    }
    assert.ok(found > 40)
  })

  test('what-if finds exactly who gains and who loses', () => {
    let gains = 0
    for (let n = 0; n < 25; n++) {
      // What both lock is locked in both, and one may lock more.
      const locks = lock()
      const [before, after] = [read(text(locks)), read(text([...locks, ...lock()]))]
      const found = whatIf(before, after, { before: directory, after: directory }, NOW)
      for (const { id: what } of SERVICES) {
        /** By which rules of one somebody is let in who is not by the other. */
        const beyond = (one: Policy, other: Policy) =>
          one.rules.meet.filter((rule) =>
            people.some((who) => {
              const theirs = admits(other, who, what)
              return admits(only(one, rule), who, what).some((yes, i) => yes && !theirs[i])
            }),
          )
        const names = (rules: readonly Rule[]) => rules.map(({ name }) => name).sort()
        const shown = JSON.stringify([before.rules, after.rules])
        assert.deepEqual(namesOf(found.gains, what), names(beyond(after, before)), shown)
        assert.deepEqual(namesOf(found.losses, what), names(beyond(before, after)), shown)
        for (const who of listed) {
          const [old, now] = [admits(before, who, what), admits(after, who, what)]
          const of = (list: typeof found.gains) => list.some((each) => each.who === who.name && each.what === what)
          const gained = now.some((yes, i) => yes && !old[i])
          assert.equal(of(found.gains), gained, `${who.name} gains ${what}`)
          assert.equal(
            of(found.losses),
            old.some((yes, i) => yes && !now[i]),
            `${who.name} loses ${what}`,
          )
          if (gained) gains++
        }
      }
    }
    assert.ok(gains > 40)
  })

  test('a rule is idle if and only if nobody loses by its end', () => {
    for (let n = 0; n < 30; n++) {
      const policy = read(text())
      const idle = idleRules(directory, policy, NOW).map(({ rule }) => rule)
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

  test('a lock is idle if and only if it means nobody', () => {
    let idle = 0
    for (let n = 0; n < 100; n++) {
      const policy = policyOf(`lock: [{who: "${expression()} & ${expression()}", reason: x}]`)
      const [lock] = policy.rules.lock as [Lock]
      const means = people.some(({ labels }) => fulfils(labels, lock.who))
      assert.equal(idleLocks(directory, policy).length === 0, means, JSON.stringify(lock.who))
      if (!means) idle++
    }
    assert.ok(idle > 5 && idle < 95)
  })

  test('why-not names every label that would admit, and no other', () => {
    let named = 0
    for (let n = 0; n < 25; n++) {
      const policy = read(text())
      for (const who of people) {
        const question = { who, what: 'service:db', proofs: [{ kind: 'certificate', at: NOW }] as const, seen: [] }
        const { decision, changes } = whyNot({ ...question, now: NOW }, policy)
        const expected = GIVEN.filter((label) => {
          const labels = who.labels.symmetricDifference(new Set([label]))
          return !decision.ok && naive(policy.rules, { ...who, labels }, 'service:db', question.proofs, NOW)
        })
        const found = changes.flatMap((change) => ('label' in change ? [change.label] : []))
        assert.deepEqual(found.sort(), expected)
        named += found.length
      }
    }
    assert.ok(named > 25)
  })

  test('why-not names every proof that would admit, and no other', () => {
    for (let n = 0; n < 25; n++) {
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
