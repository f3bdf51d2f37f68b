// Proofs as jose makes them are taken; each rule of RFC 9449 §4.3 has one that it alone refuses.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { athOf, checkProof, DPOP_RULES, type DpopRule, type ProofContext, thumbprint } from '../../src/session/dpop.ts'
import { makeNonce } from '../../src/session/nonce.ts'

const NOW = Temporal.Instant.from('2026-11-27T12:00:00Z')
const nonceKey = new Uint8Array(32).fill(7)
const context: ProofContext = {
  method: 'POST',
  authority: 'bank.example:8444',
  target: '/login/api/begin?x=1',
  host: 'bank.example',
  nonceKey,
  now: NOW,
}
const pair = await generateKeyPair('ES256', { extractable: true })
const jwk = await exportJWK(pair.publicKey)
const device = await calculateJwkThumbprint(jwk)

interface Made {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  readonly key?: CryptoKey
}
const claims = {
  jti: 'e1j3V_bKic8-LAEB',
  htm: 'POST',
  htu: 'https://bank.example:8444/login/api/begin',
  iat: 1_562_262_618,
  nonce: makeNonce(nonceKey, NOW),
}
/** By jose; what is undefined is left out. */
const make = ({ header, claims: others, key = pair.privateKey }: Made = {}) =>
  new SignJWT({ ...claims, ...others })
    .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header } as { alg: string })
    .sign(key)
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const ruleOf = (proof: string | undefined, at: Partial<ProofContext> = {}) => {
  const verdict = checkProof(proof, { ...context, ...at })
  return verdict.ok ? 'ok' : verdict.rule
}
const broken = new Set<DpopRule>(['replay'])
const refused = (proof: string | undefined, rule: DpopRule, at: Partial<ProofContext> = {}) => {
  broken.add(rule)
  assert.equal(ruleOf(proof, at), rule)
}

