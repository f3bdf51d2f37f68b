// Whatever a peer sends, the answer is a verdict.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyPath } from '@countersign/verify'
import { anchorOf, contextOf, crl, intermediate, leaf, root, sans } from '../../../interop/chains/house.ts'

/** A small generator of its own, so that a failure comes again. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state >>> 8
  }
}

suite('hostile certificates', () => {
  const anchor = root()
  const issuing = intermediate(anchor)
  const party = leaf(issuing, {
    extensions: { subjectAltName: sans({ kind: 'uniformResourceIdentifier', value: 'spiffe://house.example/a' }) },
  })
  const [leafDer, issuingDer] = [party.certificate.der, issuing.certificate.der]
  const context = contextOf([anchorOf(anchor)], {
    name: { kind: 'uniformResourceIdentifier', value: 'spiffe://house.example/a' },
    status: { mode: 'require', crls: [crl(anchor), crl(issuing)] },
  })

  test('the chain itself is accepted', () => {
    assert.ok(verifyPath([leafDer, issuingDer], context).ok)
  })

  test('no prefix of either is accepted, and none throws', () => {
    for (let length = 0; length < leafDer.length; length++)
      assert.equal(verifyPath([leafDer.subarray(0, length), issuingDer], context).ok, false)
    for (let length = 0; length < issuingDer.length; length++)
      assert.equal(verifyPath([leafDer, issuingDer.subarray(0, length)], context).ok, false)
  })

  test('no single changed octet is accepted, and none throws', () => {
    for (const [place, der] of [leafDer, issuingDer].entries()) {
      for (let at = 0; at < der.length; at++) {
        for (const flip of [0x01, 0x20, 0x80]) {
          const changed = Uint8Array.from(der)
          changed[at] = (changed[at] ?? 0) ^ flip
          const peer = place === 0 ? [changed, issuingDer] : [leafDer, changed]
          assert.equal(verifyPath(peer, context).ok, false, `octet ${at} of certificate ${place}`)
        }
      }
    }
  })

  test('random octets are refused', () => {
    const random = numbers(26)
    for (let i = 0; i < 500; i++) {
      const der = Uint8Array.from({ length: random.next().value % 200 }, () => random.next().value)
      const verdict = verifyPath([der, issuingDer], context)
      assert.ok(!verdict.ok)
      assert.deepEqual(
        verdict.findings.map(({ code }) => code),
        ['ERR_VERIFY_MALFORMED'],
      )
    }
  })

  test('what a peer controls is escaped in a detail', () => {
    const odd = leaf(root({ subject: party.certificate.subject }), {
      extensions: { subjectAltName: sans({ kind: 'uniformResourceIdentifier', value: 'a:\u001b[31m' }) },
    })
    const verdict = verifyPath([odd.certificate.der], context)
    assert.ok(!verdict.ok)
    for (const { detail } of verdict.findings) assert.match(detail, /^[\x20-\x7e]+$/)
  })
})
