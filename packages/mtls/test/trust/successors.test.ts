// Which roots follow a root: those that it has signed, and none that an authority merely tells.
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Certificate, CertificateList } from '@countersign/x509'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { successorsOf } from '../../src/trust/successors.ts'
import { createCross, createIntermediate, createRoot, issueCrl, issueLeaf, NOW } from '../support/pki.ts'

const [old, next, stranger] = [createRoot('Root 1'), createRoot('Root 2'), createRoot('Stranger')]
const anchors = [old.certificate]
const cross = createCross(old, next)
const otherKey = createPublicKey(stranger.privateKey)

const found = (certificates: readonly Certificate[], crls: readonly CertificateList[] = []) =>
  successorsOf({ certificates, crls }, anchors, NOW, createCheckSignature()).map(({ der }) => der)

suite('roots that follow', () => {
  test('one that an anchor has signed is believed, once, however often it is told', () => {
    assert.deepEqual(found([cross, next.certificate, next.certificate]), [next.certificate.der])
    assert.deepEqual(found([next.certificate, cross], [issueCrl(old)]), [next.certificate.der])
  })

  test('one that is an anchor already is nothing new', () => {
    assert.deepEqual(found([old.certificate, createCross(next, old), cross]), [])
  })

  for (const [what, certificates, crls] of [
    ['one that is merely told', [next.certificate]],
    ['one that a stranger has signed', [next.certificate, createCross(stranger, next)]],
    [
      'one that signs for itself in another’s name',
      [next.certificate, createCross(old, next, { signedBy: stranger.privateKey })],
    ],
    ['one of the same name with another key', [next.certificate, createCross(old, next, { publicKey: otherKey })]],
    ['one below which there may be no other', [next.certificate, createCross(old, next, { pathLength: 0 })]],
    ['one that was signed as a party is', [next.certificate, createCross(old, next, { ca: false })]],
    ['one whose certificate by the anchor has ended', [next.certificate, createCross(old, next, { notAfter: NOW })]],
    ['one whose certificate by the anchor was revoked', [next.certificate, cross], [issueCrl(old, [cross])]],
    ['what is told without the root itself', [cross]],
    ['an authority below the anchor', [createIntermediate(old, 'Issuing').certificate]],
    ['a party’s certificate', [issueLeaf(old, 'alice').certificates[0]]],
    ['nothing', []],
  ] as readonly (readonly [string, readonly Certificate[], (readonly CertificateList[])?])[])
    test(`not ${what}`, () => {
      assert.deepEqual(found(certificates, crls), [])
    })
})
