import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createCheckSignature } from '@countersign/mtls'
import type { Identity } from '@countersign/protocol'
import { type GeneralName, smtpUTF8MailboxName } from '@countersign/x509'
import { X509_PROFILES } from '../../src/issuance/profiles.ts'
import { decideNames, readRequest as readUnder } from '../../src/issuance/request.ts'
import { newKey, requestFor } from '../support/keys.ts'

const readRequest = (der: Uint8Array) => readUnder(der, X509_PROFILES.client, createCheckSignature())
const GRANTED: readonly Identity[] = [
  { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' },
  { kind: 'dNSName', value: 'alice.localhost' },
  { kind: 'iPAddress', value: '::1' },
  { kind: 'rfc822Name', value: 'jörg@xn--bcher-kva.example' },
]
const codeOf = (der: Uint8Array) => {
  const read = readRequest(der)
  return read.ok ? 'ok' : read.refusal.code
}

suite('reading a request', () => {
  for (const kind of ['P-256', 'P-384', 'Ed25519', 'RSA-2048'] as const)
    test(`one for a ${kind} key that has signed it is read`, () => {
      const key = newKey(kind)
      const read = readRequest(requestFor(key))
      assert.ok(read.ok)
      assert.deepEqual(read.publicKey, key.spki)
    })

  test('one that another key has signed is refused', () => {
    assert.equal(codeOf(requestFor(newKey(), { signedBy: newKey() })), 'ERR_ENROLL_REQUEST_SIGNATURE')
  })

  test('one that another kind of key has signed is refused', () => {
    assert.equal(codeOf(requestFor(newKey(), { signedBy: newKey('Ed25519') })), 'ERR_ENROLL_REQUEST_SIGNATURE')
  })

  test('each octet that is changed on the way is noticed', () => {
    const der = requestFor(newKey(), { commonName: 'alice', names: [{ kind: 'dNSName', value: 'alice.localhost' }] })
    for (let i = 0; i < der.length; i++) {
      const tampered = Uint8Array.from(der)
      tampered[i]! ^= 1
      assert.notEqual(codeOf(tampered), 'ok', `octet ${i}`)
    }
  })

  test('each truncation is refused as unreadable', () => {
    const der = requestFor(newKey())
    for (let length = 0; length < der.length; length++)
      assert.equal(codeOf(der.subarray(0, length)), 'ERR_ENROLL_REQUEST', `${length} octets`)
  })

  test('octets behind it are refused', () => {
    assert.equal(codeOf(Uint8Array.from([...requestFor(newKey()), 0])), 'ERR_ENROLL_REQUEST')
  })
})

suite('names of a request', () => {
  const decide = (names: readonly GeneralName[], commonName?: string) => {
    const read = readRequest(requestFor(newKey(), { names, ...(commonName && { commonName }) }))
    assert.ok(read.ok)
    const decided = decideNames(read, 'alice', GRANTED)
    return decided.ok ? 'ok' : decided.refusal.code
  }

  for (const [what, names, commonName] of [
    ['none', [], undefined],
    ['the party as common name', [], 'alice'],
    ['a granted name as common name', [], 'alice.localhost'],
    ['a granted name', [{ kind: 'dNSName', value: 'alice.localhost' }], undefined],
    ['a granted name in other case', [{ kind: 'dNSName', value: 'ALICE.localhost' }], undefined],
    ['its own SPIFFE ID', [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' }], undefined],
    ['a granted address beyond ASCII', [smtpUTF8MailboxName('jörg@xn--bcher-kva.example')], undefined],
    ['a granted address', [{ kind: 'iPAddress', octets: Uint8Array.from([...new Array(15).fill(0), 1]) }], undefined],
  ] as const)
    test(`${what}: may be asked for`, () => assert.equal(decide(names, commonName), 'ok'))

  for (const [what, names, commonName] of [
    ['another common name', [], 'bob'],
    ['another DNS name', [{ kind: 'dNSName', value: 'bob.localhost' }], undefined],
    ['a wildcard', [{ kind: 'dNSName', value: '*.localhost' }], undefined],
    [
      'a granted name and one more',
      [
        { kind: 'dNSName', value: 'alice.localhost' },
        { kind: 'dNSName', value: 'a.b' },
      ],
      undefined,
    ],
    [
      "another party's SPIFFE ID",
      [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/bob' }],
      undefined,
    ],
    ['another address', [{ kind: 'iPAddress', octets: Uint8Array.of(127, 0, 0, 1) }], undefined],
    ['a granted address in another normal form', [smtpUTF8MailboxName('jo\u0308rg@xn--bcher-kva.example')], undefined],
    ['an address of ASCII for one beyond', [{ kind: 'rfc822Name', value: 'jorg@xn--bcher-kva.example' }], undefined],
    ['a DNS name as e-mail', [{ kind: 'rfc822Name', value: 'alice.localhost' }], undefined],
    ['a registered ID', [{ kind: 'registeredID', value: '1.2.3' }], undefined],
  ] as const)
    test(`${what}: refused`, () => assert.equal(decide(names, commonName), 'ERR_ENROLL_NAME'))
})
