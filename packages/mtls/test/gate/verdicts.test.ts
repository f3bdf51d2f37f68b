// What the gate remembers, and for how long: never past a change, and never for who was refused.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createVerdicts, type TrustedQuestion } from '../../src/gate/verdicts.ts'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { createTrust, type TrustStart } from '../../src/trust/trust.ts'
import { issueCrl } from '../support/crls.ts'
import { announcement, createIntermediate, createRoot, dns, issueLeaf, NOW, uri } from '../support/pki.ts'

const root = createRoot('Acme Root')
const issuing = createIntermediate(root, 'Acme Issuing 1')
const alice = issueLeaf(issuing, 'alice', {
  names: [uri('spiffe://acme.example/alice')],
  notAfter: NOW.add({ hours: 2 }),
})
const bob = issueLeaf(issuing, 'bob', { names: [uri('spiffe://acme.example/bob')] })
const shop = issueLeaf(issuing, 'shop', { names: [dns('a.acme.example'), dns('b.acme.example')] })
const nameless = issueLeaf(issuing, 'nameless')
const stranger = issueLeaf(createRoot('Elsewhere'), 'alice', { names: [uri('spiffe://acme.example/alice')] })
const chain = (of: { readonly certificates: typeof alice.certificates }) => of.certificates.map(({ der }) => der)

function start(overrides: Partial<TrustStart> = {}, maxBelieved?: number) {
  const trust = createTrust({
    anchors: [root.certificate],
    crls: [issueCrl(root), issueCrl(issuing)],
    revocation: 'require',
    asOf: NOW,
    ...overrides,
  })
  const check = createCheckSignature()
  let asked = 0
  const counted = (...question: Parameters<typeof check>) => {
    asked++
    return check(...question)
  }
  const verdicts = createVerdicts(trust, counted, maxBelieved)
  /** Judges, and answers the outcome and whether there was work to do. */
  const ask = (question: Partial<TrustedQuestion> = {}): string => {
    asked = 0
    const judgement = verdicts.judge({
      presenter: 'caller',
      certificates: chain(alice),
      now: NOW,
      address: '192.0.2.1:4000',
      ...question,
    })
    return `${asked === 0 ? 'remembered' : 'judged'} ${judgement.ok ? judgement.side.name : judgement.refusal.code}`
  }
  /** So that `question` is remembered. */
  const settle = (question: Partial<TrustedQuestion> = {}) => {
    ask(question)
    ask(question)
    assert.match(ask(question), /^remembered/)
  }
  return { trust, verdicts, ask, settle }
}

suite('a verdict is remembered', () => {
  test('of a chain that comes for the third time, whole, without its issuer or with its root', () => {
    const { ask, trust } = start({ issuers: [issuing.certificate] })
    const leafAlone = [alice.certificates[0].der]
    const withRoot = [...chain(alice), root.certificate.der]
    for (const certificates of [chain(alice), leafAlone, withRoot])
      assert.deepEqual(
        [ask({ certificates }), ask({ certificates }), ask({ certificates })],
        ['judged alice', 'judged alice', 'remembered alice'],
      )
    // Read before, or as octets: the same chain.
    assert.equal(ask({ certificates: alice.certificates }), 'remembered alice')
    assert.equal(trust.version, 1)
  })

  test('as it was', () => {
    const { verdicts } = start()
    const question = { presenter: 'caller', certificates: chain(alice), now: NOW, address: '192.0.2.1:4000' } as const
    const [first, , third] = [verdicts.judge(question), verdicts.judge(question), verdicts.judge(question)]
    assert.deepEqual(third, first)
  })

  test('for the purpose and the name that were asked for, and no other', () => {
    const { ask, settle } = start()
    const asked = { presenter: 'callee', certificates: chain(shop) } as const
    settle({ ...asked, name: { kind: 'dNSName', value: 'a.acme.example' } })
    assert.equal(ask({ ...asked, name: { kind: 'dNSName', value: 'b.acme.example' } }), 'judged a.acme.example')
    assert.equal(ask({ ...asked, name: { kind: 'dNSName', value: 'c.acme.example' } }), 'judged ERR_CALLEE_WRONG_NAME')
    assert.match(ask({ certificates: chain(shop) }), /^judged/)
    assert.match(ask({ certificates: chain(shop), purpose: 'serverAuth' }), /^judged/)
  })
})

