// People, met by what they have shown: asked for, indexed, followed and cut like every caller.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { compilePolicy, createDirectory, decide, readPolicy } from '@countersign/policy'
import { type Meeting, type Proof, type RefusalCode, readMeeting, type Side, writeMeeting } from '@countersign/protocol'
import { replaceableAccess } from '../../src/gate/access.ts'
import { createLocks } from '../../src/gate/locks.ts'
import { sideOf } from '../../src/gate/side.ts'
import type { Access } from '../../src/model.ts'
import { allowList } from '../../src/server/allow-list.ts'
import { createPeople, type MetPerson, type ShownPerson } from '../../src/server/meet-person.ts'
import { createSessionIndex } from '../../src/sessions/session-index.ts'
import { deviceKey, partyKey } from '../../src/sessions/session-keys.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { outcomeOf, root, shop, stepsOf } from '../support/door.ts'
import { NOW } from '../support/pki.ts'

// RFC 7638 §3.1 has it as an example.
const DEVICE = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
const account = { kind: 'account', value: 'alice' } as const
const alice: Side = { name: 'alice', party: 'alice', identities: [account] }

function proof(kind: Proof['kind'], at: Temporal.Instant = NOW, binding: Proof['binding'] = 'device'): Proof {
  return { kind, subject: account, at, binding }
}

function shown(proofs: readonly Proof[] = [proof('password'), proof('totp')], caller: Side = alice): ShownPerson {
  return {
    caller,
    proofs,
    evidence: [
      { kind: 'device', keySha256: DEVICE, known: true },
      { kind: 'picture', sealedTo: 'device' },
      { kind: 'opaque' },
      { kind: 'proofs', proofs },
      { kind: 'proofs', proofs },
      { kind: 'bound', to: 'device', keySha256: DEVICE },
    ],
    address: '198.51.100.7:51234',
  }
}

/** The access of rules, as the house makes it. */
function accessOf(text: string): Access {
  const read = readPolicy(`meet:\n${text}`)
  assert.ok(read.ok, JSON.stringify(read))
  const policy = compilePolicy(read.rules, [
    { id: 'service:bank', labels: [] },
    { id: 'service:transfers', labels: [] },
  ])
  const directory = createDirectory([{ id: 'alice', kind: 'person', labels: ['group:customers'] }])
  return {
    decide({ caller: { name, party, identities }, callee, proofs, now, what = 'service:bank' }) {
      const who = directory.callerOf({ name, identities, ...(party !== undefined && { party }) })
      const seen = callee.identities.map(({ value }) => value)
      const counted = proofs.flatMap(({ kind, at }) => (kind === 'sms' ? [] : [{ kind, at }]))
      const decision = decide({ who, what, proofs: counted, seen, now }, policy)
      return decision.ok ? { ...decision, labels: [...who.labels].sort() } : { ...decision, missing: [] }
    },
    onChange: () => () => undefined,
  }
}
const CUSTOMERS = `  - rule: customers reach the bank
    who: group:customers
    what: service:bank
    proof: [password, totp]
    sees: shop.acme.example
`
const TRANSFERS = `  - rule: customers move money
    who: group:customers
    what: service:transfers
    proof: [passkey < 15m]
`

function open(access: Access, sessions = createSessionIndex('bank')) {
  let now = NOW
  const faults: unknown[] = []
  const ended: unknown[] = []
  const people = createPeople(
    {
      door: 'bank',
      trust: createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: NOW }),
      access,
      sessions,
      clock: () => now,
      callee: () => sideOf(shop.certificates[0], 'bank', 'callee'),
    },
    (event, fields) => (event === 'session.ended' ? ended.push(fields) : faults.push(fields?.['error'] ?? event)),
  )
  return {
    people,
    sessions,
    faults,
    ended,
    pass(span: Temporal.DurationLike) {
      now = now.add(span)
    },
  }
}

