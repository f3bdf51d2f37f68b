// A signature with a time-stamp beside it: put there while it is sealed, believed when it is opened.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  ALGORITHM,
  imprintOf,
  OID,
  performSteps,
  readSignedData,
  referenceByIssuer,
  signData,
  signingCertificateV2Attribute,
  writeSignedData,
  writeTSTInfo,
} from '@countersign/x509'
import {
  Authority,
  type Holder,
  house,
  NOW,
  opened,
  sealed,
  signedLayer,
} from '../../../../tools/testing/mail-people.ts'
import { alice, bob, code, multipartSigned, signature } from './messages.ts'

const tsa = house.holder('time@acme.example', {
  purposes: ['timeStamping'],
  usage: ['digitalSignature'],
  arePurposesCritical: true,
})
const sha256 = (octets: Uint8Array) => new Uint8Array(createHash('sha256').update(octets).digest())

interface Token {
  readonly genTime?: Temporal.Instant
  readonly by?: Holder
  readonly contentType?: string
  readonly signers?: number
}

/** As RFC 3161 §2.4.2 has it, but for what is said otherwise. */
function tokenOver(digest: Uint8Array, { genTime = NOW, by = tsa, contentType, signers = 1 }: Token = {}): Uint8Array {
  const content = writeTSTInfo({
    policy: '1.2.3.4.1',
    messageImprint: imprintOf('SHA-256', digest),
    serialNumber: 1n,
    genTime,
  })
  const signer = {
    sid: referenceByIssuer(by.certificate),
    hash: 'SHA-256',
    signatureAlgorithm: ALGORITHM.ecdsaWithSHA256,
    signedAttrs: [signingCertificateV2Attribute(sha256(by.certificate.der))],
  } as const
  const steps = signData({
    content,
    contentType: contentType ?? OID['id-ct-TSTInfo'],
    detached: false,
    certificates: [by.certificate.der],
    signers: Array(signers).fill(signer),
  })
  return performSteps(steps, performWith({ signers: Array(signers).fill(by.privateKey) }))
}

const sealedWith = (token: Token, profile: 'modern' | 'legacy' = 'modern') =>
  sealed(alice, [bob], { profile, signer: { timeStamp: async (digest) => tokenOver(digest, token) } })
const bobs = [bob]
/** Alice was revoked half an hour ago. */
const REVOKED = { trust: house.trust([alice.certificate], NOW.subtract({ minutes: 30 })) }

