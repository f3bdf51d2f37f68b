// The first contact: nothing but a fingerprint and a name is known.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import { connect } from '../../src/client/connect.ts'
import { trustFirstContact } from '../../src/client/first-contact.ts'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { startCallee } from '../support/callee.ts'
import { createIntermediate, createRoot, dns, issueLeaf, NOW } from '../support/pki.ts'
import { alice, door, issuing, refusedBy, root } from '../support/world.ts'

const rootSha256 = hash('sha256', root.certificate.der, 'buffer')
const whole = { ...door, certificates: [...door.certificates, root.certificate] } as const
const stranger = createRoot('Acme Root')

function contact(port: number, change: Partial<{ rootSha256: Uint8Array; name: string }> = {}) {
  const firstContact = { rootSha256, name: 'door.localhost', ...change }
  return { host: '127.0.0.1', port, firstContact, clock: () => NOW } as const
}

suite('first contact', () => {
  test('accepts who sends the root of that fingerprint and is under it, and believes that root alone', async () => {
    await using callee = await startCallee(whole)
    const { socket, trust, meeting } = await connect(contact(callee.port))
    assert.deepEqual(
      trust.anchors.map(({ certificate }) => certificate?.der),
      [root.certificate.der],
    )
    assert.deepEqual([trust.revocation, trust.crls], ['prefer', []])
    assert.equal(meeting.callee.name, 'door.localhost')
    socket.destroy()
  })

  const [leaf] = door.certificates
  const cases = {
    'a list without the root': [door, {}, 'ERR_CALLEE_UNKNOWN_ISSUER'],
    'another fingerprint': [whole, { rootSha256: new Uint8Array(32) }, 'ERR_CALLEE_UNKNOWN_ISSUER'],
    'the fingerprint of a middle, which did not sign itself': [
      whole,
      { rootSha256: hash('sha256', issuing.certificate.der, 'buffer') },
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
    'the fingerprint of the leaf': [
      whole,
      { rootSha256: hash('sha256', leaf.der, 'buffer') },
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
    'another name': [whole, { name: 'other.localhost' }, 'ERR_CALLEE_WRONG_NAME'],
    'the right root, beside a chain to another': [
      { ...issueLeaf(createIntermediate(stranger, 'Acme Issuing 1'), 'door', { names: [dns('door.localhost')] }) },
      {},
      'ERR_CALLEE_UNKNOWN_ISSUER',
    ],
    'a caller’s certificate': [
      { ...alice, certificates: [alice.certificates[0], issuing.certificate, root.certificate] },
      {},
      'ERR_CALLEE_WRONG_NAME',
    ],
  } as const
  for (const [name, [credential, change, code]] of Object.entries(cases))
    test(`refuses ${name}`, async () => {
      const { certificates, privateKey } = credential
      const padded = name.startsWith('the right root') ? [...certificates, root.certificate] : certificates
      await using callee = await startCallee({ privateKey, certificates: padded as typeof certificates })
      const refused = await refusedBy(contact(callee.port, change))
      assert.ok([code, 'ERR_CALLEE_WRONG_PURPOSE'].includes(refused.code), refused.message)
      assert.equal(callee.met.length, 0)
    })
})

suite('trustFirstContact', () => {
  const { der } = root.certificate
  const trust = (one: Uint8Array) =>
    trustFirstContact([one], { rootSha256: hash('sha256', one, 'buffer'), name: '' }, createCheckSignature(), NOW)

  test('a root is its own proof', () => assert.equal(trust(der)?.anchors.length, 1))
  test('what only names itself as its issuer is no root, whatever the fingerprint says', () => {
    // The last octet of the signature.
    assert.equal(trust(der.with(der.length - 1, (der.at(-1) ?? 0) ^ 1)), undefined)
  })
  test('octets that are no certificate are none either', () => assert.equal(trust(der.subarray(0, 40)), undefined))
})