function met(result: MetPerson): Extract<MetPerson, { readonly ok: true }> {
  assert.ok(result.ok, result.ok ? '' : outcomeOf(result.meeting))
  return result
}
function refused(result: MetPerson): Meeting {
  assert.ok(!result.ok, 'the person was let in')
  return result.meeting
}
const noEnd = (cause: RefusalCode) => assert.fail(`ended by ${cause}`)

suite('a person that comes in', () => {
  test('has a record of six steps, each with what proved it, that reads back as it was written', () => {
    const { people } = open(accessOf(CUSTOMERS))
    const { session } = met(people.meet(shown(), noEnd))
    const { meeting } = session
    assert.equal(stepsOf(meeting), 'pppppp')
    assert.deepEqual(
      meeting.steps.map(({ evidence }) => evidence?.kind),
      ['device', 'picture', 'opaque', 'proofs', 'proofs', 'bound'],
    )
    assert.deepEqual(meeting.caller, alice)
    assert.equal(meeting.callee.name, 'shop.acme.example')
    assert.equal(meeting.address, '198.51.100.7:51234')
    assert.deepEqual([meeting.seenBy, meeting.resumed], ['callee', false])
    assert.equal(readMeeting(JSON.parse(JSON.stringify(writeMeeting(meeting)))).reference, meeting.reference)
  })
  test('claims no step that nothing shows', () => {
    const { people } = open(allowList(['alice']))
    const [device, , , ...rest] = shown().evidence
    const { session } = met(people.meet({ ...shown(), evidence: [device, undefined, undefined, ...rest] }, noEnd))
    assert.equal(stepsOf(session.meeting), 'p--ppp')
  })
  test('is found by party, account, device, label and rule until it is released', () => {
    const { people, sessions } = open(accessOf(CUSTOMERS))
    const { session, release } = met(people.meet(shown(), noEnd))
    const keys = ['party:alice', 'identity:account:alice', deviceKey(DEVICE), 'label:group:customers']
    for (const key of [...keys, 'rule:customers reach the bank']) assert.deepEqual(sessions.find(key), [session], key)
    assert.deepEqual(session.certificates, [])
    release()
    assert.equal(sessions.size, 0)
  })
  test('has what a door has sent counted, by whoever sends it', () => {
    const { session } = met(open(allowList(['*'])).people.meet(shown(), noEnd))
    assert.equal(session.octetsSent(), 0)
    session.sent(100)
    session.sent(23)
    assert.equal(session.octetsSent(), 123)
  })
})

suite('a person that does not come in', () => {
  for (const [what, rules, person, code] of [
    [
      'no rule is about',
      CUSTOMERS,
      shown(undefined, { ...alice, name: 'bob', party: 'bob' }),
      'ERR_POLICY_NOT_ALLOWED',
    ],
    ['has shown less than the rule asks for', CUSTOMERS, shown([proof('password')]), 'ERR_POLICY_PROOF'],
    [
      'has a passkey that is too old',
      CUSTOMERS.replace('password, totp', 'passkey < 15m'),
      shown([proof('passkey', NOW.subtract({ minutes: 16 }))]),
      'ERR_POLICY_PROOF',
    ],
    ['is to see more than this door proves', CUSTOMERS.replace('shop.', 'bank.'), shown(), 'ERR_POLICY_CALLEE'],
  ] as const)
    test(`because it ${what}`, () => {
      const { people, sessions } = open(accessOf(rules))
      const meeting = refused(people.meet(person, noEnd))
      assert.equal(outcomeOf(meeting), code)
      assert.equal(stepsOf(meeting), 'ppppr-')
      assert.equal(sessions.size, 0)
    })
  test('because it is not on the list, which is not for want of a certificate', () => {
    const meeting = refused(open(allowList(['bob'])).people.meet(shown(), noEnd))
    assert.equal(outcomeOf(meeting), 'ERR_CALLER_NOT_ALLOWED')
  })
  test('because it is locked, whatever it shows', () => {
    const locks = createLocks()
    locks.replace([{ party: 'alice' }], 1n)
    const meeting = refused(open(locks.over(allowList(['*']))).people.meet(shown(), noEnd))
    assert.equal(outcomeOf(meeting), 'ERR_POLICY_LOCKED')
  })
  test('because the policy broke', () => {
    const broken: Access = {
      decide() {
        throw new Error('the policy broke')
      },
      onChange: () => () => undefined,
    }
    const { people, sessions, faults } = open(broken)
    assert.equal(outcomeOf(refused(people.meet(shown(), noEnd))), 'ERR_GATE_FAULT')
    assert.equal(faults.length, 1)
    assert.equal(sessions.size, 0)
  })
  for (const [code, steps] of [
    ['ERR_PERSON_PROOF', 'r-----'],
    ['ERR_PERSON_CREDENTIALS', 'ppppr-'],
    ['ERR_PERSON_DENIED', 'ppppr-'],
    ['ERR_PERSON_INVITATION', 'pppr--'],
  ] as const)
    test(`${code} before there was anything to ask, at its step`, () => {
      const { people, sessions } = open(allowList(['*']))
      const meeting = people.refuse({ ...shown(), code, note: 'for the operator' })
      assert.equal(stepsOf(meeting), steps)
      assert.deepEqual(meeting.outcome.refusal, { code, note: 'for the operator' })
      assert.equal(sessions.size, 0)
    })
})

