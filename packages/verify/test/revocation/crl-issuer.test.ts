// Who may sign a CRL, and of whom it may speak. RFC 5280 §6.3.3 (b) (1) and (f), §5.3.3.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CRL_ISSUER_CASES } from '../../../../interop/chains/crl-issuer-cases.ts'
import { codesOf } from '../../../../interop/chains/house.ts'
import { judged } from './asked.ts'

suite('the issuer of a crl', () => {
  for (const one of CRL_ISSUER_CASES) test(one.what, () => assert.deepEqual(codesOf(judged(one)), one.codes))
})
