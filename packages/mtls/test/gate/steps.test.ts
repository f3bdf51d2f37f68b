import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { STEP_NAMES } from '@countersign/protocol'
import { helloEvidence, makeSteps, type StepFact, verdictEvidence } from '../../src/gate/steps.ts'
import { createRoot, NOW, spkiSha256 } from '../support/pki.ts'

const FACT: StepFact = { evidence: { kind: 'finished' }, at: NOW }
const ALL = [FACT, FACT, FACT, FACT, FACT, FACT] as const

suite('makeSteps', () => {
  test('six steps, by caller, callee, caller, caller, callee and both', () => {
    const steps = makeSteps(ALL)
    assert.deepEqual(
      steps.map(({ by }) => by),
      ['caller', 'callee', 'caller', 'caller', 'callee', 'both'],
    )
    assert.equal(steps.length, STEP_NAMES.length)
    for (const { outcome, evidence, at } of steps)
      assert.deepEqual({ outcome, evidence, at }, { outcome: 'proved', ...FACT })
  })

  for (const refusedAt of [1, 2, 3, 4, 5, 6] as const)
    test(`refused at step ${refusedAt}: the later ones are not reached, whatever was known`, () => {
      const steps = makeSteps(ALL, refusedAt)
      assert.deepEqual(
        steps.map(({ outcome }) => outcome),
        ALL.map((_, i) => (i + 1 < refusedAt ? 'proved' : i + 1 === refusedAt ? 'refused' : 'not reached')),
      )
      for (const { outcome, evidence } of steps) assert.equal(evidence === undefined, outcome === 'not reached')
    })

  test('a step without a fact is not claimed', () => {
    assert.deepEqual(
      makeSteps([FACT, FACT, FACT, undefined, undefined, FACT]).map(({ outcome }) => outcome),
      ['proved', 'proved', 'proved', 'not reached', 'not reached', 'proved'],
    )
  })

  test('a refused step may lack a fact', () => {
    assert.deepEqual(makeSteps([], 1)[0], { by: 'caller', outcome: 'refused' })
  })

  test('is frozen', () => {
    const steps = makeSteps(ALL, 4)
    assert.ok(Object.isFrozen(steps) && steps.every(Object.isFrozen))
  })
})

test('helloEvidence holds the digest of the random, never the random', () => {
  assert.deepEqual(helloEvidence(new Uint8Array(32), 'a.example'), {
    kind: 'clientHello',
    // sha256sum of 32 zero octets
    randomSha256: '66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925',
    serverName: 'a.example',
  })
  assert.ok(!('serverName' in helloEvidence(new Uint8Array(32))))
})

suite('verdictEvidence', () => {
  const { certificate } = createRoot('Evidence Root')
  const anchor = { name: certificate.subject, subjectPublicKeyInfo: certificate.subjectPublicKeyInfo, certificate }
  const path = { certificates: [], anchor, validUntil: NOW }

  test('names the anchor and the CRL of the leaf', () => {
    const crl = { kind: 'crl', issuer: certificate.subject, thisUpdate: NOW } as const
    const evidence = [
      { ...crl, depth: 1, number: 9n },
      { ...crl, depth: 0, number: 7n },
    ]
    assert.deepEqual(verdictEvidence({ path, evidence }), {
      kind: 'verdict',
      anchor: 'CN=Evidence Root',
      anchorSpkiSha256: spkiSha256(certificate),
      status: 'not revoked, by CRL 7 of CN=Evidence Root from 2026-06-01T12:00:00Z',
      knownAt: NOW,
    })
  })

  test('names the responder of the leaf', () => {
    const times = { producedAt: NOW, thisUpdate: NOW, until: NOW.add({ hours: 1 }) }
    const evidence = verdictEvidence({
      path,
      evidence: [{ kind: 'ocsp', depth: 0, issuer: certificate.subject, ...times }],
    })
    assert.equal(
      evidence.kind === 'verdict' && evidence.status,
      'not revoked, by OCSP of CN=Evidence Root from 2026-06-01T12:00:00Z',
    )
  })

  test('says so where the status is not known', () => {
    const evidence = verdictEvidence({ path, evidence: [] })
    assert.equal(evidence.kind === 'verdict' && evidence.status, 'not known, and not required here')
  })
})
