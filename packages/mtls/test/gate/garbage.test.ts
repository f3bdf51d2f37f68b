// A judgement leaves nothing behind that only a full collection takes away: at a busy door that would be all the time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { judge } from '../../src/gate/judge.ts'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { alice, issuing, root } from '../support/door.ts'
import { issueCrl, NOW } from '../support/pki.ts'

const JUDGEMENTS = 300
// Generators that were made anew for each path kept 7,500.
const MAX_OCTETS_EACH = 2_000

test('a judgement is garbage as soon as it is forgotten', () => {
  setFlagsFromString('--expose-gc')
  const collect: (options?: { readonly type: 'minor' }) => void = runInNewContext('gc')
  const crls = [issueCrl(root), issueCrl(issuing)]
  const trust = createTrust({ anchors: [root.certificate], crls, revocation: 'require', asOf: NOW })
  const checkSignature = createCheckSignature()
  const { certificates } = alice
  const judgeMany = (count: number) => {
    for (let i = 0; i < count; i++)
      assert.ok(judge({ presenter: 'caller', certificates, trust, now: NOW, address: '', checkSignature }).ok)
  }
  // Until all is compiled and known.
  judgeMany(10 * JUDGEMENTS)
  collect()
  const before = process.memoryUsage().heapUsed
  judgeMany(JUDGEMENTS)
  collect({ type: 'minor' })
  const left = (process.memoryUsage().heapUsed - before) / JUDGEMENTS
  assert.ok(left < MAX_OCTETS_EACH, `${left} octets each`)
})
