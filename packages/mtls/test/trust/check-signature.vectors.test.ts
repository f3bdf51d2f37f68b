// Wycheproof's signatures, over node:crypto and over WebCrypto.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { checkSignatureOver } from '@countersign/verify'
import { needsVectors } from '../../../../interop/peer.ts'
import {
  readSignatureSet,
  SIGNATURE_SETS,
  type SignatureCase,
} from '../../../../tools/testing/wycheproof-signatures.ts'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { readSpki } from './spki.ts'

suite('Wycheproof signatures', () => {
  for (const set of SIGNATURE_SETS) {
    test(set[0], needsVectors(`wycheproof/${set[0]}`), () => {
      const checkSignature = createCheckSignature()
      const cases = readSignatureSet(set)
      for (const { what, algorithm, spki, signed, signature, valid } of cases) {
        const key = readSpki(spki)
        assert.equal(checkSignature(algorithm, key, signed, signature), valid, what)
        assert.equal(checkSignature(algorithm, key, signed, signature), valid, `asked again, ${what}`)
      }
      assertBoth(cases)
    })

    test(`${set[0]} over WebCrypto`, needsVectors(`wycheproof/${set[0]}`), async () => {
      const checkSignature = checkSignatureOver(globalThis.crypto.subtle)
      const cases = readSignatureSet(set)
      for (const { what, algorithm, spki, signed, signature, valid } of cases) {
        // Of a key whose form is wrong it says that it does not know it.
        const answer = await checkSignature(algorithm, readSpki(spki), signed, signature)
        assert.equal(answer ?? false, valid, what)
      }
      assertBoth(cases)
    })
  }
})

function assertBoth(cases: readonly SignatureCase[]): void {
  const valid = cases.filter((each) => each.valid).length
  assert.ok(valid > 5 && cases.length - valid > 5, `${valid} of ${cases.length} are valid`)
}
