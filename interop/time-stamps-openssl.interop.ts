// Time-stamps, OpenSSL as another time-stamping authority: its word counts, and nothing that only looks like it.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { judgeTimeStamp, type SignerContext } from '@countersign/mail'
import { imprintOf, readTimeStampReq, readTimeStampResp, writePem, writeTimeStampReq } from '@countersign/x509'
import { Authority, type Holder, type HolderOptions, house, NOW } from '../tools/testing/mail-people.ts'
import { file, openssl, withOpenssl } from './openssl.ts'

const TSA: HolderOptions = { purposes: ['timeStamping'], usage: ['digitalSignature'], arePurposesCritical: true }
const context: SignerContext = { trust: house.trust(), now: NOW }
const NO_CERTIFICATE = 'it does not have the certificate that it names'
const OCTETS = new TextEncoder().encode('a signature')
const digestOf = (hash: string, octets = OCTETS) =>
  new Uint8Array(createHash(hash.replace('-', '')).update(octets).digest())
const judged = (token: Uint8Array, more: Partial<SignerContext> = {}) =>
  judgeTimeStamp(token, digestOf, { ...context, ...more })

interface How {
  readonly essAlgorithm?: string
  readonly accuracy?: string
  readonly query?: readonly string[]
}

/** A token by OpenSSL. Of a certificate that is none of a time-stamping authority, it makes none. */
function tokenBy(tsa: Holder, { essAlgorithm = 'sha256', accuracy = 'secs:1', query = [] }: How = {}): Uint8Array {
  const name = randomBytes(6).toString('hex')
  const pem = tsa.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  const config = file(
    `${name}.cnf`,
    [
      '[tsa]',
      'default_tsa = one',
      '[one]',
      `serial = ${file(`${name}.serial`, '01')}`,
      `signer_cert = ${file(`${name}.pem`, writePem('CERTIFICATE', tsa.certificate.der))}`,
      `signer_key = ${file(`${name}.key`, pem)}`,
      'signer_digest = sha256',
      'default_policy = 1.2.3.4.1',
      'digests = sha256, sha384, sha512',
      ...(accuracy === '' ? [] : [`accuracy = ${accuracy}`]),
      'ordering = yes',
      'tsa_name = yes',
      `ess_cert_id_alg = ${essAlgorithm}`,
      '',
    ].join('\n'),
  )
  const [asked, answered] = [file(`${name}.tsq`), file(`${name}.tsr`)]
  const data = query.includes('-digest') ? [] : ['-data', file(`${name}.data`, OCTETS)]
  openssl('ts', '-query', ...data, ...(query.length > 0 ? query : ['-sha256', '-cert']), '-out', asked)
  openssl('ts', '-reply', '-config', config, '-queryfile', asked, '-out', answered)
  const { token } = readTimeStampResp(new Uint8Array(readFileSync(answered)))
  return token ?? assert.fail('no token')
}

suite('a token by OpenSSL', withOpenssl, () => {
  const tsa = house.holder('time@acme.example', TSA)

  for (const hash of ['sha256', 'sha384', 'sha512'])
    test(`over ${hash} counts: by whom, and the latest time`, () => {
      const before = Temporal.Now.instant()
      const verdict = judged(tokenBy(tsa, { query: [`-${hash}`, '-cert'] }))
      assert.ok(verdict.ok)
      assert.equal(verdict.evidence.by, 'time')
      const after = before.until(verdict.evidence.at).total('seconds')
      assert.ok(after > -1 && after < 30, String(after))
    })

  test('without an accuracy, or with a fine one, is read', () => {
    assert.equal(judged(tokenBy(tsa, { accuracy: '' })).ok, true)
    assert.equal(judged(tokenBy(tsa, { accuracy: 'secs:2, millisecs:500, microsecs:100' })).ok, true)
  })

  const refused = (name: string, token: () => Uint8Array, note: string, more?: Partial<SignerContext>) =>
    test(name, () => {
      const verdict = judged(token(), more)
      assert.deepEqual(verdict, { ok: false, note })
    })
  refused('that names its certificate by SHA-1 alone', () => tokenBy(tsa, { essAlgorithm: 'sha1' }), NO_CERTIFICATE)
  refused('without the certificate', () => tokenBy(tsa, { query: ['-sha256'] }), NO_CERTIFICATE)
  refused(
    'by an authority that nobody here knows',
    () => tokenBy(new Authority('Elsewhere').holder('time@other.example', TSA)),
    'ERR_CALLER_UNKNOWN_ISSUER',
  )
  refused('of an authority that was revoked', () => tokenBy(tsa), 'ERR_CALLER_REVOKED', {
    trust: house.trust([tsa.certificate]),
  })
  refused('of an authority that has expired', () => tokenBy(tsa), 'ERR_CALLER_EXPIRED', {
    now: NOW.add({ hours: 24 * 365 }),
  })
  refused(
    'of a hash of something else',
    () => tokenBy(tsa, { query: ['-digest', '00'.repeat(32), '-sha256', '-cert'] }),
    'it is of something else',
  )

  test('changed at any octet says nothing', () => {
    const token = tokenBy(tsa)
    const whole = judged(token)
    for (let at = 0; at < token.length; at++) {
      const verdict = judged(token.with(at, token[at]! ^ 1))
      // Unsigned octets of its form may read the same; what it says stays.
      if (verdict.ok) assert.deepEqual(verdict, whole, `octet ${at}`)
    }
    for (const length of [0, 1, token.length - 1]) assert.equal(judged(token.subarray(0, length)).ok, false)
    assert.equal(judged(new Uint8Array(70_000)).ok, false)
  })
})

suite('a request', withOpenssl, () => {
  test('of ours, OpenSSL reads', () => {
    const request = writeTimeStampReq({ messageImprint: imprintOf('SHA-256', digestOf('SHA-256')), nonce: 0x1234n })
    const said = openssl('ts', '-query', '-in', file('ours.tsq', request), '-text')
    assert.match(said, /Hash Algorithm: sha256/)
    assert.match(said, /Nonce: 0x1234/)
    assert.match(said, /Certificate required: yes/)
  })

  test('of OpenSSL, we read', () => {
    const asked = file('theirs.tsq')
    openssl('ts', '-query', '-digest', '11'.repeat(64), '-sha512', '-tspolicy', '1.2.3.4.1', '-out', asked)
    const { messageImprint, reqPolicy, nonce, certReq } = readTimeStampReq(new Uint8Array(readFileSync(asked)))
    assert.deepEqual(
      [messageImprint.hashedMessage.toHex(), reqPolicy, typeof nonce, certReq],
      ['11'.repeat(64), '1.2.3.4.1', 'bigint', false],
    )
  })
})
