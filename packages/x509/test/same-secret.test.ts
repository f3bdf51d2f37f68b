import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { sameSecret } from '@countersign/x509'
import { timeRatio } from '../../../tools/testing/timing.ts'

suite('secrets are compared', () => {
  for (const [left, right, same] of [
    ['', '', true],
    ['00', '00', true],
    ['0102ff', '0102ff', true],
    ['0102ff', '0102fe', false],
    ['8102ff', '0102ff', false],
    ['0102', '010200', false],
    ['010200', '0102', false],
    ['', '00', false],
    ['00', '', false],
  ] as const)
    test(`"${left}" and "${right}"`, () => {
      assert.equal(sameSecret(Uint8Array.fromHex(left), Uint8Array.fromHex(right)), same)
    })

  const secret = new Uint8Array(1024).fill(7)
  const near = secret.with(0, 8)
  const far = secret.with(1023, 8)

  test('in a time that does not tell where they differ', () => {
    const ratio = timeRatio((value) => sameSecret(secret, value), near, far)
    assert.ok(ratio > 0.8 && ratio < 1.25, `${ratio}`)
  })
  test('which this measurement would see', () => {
    const naive = (value: Uint8Array) => secret.every((octet, i) => octet === value[i])
    const ratio = timeRatio(naive, near, far)
    assert.ok(ratio > 2, `${ratio}`)
  })
})
