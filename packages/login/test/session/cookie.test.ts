// The field that carries a session, as browsers read it. @see RFC 6265bis, ASVS 5.0 V3.3, V7.2
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import { COOKIE_NAME, clearCookie, makeSecret, makeSessionId, readCookie, setCookie } from '../../src/session/cookie.ts'

suite('the cookie of a session', () => {
  const id = makeSessionId()
  const { secret, secretSha256 } = makeSecret()
  const [pair = '', ...attributes] = setCookie(id, secret).split('; ')

  test('is for this host alone, over TLS, for no script, and for no request that a page elsewhere sends by POST', () => {
    assert.match(COOKIE_NAME, /^__Host-/)
    assert.deepEqual(attributes.toSorted(), ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure'])
    // Browsers take nothing of more than 4,096 octets.
    assert.equal(Buffer.byteLength(pair), 85)
  })

  test('has 128 bits by which it is found, and 256 that are kept by their hash alone, new each time', () => {
    const value = pair.slice(COOKIE_NAME.length + 1)
    const [name = '', key = ''] = value.split('.').map((part) => Buffer.from(part, 'base64url'))
    assert.deepEqual([name.length, key.length], [16, 32])
    assert.deepEqual(secretSha256, new Uint8Array(hash('sha256', secret, 'buffer')))
    assert.deepEqual(readCookie(pair), { id, secretSha256 })
    const made = new Set(Array.from({ length: 1000 }, () => [makeSessionId(), makeSecret().secret]).flat())
    assert.equal(made.size, 2000)
  })

  test('is not read where it is there twice, is cut off, or has another name', () => {
    for (const field of [
      undefined,
      '',
      `${pair}; ${pair}`,
      pair.slice(0, -1),
      `${pair}x`,
      pair.replace('__Host-', ''),
      pair.replace('.', '..'),
      `${pair}; more=${'x'.repeat(8192)}`,
    ])
      assert.equal(readCookie(field), undefined)
    assert.deepEqual(readCookie(`theme=dark; ${pair}; more=1`), { id, secretSha256 })
  })

  test('is taken away in the same words', () => {
    const [empty = '', ...rest] = clearCookie().split('; ')
    assert.equal(empty, `${COOKIE_NAME}=`)
    assert.deepEqual(rest.toSorted(), [...attributes, 'Max-Age=0'].toSorted())
  })
})