suite('a person that is here', () => {
  function come(t: TestContext, access: Access, proofs?: readonly Proof[]) {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const causes: RefusalCode[] = []
    const door = open(access)
    const { session, release } = met(door.people.meet(shown(proofs), (cause) => causes.push(cause)))
    return {
      ...door,
      session,
      release,
      causes,
      async pass(span: Temporal.DurationLike) {
        door.pass(span)
        t.mock.timers.tick(Temporal.Duration.from(span).total('milliseconds'))
        for (let i = 0; i < 4; i++) await nextTurn()
      },
    }
  }

  test('is cut by a lock, once', async (t) => {
    const locks = createLocks()
    const { causes, sessions, session } = come(t, locks.over(accessOf(CUSTOMERS)))
    const cuts = sessions.cut(locks.replace([{ party: 'alice' }], 1n), 'ERR_POLICY_LOCKED')
    assert.deepEqual(
      (await cuts).map(({ session: id, party, door }) => [id, party, door]),
      [[session.id, 'alice', 'bank']],
    )
    assert.deepEqual(await sessions.cut([partyKey({ party: 'alice' })], 'ERR_POLICY_LOCKED'), [])
    for (let i = 0; i < 4; i++) await nextTurn()
    assert.deepEqual(causes, ['ERR_POLICY_LOCKED'])
    assert.deepEqual([session.isCut, session.cutBy, sessions.size], [true, 'ERR_POLICY_LOCKED', 0])
  })
  test('is cut with its device', async (t) => {
    const { causes, sessions } = come(t, allowList(['alice']))
    await sessions.cut([deviceKey(`${DEVICE.slice(0, -1)}0`)], 'ERR_PERSON_DEVICE_REMOVED')
    assert.deepEqual(causes, [])
    await sessions.cut([deviceKey(DEVICE)], 'ERR_PERSON_DEVICE_REMOVED')
    assert.deepEqual(causes, ['ERR_PERSON_DEVICE_REMOVED'])
  })
  test('is cut when no rule holds any more', async (t) => {
    const rules = replaceableAccess(accessOf(CUSTOMERS))
    const { causes, sessions, ended } = come(t, rules)
    rules.replace(accessOf(TRANSFERS))
    for (let i = 0; i < 4; i++) await nextTurn()
    assert.deepEqual(causes, ['ERR_POLICY_NOT_ALLOWED'])
    assert.equal(ended.length, 1)
    assert.equal(sessions.size, 0)
  })
  test('stays by another rule, and is found by it', async (t) => {
    const rules = replaceableAccess(accessOf(CUSTOMERS))
    const { causes, sessions, session } = come(t, rules)
    rules.replace(accessOf(CUSTOMERS.replace('customers reach the bank', 'everybody banks')))
    for (let i = 0; i < 4; i++) await nextTurn()
    assert.deepEqual(causes, [])
    assert.deepEqual(sessions.find('rule:customers reach the bank'), [])
    assert.deepEqual(sessions.find('rule:everybody banks'), [session])
  })
  test('is cut when a proof has grown too old, and not before', async (t) => {
    const { causes, pass } = come(t, accessOf(CUSTOMERS.replace('password, totp', 'passkey < 15m')), [proof('passkey')])
    await pass({ minutes: 14, seconds: 59 })
    assert.deepEqual(causes, [])
    await pass({ seconds: 2 })
    assert.deepEqual(causes, ['ERR_POLICY_PROOF'])
  })
  test('loses what asks for a fresh proof alone, and comes by it again with one', async (t) => {
    const { causes, session, people, pass } = come(t, accessOf(CUSTOMERS + TRANSFERS), [
      proof('password'),
      proof('totp'),
      proof('passkey'),
    ])
    const lost: RefusalCode[] = []
    const { decision } = session.ask('service:transfers', (cause) => lost.push(cause))
    assert.ok(decision.ok)
    await pass({ minutes: 16 })
    assert.deepEqual([causes, lost], [[], ['ERR_POLICY_PROOF']])
    const again = session.ask('service:transfers', noEnd).decision
    assert.deepEqual(again.ok ? 'yes' : again.code, 'ERR_POLICY_PROOF')
    const fresh = [proof('password'), proof('totp'), proof('passkey', NOW.add({ minutes: 16 }))]
    const { session: stepped } = met(people.resume(session.meeting, fresh, noEnd))
    assert.ok(stepped.ask('service:transfers', noEnd).decision.ok)
  })
  test('is not told of anything after it was released', async (t) => {
    const locks = createLocks()
    const { causes, release, sessions } = come(t, locks.over(allowList(['*'])))
    release()
    await sessions.cut(locks.replace([{ party: 'alice' }], 1n), 'ERR_POLICY_LOCKED')
    for (let i = 0; i < 4; i++) await nextTurn()
    assert.deepEqual(causes, [])
  })
})

