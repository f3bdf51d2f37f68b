import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeRatio } from '../../../tools/testing/timing.ts'
import { sameOctets, sameSecret } from '../src/octets.ts'

const secret = new Uint8Array(1024).fill(7)
const near = secret.with(0, 8)
const far = secret.with(1023, 8)

test('a secret is compared in a time that does not tell where it differs', () => {
  const ratio = timeRatio((value) => sameSecret(secret, value), near, far)
  assert.ok(ratio > 0.8 && ratio < 1.25, `${ratio}`)
})

test('what is no secret is not, and this measurement sees it', () => {
  const ratio = timeRatio((value) => sameOctets(secret, value), near, far)
  assert.ok(ratio > 2, `${ratio}`)
})

test('secrets of other lengths differ, and the same one does not', () => {
  assert.equal(sameSecret(secret, secret.subarray(1)), false)
  assert.equal(sameSecret(secret, secret.slice()), true)
})
