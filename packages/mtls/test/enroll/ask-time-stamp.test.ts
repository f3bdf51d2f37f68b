// The answer of a time-stamping authority: it is kept only where it answers what was asked, RFC 3161 §2.2, §2.4.2.
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import { referenceOf } from '@countersign/protocol'
import {
  ALGORITHM,
  imprintOf,
  nameOf,
  OID,
  performSteps,
  signData,
  type TSTInfo,
  writeTimeStampResp,
  writeTSTInfo,
} from '@countersign/x509'
import { tokenOf } from '../../src/enroll/ask-time-stamp.ts'

const sha256 = new Uint8Array(randomBytes(32))
const question = { sha256, nonce: 7n, reference: referenceOf(sha256) }
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** As §2.4.2 has it, but for what is said otherwise. */
function tokenWith(change: { readonly nonce?: bigint | undefined } & Partial<Omit<TSTInfo, 'nonce'>>): Uint8Array {
  const { nonce, ...info } = {
    policy: '1.2.3.4.1',
    messageImprint: imprintOf('SHA-256', sha256),
    serialNumber: 1n,
    genTime: Temporal.Instant.from('2026-06-01T12:00:00Z'),
    nonce: 7n,
    ...change,
  }
  const steps = signData({
    content: writeTSTInfo({ ...info, ...(nonce !== undefined && { nonce }) }),
    contentType: OID['id-ct-TSTInfo'],
    detached: false,
    signers: [
      {
        sid: { kind: 'issuerAndSerialNumber', issuer: nameOf([['commonName', 'Time']]), serialNumber: 1n },
        hash: 'SHA-256',
        signatureAlgorithm: ALGORITHM.ecdsaWithSHA256,
      },
    ],
  })
  return performSteps(steps, performWith({ signers: [privateKey] }))
}

suite('the answer to a question for a time-stamp', () => {
  test('is kept as it came where it is one', () => {
    const token = tokenWith({})
    assert.deepEqual(tokenOf(writeTimeStampResp({ token }), question), token)
  })

  const another = { code: 'ERR_ENROLL_ANSWER', message: /of another question/ }
  for (const [what, change] of [
    ['of another nonce', { nonce: 8n }],
    ['without the nonce', { nonce: undefined }],
    ['of another imprint', { messageImprint: imprintOf('SHA-256', new Uint8Array(32)) }],
    ['of a longer imprint', { messageImprint: imprintOf('SHA-512', new Uint8Array(64)) }],
  ] as const)
    test(`is none ${what}`, () => {
      assert.throws(() => tokenOf(writeTimeStampResp({ token: tokenWith(change) }), question), another)
    })

  test('is none without a token, or in other octets', () => {
    assert.throws(() => tokenOf(writeTimeStampResp({ failure: 'systemFailure', text: 'no clock' }), question), {
      code: 'ERR_ENROLL_ANSWER',
      message: /no time stamp: no clock/,
    })
    assert.throws(() => tokenOf(Uint8Array.of(0x30, 0), question), /it is no time stamp/)
  })
})