suite('a time-stamp beside a signature', () => {
  for (const profile of ['modern', 'legacy'] as const)
    test(`from before a revocation keeps the signature believed, ${profile}`, async () => {
      const message = await sealedWith({ genTime: NOW.subtract({ hours: 1 }) }, profile)
      assert.equal(code(await opened(message, bobs)), undefined)
      assert.equal(code(await opened(message, bobs, REVOKED)), undefined)
    })

  test('says the end of its second', async () => {
    const message = await sealedWith({ genTime: Temporal.Instant.from('2026-05-01T00:00:00.9Z') })
    const [{ timeStamp } = assert.fail()] = signedLayer(await opened(message, bobs), 1).signatures
    assert.deepEqual(timeStamp, {
      ok: true,
      evidence: { at: Temporal.Instant.from('2026-05-01T00:00:01Z'), by: 'time' },
    })
  })

  const refused = (name: string, token: Token, note: string | undefined, trust = REVOKED) =>
    test(`${name} says nothing`, async () => {
      const result = await opened(await sealedWith(token), bobs, trust)
      assert.equal(code(result), 'ERR_CALLER_REVOKED')
      const { timeStamp } = signedLayer(result, 1).signatures[0] ?? assert.fail()
      assert.equal(timeStamp?.ok === false ? timeStamp.note : undefined, note)
    })
  const before = { genTime: NOW.subtract({ hours: 1 }) }
  const other = (options: object) => house.holder('time@acme.example', { usage: ['digitalSignature'], ...options })
  refused('of a time after the revocation', { genTime: NOW }, undefined)
  refused('of the second of the revocation', { genTime: NOW.subtract({ minutes: 30, seconds: 1 }) }, undefined)
  refused('by another party of the house', { ...before, by: bob }, 'ERR_CALLER_WRONG_PURPOSE')
  refused(
    'by a certificate whose purpose is not critical',
    { ...before, by: other({ purposes: ['timeStamping'] }) },
    'ERR_CALLER_WRONG_PURPOSE',
  )
  refused(
    'by a certificate that has another purpose beside it',
    { ...before, by: other({ purposes: ['timeStamping', 'emailProtection'], arePurposesCritical: true }) },
    'ERR_CALLER_WRONG_PURPOSE',
  )
  refused(
    'by a key that signs nothing',
    {
      ...before,
      by: house.holder('t@acme.example', {
        purposes: ['timeStamping'],
        arePurposesCritical: true,
        usage: ['keyAgreement'],
      }),
    },
    'ERR_CALLER_WRONG_PURPOSE',
  )
  const alone = { purposes: ['timeStamping'], arePurposesCritical: true, usage: ['digitalSignature'] } as const
  refused(
    'by an authority that nobody here believes',
    { ...before, by: new Authority('Nobody').holder('time@acme.example', alone) },
    'ERR_CALLER_UNKNOWN_ISSUER',
  )
  refused(
    'by a certificate that has expired since',
    { ...before, by: other({ ...alone, notAfter: NOW.subtract({ minutes: 1 }) }) },
    'ERR_CALLER_EXPIRED',
  )
  refused('by one that was revoked since', before, 'ERR_CALLER_REVOKED', {
    trust: house.trust([alice.certificate, tsa.certificate], NOW.subtract({ minutes: 30 })),
  })
  refused(
    'by a certificate without any purpose',
    { ...before, by: other({ purposes: [] }) },
    'ERR_CALLER_WRONG_PURPOSE',
  )
  refused('of another content type', { ...before, contentType: OID['id-data'] }, 'it is no time stamp by one authority')
  refused('by two', { ...before, signers: 2 }, 'it is no time stamp by one authority')

  test('moved from another letter says nothing', async () => {
    const text = 'Content-Type: text/plain\r\n\r\nPay.'
    const moved = tokenOver(sha256(new Uint8Array(72)), before)
    const signed = signature(text, {}, [])
    const message = multipartSigned(text, withUnsigned(signed, [moved]))
    const result = await opened(message, [], REVOKED)
    assert.equal(code(result), 'ERR_CALLER_REVOKED')
    assert.deepEqual(signedLayer(result).signatures[0]?.timeStamp, { ok: false, note: 'it is of something else' })
  })

  test('of several the one that counts is taken, of the first few', async () => {
    const text = 'Content-Type: text/plain\r\n\r\nPay.'
    const signed = signature(text, {}, [])
    const good = tokenOver(sha256(signatureOf(signed)), before)
    const bad = Uint8Array.of(0x30, 0)
    const seen = async (tokens: readonly Uint8Array[]) =>
      code(await opened(multipartSigned(text, withUnsigned(signed, tokens)), [], REVOKED))
    assert.equal(await seen([bad, good]), undefined)
    assert.equal(await seen([bad, bad, bad, bad, good]), 'ERR_CALLER_REVOKED')
  })

  test('that nobody gives leaves the signature as it is', async () => {
    const message = await sealed(alice, [bob], { signer: { timeStamp: async () => undefined } })
    const result = await opened(message, bobs)
    assert.equal(code(result), undefined)
    assert.equal(signedLayer(result, 1).signatures[0]?.timeStamp, undefined)
  })
})

function signatureOf(signed: Uint8Array): Uint8Array {
  return readSignedData(signed).signerInfos[0]?.signature ?? assert.fail()
}

function withUnsigned(signed: Uint8Array, tokens: readonly Uint8Array[]): Uint8Array {
  const data = readSignedData(signed)
  const unsignedAttrs = tokens.map((token) => ({ type: OID['id-aa-timeStampToken'], values: [token] }))
  return writeSignedData({ ...data, signerInfos: data.signerInfos.map((info) => ({ ...info, unsignedAttrs })) })
}