suite('a person that another process has met', () => {
  const before = met(open(accessOf(CUSTOMERS)).people.meet(shown(), noEnd)).session.meeting
  const kept = readMeeting(JSON.parse(JSON.stringify(writeMeeting(before))))
  test('goes on under the same record, and is found by the same keys', () => {
    const { people, sessions } = open(accessOf(CUSTOMERS))
    const { session } = met(people.resume(kept, shown().proofs, noEnd))
    assert.deepEqual(session.meeting, kept)
    assert.deepEqual(sessions.find(deviceKey(DEVICE)), [session])
    assert.deepEqual(sessions.find('party:alice'), [session])
  })
  test('is asked for anew: rules that changed meanwhile, or a lock, refuse it by a record of its own', () => {
    const locks = createLocks()
    locks.replace([{ party: 'alice' }], 1n)
    for (const [access, code] of [
      [accessOf(TRANSFERS), 'ERR_POLICY_NOT_ALLOWED'],
      [locks.over(accessOf(CUSTOMERS)), 'ERR_POLICY_LOCKED'],
    ] as const) {
      const meeting = refused(open(access).people.resume(kept, shown().proofs, noEnd))
      assert.equal(outcomeOf(meeting), code)
      assert.equal(stepsOf(meeting), 'ppppr-')
      assert.notEqual(meeting.reference, kept.reference)
    }
  })
  test('is cut as in the first', async () => {
    const causes: RefusalCode[] = []
    const { people, sessions } = open(accessOf(CUSTOMERS))
    met(people.resume(kept, shown().proofs, (cause) => causes.push(cause)))
    await sessions.cut(['party:alice'], 'ERR_POLICY_LOCKED')
    assert.deepEqual(causes, ['ERR_POLICY_LOCKED'])
  })
  test('nobody goes on from a refusal', () => {
    const { people } = open(accessOf(CUSTOMERS))
    const meeting = people.refuse({ ...shown(), code: 'ERR_PERSON_CREDENTIALS' })
    assert.throws(() => people.resume(meeting, shown().proofs, noEnd), RangeError)
  })
})