suite('a proof of a device', () => {
  test('by jose: taken, and says whose it is', async () => {
    const verdict = checkProof(await make(), context)
    assert.ok(verdict.ok)
    assert.equal(verdict.proved.device, device)
    assert.deepEqual(verdict.proved.key, jwk)
    assert.equal(verdict.proved.until.toString(), '2026-11-27T12:02:00Z')
  })

  test('by a key that never left WebCrypto: taken', async () => {
    const own = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', own.publicKey)
    const input = `${part({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })}.${part(claims)}`
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, own.privateKey, Buffer.from(input))
    assert.equal(ruleOf(`${input}.${Buffer.from(signature).toString('base64url')}`), 'ok')
  })

  test('none, or not one JWT: refused', async () => {
    const proof = await make()
    const [head = '', body = '', signature = ''] = proof.split('.')
    refused(undefined, 'absent')
    for (const text of [
      '',
      `${proof}, ${proof}`,
      `${proof}.`,
      `${head}.${body}`,
      `${head}.${body}.${signature}=`,
      ` ${proof}`,
      `${part([])}.${body}.${signature}`,
      `${part(null)}.${body}.${signature}`,
      `${part('dpop+jwt')}.${body}.${signature}`,
      `${Buffer.from('{"typ":').toString('base64url')}.${body}.${signature}`,
      `${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.${body}.${signature}`,
    ])
      refused(text, 'form')
  })

  test('over its budget: refused unread', async () => {
    refused(await make({ claims: { more: 'x'.repeat(4096) } }), 'form')
    assert.equal(ruleOf(await make({ claims: { more: 'x'.repeat(1000) } })), 'ok')
  })

  test('a claim is missing or of another form: refused', async () => {
    for (const claim of ['jti', 'htm', 'htu', 'iat']) refused(await make({ claims: { [claim]: undefined } }), 'claims')
    refused(await make({ claims: { jti: 12_345_678 } }), 'claims')
    refused(await make({ claims: { jti: 'short' } }), 'claims')
    refused(await make({ claims: { jti: 'x'.repeat(129) } }), 'claims')
    refused(await make({ claims: { htu: ['https://bank.example:8444/login/api/begin'] } }), 'claims')
  })

  test('another typ or alg, none and HMAC among them: refused', async () => {
    for (const typ of [undefined, 'JWT', 'dpop+JWT']) refused(await make({ header: { typ } }), 'type')
    const body = part(claims)
    for (const alg of ['none', 'HS256', 'ES384', 'RS256', undefined])
      refused(`${part({ typ: 'dpop+jwt', alg, jwk })}.${body}.${'A'.repeat(86)}`, 'algorithm')
  })

  test('no key, a private key, of another curve, off the curve, or written in two ways: refused', async () => {
    const secret = await exportJWK(pair.privateKey)
    const other = await exportJWK((await generateKeyPair('ES384', { extractable: true })).publicKey)
    const x = jwk.x!
    // The last two bits of the last character are no part of the coordinate.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = x.slice(0, -1) + alphabet[alphabet.indexOf(x.at(-1)!) ^ 1]
    assert.deepEqual(Buffer.from(twin, 'base64url'), Buffer.from(x, 'base64url'))
    const keys: readonly (JWK | undefined)[] = [
      undefined,
      secret,
      other,
      { ...jwk, y: x },
      { ...jwk, x: twin },
      { ...jwk, kid: 'one more' },
      { kty: 'oct', k: 'AAAA' },
    ]
    for (const key of keys) refused(await make({ header: { jwk: key } }), 'key')
  })

  test('a header that is not understood: refused', async () => {
    const input = `${part({ typ: 'dpop+jwt', alg: 'ES256', jwk, crit: ['b64'], b64: true })}.${part(claims)}`
    refused(`${input}.${'A'.repeat(86)}`, 'header')
    refused(await make({ header: { kid: 'x' } }), 'header')
    refused(await make({ header: { jku: 'https://evil.example/' } }), 'header')
  })

  test('signed by somebody else, or changed afterwards: refused', async () => {
    const stranger = await generateKeyPair('ES256')
    refused(await make({ key: stranger.privateKey }), 'signature')
    const [head, , signature] = (await make()).split('.')
    refused(`${head}.${part({ ...claims, htm: 'GET' })}.${signature}`, 'signature')
    refused(`${head}.${part(claims)}.${'A'.repeat(86)}`, 'signature')
  })

  test('for another method: refused', async () => {
    refused(await make({ claims: { htm: 'GET' } }), 'method')
    refused(await make({ claims: { htm: 'post' } }), 'method')
    refused(await make(), 'method', { method: 'PUT' })
  })

  test('for another address: refused; query and fragment do not count, and spelling does not', async () => {
    for (const htu of [
      'https://bank.example/login/api/begin',
      'https://bank.example:8445/login/api/begin',
      'https://other.example:8444/login/api/begin',
      'http://bank.example:8444/login/api/begin',
      'https://carol@bank.example:8444/login/api/begin',
      'https://bank.example:8444/login/api/begin/',
      'https://bank.example:8444/login/api/Begin',
      'https://bank.example:8444/login%2Fapi/begin',
      '/login/api/begin',
      'not an address',
    ])
      refused(await make({ claims: { htu } }), 'uri')
    for (const htu of [
      'https://bank.example:8444/login/api/begin?y=2#z',
      'HTTPS://BANK.example:8444/login/api/begin',
      'https://bank.example:8444/login/./x/../api/%62egin',
    ])
      assert.equal(ruleOf(await make({ claims: { htu } })), 'ok', htu)
    const plain = await make({ claims: { htu: 'https://bank.example:443/' } })
    assert.equal(ruleOf(plain, { authority: 'bank.example', target: '/' }), 'ok')
  })

  test('a request that names another host than the door’s is of no proof, whatever it says', async () => {
    const htu = 'https://other.example/login/api/begin'
    refused(await make({ claims: { htu } }), 'uri', { authority: 'other.example' })
  })

  test('a nonce that is missing, not ours, or over: refused, whatever iat says', async () => {
    const iat = Math.floor(NOW.epochMilliseconds / 1000)
    refused(await make({ claims: { nonce: undefined, iat } }), 'nonce')
    const nonce = makeNonce(nonceKey, NOW)
    const forged = [
      '',
      nonce.slice(0, -1),
      `${nonce}A`,
      `B${nonce.slice(1)}`,
      makeNonce(new Uint8Array(32).fill(8), NOW),
    ]
    for (const other of forged) refused(await make({ claims: { nonce: other, iat } }), 'nonce')
    const proof = await make()
    assert.equal(ruleOf(proof, { now: NOW.add({ milliseconds: 119_999 }) }), 'ok')
    refused(proof, 'nonce', { now: NOW.add({ minutes: 2 }) })
    // Of another process, whose clock is a little ahead; or a clock that was set back by an hour.
    assert.equal(ruleOf(proof, { now: NOW.subtract({ seconds: 10 }) }), 'ok')
    refused(proof, 'nonce', { now: NOW.subtract({ hours: 1 }) })
  })

  test('in a session: its name is in the proof, and the key is the one that it is bound to', async () => {
    const session = { id: 'c2Vzc2lvbi1vbmUtb25lLW9uZQ', device }
    const ath = createHash('sha256').update(session.id).digest('base64url')
    assert.equal(athOf(session.id), ath)
    const proof = await make({ claims: { ath } })
    assert.equal(ruleOf(proof, { session }), 'ok')
    refused(proof, 'session')
    refused(await make(), 'session', { session })
    refused(proof, 'session', { session: { ...session, id: 'c2Vzc2lvbi10d28tdHdvLXR3bw' } })
    refused(proof, 'device', { session: { ...session, device: 'x'.repeat(43) } })
  })

  test('what counts once is of the device and its jti', async () => {
    const once = async (made: Made) => {
      const verdict = checkProof(await make(made), context)
      assert.ok(verdict.ok)
      return verdict.proved.once
    }
    const first = await once({})
    assert.equal(await once({ claims: { nonce: makeNonce(nonceKey, NOW.add({ seconds: 1 })) } }), first)
    assert.notEqual(await once({ claims: { jti: 'another-jti' } }), first)
    const other = await generateKeyPair('ES256', { extractable: true })
    assert.notEqual(await once({ header: { jwk: await exportJWK(other.publicKey) }, key: other.privateKey }), first)
  })

  test('the example of RFC 9449 §7.1 passes every rule but that of a nonce, which it lacks', () => {
    const proof = `
      eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik
      VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR
      nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE
      QSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj
      oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0Z
      WRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF
      c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71E
      OptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`.replaceAll(/\s/g, '')
    const at = {
      method: 'GET',
      authority: 'resource.example.org',
      host: 'resource.example.org',
      target: '/protectedresource',
    }
    refused(proof, 'nonce', at)
    refused(proof, 'uri', { ...at, target: '/other' })
  })

  test('thumbprints: RFC 9449 §6.1, and as jose has them', async () => {
    const key = {
      kty: 'EC',
      x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
      y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
      crv: 'P-256',
    } as const
    assert.equal(thumbprint(key), '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I')
    assert.equal(thumbprint(key), await calculateJwkThumbprint(key))
  })

  test('every rule has a proof that it refuses', () => {
    assert.deepEqual(broken, new Set(Object.keys(DPOP_RULES)))
  })
})