suite('what is not remembered', () => {
  test('a refusal: what is mended meanwhile counts at once', () => {
    const { ask, trust } = start({ crls: [issueCrl(root)] })
    for (let i = 0; i < 3; i++) assert.equal(ask(), 'judged ERR_CALLER_STATUS_UNKNOWN')
    trust.replaceCrls([issueCrl(issuing)], NOW)
    assert.equal(ask(), 'judged alice')
  })

  test('a chain with anything beside its path, so that one leaf cannot fill the memory', () => {
    const { ask } = start()
    const junk = [
      [...chain(alice), ...chain(stranger)],
      [alice.certificates[0].der, ...chain(stranger), issuing.certificate.der],
      [...chain(alice), issuing.certificate.der],
    ]
    for (const certificates of junk)
      for (let i = 0; i < 4; i++) assert.match(ask({ certificates }), /^judged (alice|ERR_CALLER_MALFORMED)/)
  })

  test('who shows no name: it is called by its address', () => {
    const { ask } = start()
    for (const address of ['192.0.2.1:1', '192.0.2.2:2', '192.0.2.3:3', '192.0.2.4:4'])
      assert.equal(ask({ certificates: chain(nameless), address }), `judged ${address}`)
  })

  test('whom nobody vouches for', () => {
    const { ask } = start()
    for (let i = 0; i < 4; i++) assert.match(ask({ certificates: chain(stranger) }), /ERR_CALLER_UNKNOWN_ISSUER$/)
  })
})

suite('it is judged anew', () => {
  test('after its own revocation was announced, that of its issuer, or of anybody else', () => {
    for (const [revoked, outcome] of [
      [announcement(issuing, alice.certificates[0]), 'ERR_CALLER_REVOKED'],
      [announcement(root, issuing.certificate), 'ERR_CALLER_REVOKED'],
      [announcement(issuing, shop.certificates[0]), 'alice'],
    ] as const) {
      const { ask, settle, trust } = start()
      settle()
      trust.announce([revoked], NOW)
      assert.match(ask(), new RegExp(`^judged ${outcome}$`))
    }
  })

  test('after a list was replaced', () => {
    const { ask, settle, trust } = start()
    settle()
    trust.replaceCrls([issueCrl(issuing, { number: 2n, revoked: [alice.certificates[0]] })], NOW)
    assert.match(ask(), /ERR_CALLER_REVOKED$/)
  })

  test('where its certificate or its list has ended, a list has begun, or the clock went back', () => {
    const another = createIntermediate(root, 'Acme Issuing 2')
    const later = issueCrl(another, { thisUpdate: NOW.add({ minutes: 10 }), nextUpdate: NOW.add({ hours: 9 }) })
    for (const [minutes, outcome] of [
      [9, 'remembered alice'],
      [10, 'judged alice'],
      [-1, 'judged alice'],
      [-90, 'judged ERR_CALLER_STATUS_UNKNOWN'],
      [121, 'judged ERR_CALLER_EXPIRED'],
    ] as const) {
      const { ask, settle } = start({ crls: [issueCrl(root), issueCrl(issuing), later] })
      settle()
      assert.equal(ask({ now: NOW.add({ minutes }) }), outcome, `${minutes} minutes`)
    }
    const brief = issueCrl(issuing, { nextUpdate: NOW.add({ minutes: 5 }) })
    const { ask, settle } = start({ crls: [issueCrl(root), brief] })
    settle()
    assert.equal(ask({ now: NOW.add({ minutes: 4 }) }), 'remembered alice')
    assert.equal(ask({ now: NOW.add({ minutes: 5 }) }), 'judged ERR_CALLER_STATUS_UNKNOWN')
  })
})

test('the memory is bounded: who was asked for longest ago is judged again', () => {
  const { ask, settle } = start({}, 2)
  settle()
  settle({ certificates: chain(shop) })
  assert.equal(ask(), 'remembered alice')
  settle({ certificates: chain(bob) })
  assert.match(ask({ certificates: chain(shop) }), /^judged/)
  assert.equal(ask({ certificates: chain(bob) }), 'remembered bob')
})
