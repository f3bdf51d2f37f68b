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
