import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createTrust } from '../../src/trust/trust.ts'
import { issueCrl } from '../support/crls.ts'
import { createIntermediate, createRoot, issueLeaf, NOW, spkiSha256 } from '../support/pki.ts'

const root = createRoot('root')
const other = createRoot('other')
const issuing = createIntermediate(root, 'issuing')
const leaf = issueLeaf(issuing, 'alice')
const start = { anchors: [root.certificate], revocation: 'require', asOf: NOW } as const

suite('createTrust', () => {
  test('refuses to be empty', () => {
    assert.throws(() => createTrust({ ...start, anchors: [] }), /at least one anchor/)
  })

  test('makes anchors of certificates, and names them in whatever order they stand', () => {
    const trust = createTrust(start)
    assert.deepEqual(trust.anchors[0]?.name.der, root.certificate.subject.der)
    assert.equal(trust.anchors[0]?.certificate, root.certificate)
    const both = [root.certificate, other.certificate]
    const one = createTrust({ ...start, anchors: both }).anchorsSha256
    assert.equal(createTrust({ ...start, anchors: both.toReversed() }).anchorsSha256, one)
    assert.equal(createTrust({ ...start, anchors: [...both, root.certificate] }).anchorsSha256, one)
    assert.notEqual(one, trust.anchorsSha256)
  })

  test('replaces an older CRL, ignores an older and an equal one, and keeps each issuer’s', () => {
    const trust = createTrust({ ...start, crls: [issueCrl(root)] })
    let changes = 0
    trust.onChange(() => changes++)
    const before = trust.version
    const at = NOW.add({ minutes: 1 })
    trust.replaceCrls([issueCrl(issuing, { number: 5n })], at)
    assert.equal(trust.crls.length, 2)
    assert.deepEqual([changes, trust.version > before, trust.asOf], [1, true, at])

    trust.replaceCrls([issueCrl(issuing, { number: 4n, thisUpdate: NOW })], at)
    trust.replaceCrls([issueCrl(issuing, { number: 5n })], at)
    assert.deepEqual(
      trust.crls.map(({ crl }) => crl.cRLNumber),
      [1n, 5n],
    )
    assert.equal(changes, 1)

    trust.replaceCrls([issueCrl(issuing, { number: 6n, revoked: [leaf.certificates[0]] })], at)
    assert.deepEqual(
      trust.crls.map(({ crl }) => crl.cRLNumber),
      [1n, 6n],
    )
    assert.equal(trust.crls[1]?.entries.has(leaf.certificates[0].serialNumber), true)
    assert.equal(changes, 2)
  })

  test('keeps the CRLs of an issuer’s old and new key, and of two issuers of one name', () => {
    const namesake = createRoot('root')
    const trust = createTrust({ ...start, crls: [issueCrl(root, { number: 9n }), issueCrl(namesake)] })
    assert.equal(trust.crls.length, 2)
  })

  test('time never goes back', () => {
    const trust = createTrust(start)
    trust.replaceCrls([issueCrl(root)], NOW.subtract({ hours: 5 }))
    assert.equal(trust.asOf, NOW)
  })

  test('an announcement is known at once, for that issuer and serial number only, and the first one stays', () => {
    const trust = createTrust(start)
    const issuerSpkiSha256 = spkiSha256(issuing.certificate)
    const one = { issuerSpkiSha256, serialNumber: 7n, party: 'alice', at: NOW, reason: 'keyCompromise' } as const
    const before = trust.version
    trust.announce([one], NOW)
    trust.announce([{ ...one, at: NOW.add({ hours: 1 }), reason: 'unspecified' }], NOW)
    assert.deepEqual(trust.announced(issuerSpkiSha256, 7n), one)
    assert.ok(trust.version > before)
    assert.equal(trust.announced(issuerSpkiSha256, 8n), undefined)
    assert.equal(trust.announced(spkiSha256(root.certificate), 7n), undefined)
  })
})
