// ECDSA-Sig-Value, RFC 3279 §2.2.3, and the form of IEEE P1363 beside it.
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { suite, test } from 'node:test'
import { type CurveName, readEcdsaSignature, writeEcdsaSignature } from '@countersign/x509'

const read = (hex: string, curve: CurveName = 'P-256') => readEcdsaSignature(Uint8Array.fromHex(hex), curve).toHex()
const ff = 'ff'.repeat(32)

suite('a signature of ECDSA', () => {
  for (const curve of ['P-256', 'P-384', 'P-521'] as const)
    test(`on ${curve} counts in either form`, () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve })
      const signed = new TextEncoder().encode('signed')
      const octets = readEcdsaSignature(Uint8Array.from(sign('sha256', signed, privateKey)), curve)
      const key = createPublicKey(privateKey)
      assert.equal(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, octets), true)
      const theirs = sign('sha256', signed, { key: privateKey, dsaEncoding: 'ieee-p1363' })
      assert.equal(verify('sha256', signed, key, writeEcdsaSignature(Uint8Array.from(theirs))), true)
    })

  test('of short numbers is filled with zeros', () => {
    assert.equal(read('3006020101020102'), `${'00'.repeat(31)}01${'00'.repeat(31)}02`)
  })
  test('of numbers whose first bit is set', () => {
    assert.equal(read(`3046022100${ff}022100${ff}`), ff + ff)
  })
  test('is written in the fewest octets, and never below zero', () => {
    const write = (hex: string) => writeEcdsaSignature(Uint8Array.fromHex(hex)).toHex()
    assert.equal(write(`${'00'.repeat(31)}01${'00'.repeat(31)}02`), '3006020101020102')
    assert.equal(write(ff + ff), `3046022100${ff}022100${ff}`)
  })
  test('is not written of what has no two halves', () => {
    for (const length of [0, 1, 63]) assert.throws(() => writeEcdsaSignature(new Uint8Array(length)), RangeError)
  })

  for (const [what, hex, code] of [
    ['with r = 0', '3006020100020101', 'ERR_DER_INTEGER_LIMIT'],
    ['with s = 0', '3006020101020100', 'ERR_DER_INTEGER_LIMIT'],
    ['with r below zero', '30060201ff020101', 'ERR_DER_INTEGER_LIMIT'],
    ['with r of 33 octets', `302602210100${'00'.repeat(31)}020101`, 'ERR_DER_INTEGER_LIMIT'],
    ['with a zero that is not needed', '300702020001020101', 'ERR_DER_INTEGER'],
    ['with one number', '3003020101', 'ERR_DER_MISSING'],
    ['with three numbers', '3009020101020101020101', 'ERR_DER_TRAILING'],
    ['with an octet behind it', '300602010102010100', 'ERR_DER_TRAILING'],
    ['which is two numbers side by side', '01'.repeat(64), 'ERR_DER_TAG'],
    ['of 300 octets', '30'.repeat(300), 'ERR_DER_LENGTH_LIMIT'],
  ] as const)
    test(`${what} is refused`, () => {
      assert.throws(() => read(hex), { code })
    })
})
