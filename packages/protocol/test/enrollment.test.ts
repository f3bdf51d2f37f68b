import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { enrollmentMacInput, formatToken, parseToken, TokenError } from '@countersign/protocol'

const token = {
  address: '127.0.0.1:7443',
  name: 'authority.localhost',
  rootSha256: new Uint8Array(32).fill(1),
  secret: new Uint8Array(32).fill(2),
  party: 'alice',
}
const word = (fields: unknown) => `cs1_${Buffer.from(JSON.stringify(fields)).toString('base64url')}`
const octets = Buffer.alloc(32, 1).toString('base64url')
const whole = { a: '127.0.0.1:7443', n: 'authority.localhost', r: octets, s: octets, p: 'alice' }

suite('enrollment token', () => {
  test('is one word', () => assert.match(formatToken(token), /^cs1_[A-Za-z0-9_-]+$/))
  test('says what it was made from', () => assert.deepEqual(parseToken(formatToken(token)), token))
  test('white space around it is forgiven', () => assert.deepEqual(parseToken(`\n ${formatToken(token)} \n`), token))
  test('octets made elsewhere are read', () => assert.equal(parseToken(word(whole)).party, 'alice'))

  for (const [name, text] of [
    ['empty', ''],
    ['without its prefix', formatToken(token).slice(4)],
    ['cut short', formatToken(token).slice(0, -7)],
    ['with a space inside', formatToken(token).replace('cs1_', 'cs1_ A')],
    ['of 10,000 characters', `cs1_${'A'.repeat(10_000)}`],
    ['longer than any that we make, though whole', word({ ...whole, n: `${'a'.repeat(1500)}.example` })],
    ['that is not JSON', `cs1_${Buffer.from('no').toString('base64url')}`],
    ['that is a list', word([1, 2])],
    ['without a secret', word({ ...whole, s: undefined })],
    ['with a short secret', word({ ...whole, s: 'AAAA' })],
    ['with a long fingerprint', word({ ...whole, r: octets + octets })],
    ['with an empty address', word({ ...whole, a: '' })],
    ['with a number as party', word({ ...whole, p: 7 })],
    ['whose party leads out of the directory', word({ ...whole, p: '../../.ssh' })],
    ['whose party is an absolute path', word({ ...whole, p: '/etc' })],
    ['whose party moves the cursor', word({ ...whole, p: '\u001b[2Jalice' })],
    ['of invalid UTF-8', `cs1_${Buffer.from([0xff, 0xfe]).toString('base64url')}`],
  ] as const)
    test(`a token ${name} is refused`, () => assert.throws(() => parseToken(text), TokenError))

  test('no refusal repeats the secret', () => {
    assert.throws(
      () => parseToken(word({ ...whole, s: 'c2VjcmV0' })),
      (error: Error) => !error.message.includes('c2VjcmV0'),
    )
  })
})

suite('enrollmentMacInput', () => {
  test('is the label, a zero, the exporter and the digest', () => {
    const input = enrollmentMacInput(new Uint8Array(32).fill(3), new Uint8Array(32).fill(4))
    const expected = Buffer.concat([
      Buffer.from('countersign enrollment proof v1\0'),
      Buffer.alloc(32, 3),
      Buffer.alloc(32, 4),
    ])
    assert.deepEqual(Buffer.from(input), expected)
  })
  test('a short exporter is refused', () => {
    assert.throws(() => enrollmentMacInput(new Uint8Array(31), new Uint8Array(32)), RangeError)
  })
  test('a long digest is refused', () => {
    assert.throws(() => enrollmentMacInput(new Uint8Array(32), new Uint8Array(33)), RangeError)
  })
})
