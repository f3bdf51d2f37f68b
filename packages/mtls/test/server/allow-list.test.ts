// Who is on the list of a door, and who only looks like it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Side } from '@countersign/protocol'
import { type GeneralName, smtpUTF8MailboxName } from '@countersign/x509'
import { sideOf } from '../../src/gate/side.ts'
import type { AccessQuestion } from '../../src/model.ts'
import { allowList } from '../../src/server/allow-list.ts'
import { createRoot, dns, issueLeaf, NOW, uri } from '../support/pki.ts'

const root = createRoot('root')
const mail: GeneralName = { kind: 'rfc822Name', value: 'alice@acme.example' }
const ip: GeneralName = { kind: 'iPAddress', octets: Uint8Array.of(192, 0, 2, 7) }
const alice = proved(uri('spiffe://acme.example/alice'), dns('db.acme.example'), mail, ip)

function proved(...names: GeneralName[]): Side {
  return sideOf(issueLeaf(root, 'someone', { names }).certificates[0], '198.51.100.1:51234')
}

const ofAnotherDomain = sideOf(
  issueLeaf(root, 'alice', { names: [uri('spiffe://other.example/alice')] }).certificates[0],
  '198.51.100.1:51234',
  'caller',
  { domain: 'acme.example' },
)
const asks = (caller: Side): AccessQuestion => ({
  caller,
  callee: { name: 'door', identities: [] },
  proofs: [],
  now: NOW,
})

suite('allowList', () => {
  for (const entry of [
    'alice',
    'spiffe://acme.example/alice',
    'db.acme.example',
    'alice@acme.example',
    '192.0.2.7',
    '*',
  ])
    test(`names her: ${entry}`, () => {
      assert.deepEqual(allowList(['bob', entry]).decide(asks(alice)), { ok: true, rule: `allow ${entry}` })
    })

  for (const entry of ['SPIFFE://Acme.example/alice', 'DB.acme.example', 'alice@ACME.example'])
    test(`names her in other letters, where they say the same: ${entry}`, () => {
      assert.deepEqual(allowList([entry]).decide(asks(alice)), { ok: true, rule: `allow ${entry}` })
    })

  test('names whoever has the domain in A-labels, by its name in another script', () => {
    const doctor = proved(dns('xn--bcher-kva.example'), smtpUTF8MailboxName('\u533b\u751f@xn--pss25c.example'), {
      kind: 'rfc822Name',
      value: 'carol@xn--pss25c.example',
    })
    for (const entry of [
      'b\u00fccher.example',
      '\u533b\u751f@\u5927\u5b66.example',
      'carol@\u5927\u5b66.example',
      '\u533b\u751f@xn--pss25c.example',
    ])
      assert.deepEqual(allowList([entry]).decide(asks(doctor)), { ok: true, rule: `allow ${entry}` })
    // RFC 9598 §5: the local part is not transformed in any way.
    for (const entry of ['\u751f\u533b@\u5927\u5b66.example', 'Carol@\u5927\u5b66.example'])
      assert.equal(allowList([entry]).decide(asks(doctor)).ok, false)
  })

  const others: readonly (readonly [string, string, Side])[] = [
    ['another party', 'bob', alice],
    ['a part of her name', 'alic', alice],
    ['her name in other letters', 'Alice', alice],
    ['her path in other letters', 'spiffe://acme.example/Alice', alice],
    ['her mailbox in other letters', 'Alice@acme.example', alice],
    ['the same path in another domain', 'spiffe://other.example/alice', alice],
    ['a host whose name is one word is not the party of that name', 'alice', proved(dns('alice'))],
    ['nor is a person of that name', 'alice', proved({ kind: 'rfc822Name', value: 'alice' })],
    ['the address that she comes from is none that she proved', '198.51.100.1', alice],
    ['nobody is not everybody', '*', sideOf(undefined, '198.51.100.1:51234')],
    ['whom our authority names in another trust domain is no party of ours', '*', ofAnotherDomain],
  ]
  for (const [title, entry, side] of others)
    test(`does not name her: ${title}`, () => {
      const missing = [`an entry for ${side.name}`]
      assert.deepEqual(allowList([entry]).decide(asks(side)), { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing })
    })

  test('an empty list allows nobody, and an empty entry is a mistake', () => {
    assert.equal(allowList([]).decide(asks(alice)).ok, false)
    assert.throws(() => allowList(['alice', ' ']), RangeError)
  })
})

suite('allowList and people', () => {
  const person: Side = { name: 'alice', party: 'alice', identities: [{ kind: 'account', value: 'alice' }] }
  for (const entry of ['alice', '*'])
    test(`lets in a person that proved itself: ${entry}`, () =>
      assert.deepEqual(allowList([entry]).decide(asks(person)), { ok: true, rule: `allow ${entry}` }))
  for (const [what, entry, caller] of [
    ['another person', 'bob', person],
    ['a person, who is not nobody', 'nobody', person],
    ['nobody', '*', sideOf(undefined, '198.51.100.1:51234')],
    ['a name that nobody proved', '*', { ...person, identities: [] }],
    ['an account that is no party', '*', { name: 'alice', identities: person.identities }],
    ['the account of another authority', '*', { ...person, authority: 'partner' }],
    ['an account that is written like a host', 'db.acme.example', account('db.acme.example')],
    ['an account that is written like an address', 'alice@acme.example', account('alice@acme.example')],
  ] as const)
    test(`refuses ${what}: ${entry}`, () => assert.equal(allowList([entry]).decide(asks(caller as Side)).ok, false))

  function account(value: string): Side {
    return { name: value, party: 'someone', identities: [{ kind: 'account', value }] }
  }
})
