// RFC 6960 §3.2: which answer of a responder counts, and what it says when it does.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  authorityInfoAccessExtension,
  basicConstraintsExtension,
  cRLDistributionPointsExtension,
  extendedRevokeExtension,
  invalidityDateExtension,
  nonceExtension,
  OID,
} from '@countersign/x509'
import {
  codesOf,
  crl,
  type Different,
  hours,
  intermediate,
  leaf,
  marked,
  NOW,
  name,
  p256,
  purposes,
  usage,
} from '../../../../interop/chains/house.ts'
import { A, anchor, anchorCrl, issuing, party } from '../../../../interop/chains/lists.ts'
import { answer, byKey, type DifferentAnswer, delegate, digest, single } from '../../../../interop/chains/responder.ts'
import { ask, askAnswers, toldOf, unknownExtension } from './asked.ts'

const stranger = p256()
const UNKNOWN = ['ERR_VERIFY_STATUS_UNKNOWN']
const nonce = Uint8Array.fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f')
const other = leaf(issuing)
const seconds = (count: number) => NOW.add({ seconds: count })
const killed = { kind: 'revoked', revocationTime: hours(-3) } as const

const askedAt = authorityInfoAccessExtension([{ accessMethod: OID.ocsp, accessLocation: A.value[0] }])
const by = (different: Different = {}): DifferentAnswer => ({ by: delegate(issuing, different) })
/** How an answer on the party differs, and why it is not used; undefined where it is. */
const ANSWERS: readonly (readonly [string, DifferentAnswer, string?])[] = [
  ['a usual answer', {}],
  ['by a key that is named', { responder: byKey(issuing) }],
  ['by hashes of sha-256', { hashName: 'SHA-256' }],
  ['by hashes of sha-512', { hashName: 'SHA-512' }],
  ['by hashes of md5', { id: { hashAlgorithm: { algorithm: '1.2.840.113549.2.5' } } }, ''],
  ['by hashes of sha-1 that are said to be of sha-256', { id: { hashAlgorithm: { algorithm: OID['id-sha256'] } } }, ''],
  [
    'by hashes of sha-256, cut to the length of sha-1',
    {
      id: {
        issuerNameHash: digest('SHA-256', issuing.certificate.subject.der).subarray(0, 20),
        issuerKeyHash: digest('SHA-256', issuing.keys.subjectPublicKeyInfo.subjectPublicKey).subarray(0, 20),
      },
    },
    '',
  ],
  ['by no hashes', { id: { issuerNameHash: new Uint8Array(), issuerKeyHash: new Uint8Array() } }, ''],
  ['by the whole key', { id: { issuerKeyHash: digest('SHA-1', issuing.keys.subjectPublicKeyInfo.der) } }, ''],
  ['on another serial number', { id: { serialNumber: 1n } }, ''],
  ['on another name of an issuer', { id: { issuerNameHash: digest('SHA-1', nonce) } }, ''],
  ['on another key of the issuer', { id: { issuerKeyHash: digest('SHA-1', nonce) } }, ''],
  ['that does not know', { status: { kind: 'unknown' } }, 'its responder does not know the certificate'],
  ['that a stranger signed', { signer: stranger }, 'its signature does not verify under the key of the issuer'],
  [
    'that a stranger signed, and says so',
    { signer: stranger, responder: byKey({ keys: stranger }) },
    'the certificate of its responder is not there',
  ],
  [
    'of a responder of another name',
    { responder: { kind: 'byName', name: name('Other') } },
    'the certificate of its responder is not there',
  ],
  [
    'by ecdsa with sha-1',
    { signer: { ...issuing.keys, algorithm: { algorithm: '1.2.840.10045.4.1' }, hash: 'sha1' } },
    'the signature algorithm ecdsa with sha-1 is not accepted',
  ],
  [
    'by an algorithm of another kind of key',
    { signer: { ...issuing.keys, algorithm: ALGORITHM.sha256WithRSAEncryption } },
    'its signature does not verify under the key of the issuer',
  ],
  ['with an unknown extension', { extensions: [unknownExtension(false)], single: [unknownExtension(false)] }],
  [
    'with an unknown critical extension',
    { extensions: [unknownExtension(true)] },
    'its critical extension 1.3.6.1.4.1.32473.1 is not known',
  ],
  [
    'with an unknown critical extension on the certificate',
    { single: [unknownExtension(true)] },
    'its critical extension 1.3.6.1.4.1.32473.1 is not known',
  ],
  ['with extensions that are known', { single: [marked(true, invalidityDateExtension(hours(-9)))] }],
  ['with a known critical extension', { extensions: [marked(true, extendedRevokeExtension())] }],
  ['of the near future', { thisUpdate: seconds(300), producedAt: seconds(300) }],
  [
    'of the future',
    { thisUpdate: seconds(301), producedAt: seconds(300) },
    'it is of 2026-11-24T12:05:01Z, and it is 2026-11-24T12:00:00Z',
  ],
  [
    'that was signed in the future',
    { producedAt: seconds(301) },
    'it was signed at 2026-11-24T12:05:01Z, and it is 2026-11-24T12:00:00Z',
  ],
  [
    'that was signed before what it tells of',
    { producedAt: hours(-2) },
    'it is of 2026-11-24T11:00:00Z, and was signed before, at 2026-11-24T10:00:00Z',
  ],
  ['that ended just now', { nextUpdate: seconds(-299) }],
  ['that has ended', { nextUpdate: seconds(-300) }, 'it was to be replaced by 2026-11-24T11:55:00Z'],
  ['without an end, fresh', { nextUpdate: null, thisUpdate: seconds(-299), producedAt: seconds(-299) }],
  [
    'without an end, old',
    { nextUpdate: null, thisUpdate: seconds(-300), producedAt: seconds(-300) },
    'it is of 2026-11-24T11:55:00Z, and does not say until when it holds',
  ],
  ['with the nonce that was sent', { nonce, extensions: [nonceExtension(nonce)] }],
  ['with a nonce that nobody sent', { extensions: [nonceExtension(nonce)] }],
  ['without the nonce that was sent', { nonce }, 'the nonce that was sent is not in it'],
  ['with another nonce', { nonce, extensions: [nonceExtension(nonce.subarray(1))] }, 'it answers another nonce'],
  ['on another certificate first', { more: [single(other, issuing, { status: killed })] }],
  [
    'on another certificate, and on its number of another issuer',
    { id: { serialNumber: other.certificate.serialNumber }, more: [single(party, anchor)] },
    '',
  ],
  ['that is good twice, once no more', { more: [single(party, issuing, { nextUpdate: hours(-1) })] }],
  [
    'that is good and unknown',
    { more: [single(party, issuing, { status: { kind: 'unknown' } })] },
    'its responder does not know the certificate',
  ],
  ['of a delegate', by()],
  [
    'of a delegate with a key that is named',
    { ...by(), responder: byKey({ keys: stranger }), by: delegate(issuing, { keys: stranger }) },
  ],
  ['of a delegate without ocsp-nocheck', by({ extensions: { nocheck: null } })],
  ['of a delegate of the issuer’s name', by({ subject: issuing.certificate.subject })],
  ['of a delegate that is not there', { ...by(), certs: [] }, 'the certificate of its responder is not there'],
  [
    'of a delegate for another purpose',
    by({ extensions: { extendedKeyUsage: purposes(OID.serverAuth) } }),
    'its responder may not sign answers',
  ],
  [
    'of a delegate for any purpose',
    by({ extensions: { extendedKeyUsage: purposes(OID.anyExtendedKeyUsage) } }),
    'its responder may not sign answers',
  ],
  [
    'of a delegate without a purpose',
    by({ extensions: { extendedKeyUsage: null } }),
    'its responder may not sign answers',
  ],
  ['of a delegate without a key usage', by({ extensions: { keyUsage: null } })],
  ['of a delegate that may not deny', by({ extensions: { keyUsage: usage('nonRepudiation') } })],
  [
    'of a delegate that may only encipher',
    by({ extensions: { keyUsage: usage('keyEncipherment') } }),
    'the key usage of its responder has no digitalSignature',
  ],
  [
    'of a delegate that has expired',
    by({ notAfter: hours(-1) }),
    'the certificate of its responder: expired at 2026-11-24T11:00:00Z, and it is 2026-11-24T12:00:00Z',
  ],
  [
    'of a delegate with an unknown critical extension',
    by({ more: [unknownExtension(true)] }),
    'the certificate of its responder: the critical extension 1.3.6.1.4.1.32473.1 is not known',
  ],
  [
    'of a delegate that a stranger made',
    by({ signer: stranger }),
    'the issuer did not sign the certificate of its responder',
  ],
  ['of a delegate of the root', { by: delegate(anchor) }, 'its responder is a delegate of another issuer'],
  [
    'of a delegate of another authority of that name',
    { by: delegate(intermediate(anchor)) },
    'its responder is a delegate of another issuer',
  ],
  ['of a delegate that is the party itself', by({ keys: party.keys }), 'its responder has the key that it tells of'],
  [
    'of a delegate that is an authority',
    by({
      extensions: {
        basicConstraints: basicConstraintsExtension({ cA: true }),
        keyUsage: usage('digitalSignature', 'keyCertSign'),
      },
    }),
    'its responder is a subordinate authority',
  ],
  [
    'of a delegate whose status is to be asked for, and is not known',
    by({ extensions: { nocheck: null }, more: [cRLDistributionPointsExtension([{ distributionPoint: A }])] }),
    'the certificate of its responder: there is no crl of its issuer',
  ],
  [
    'of a delegate whose responder is to be asked, and was not',
    by({ extensions: { nocheck: null }, more: [askedAt] }),
    'the certificate of its responder: there is no crl of its issuer',
  ],
  [
    'of a delegate whose status could be asked for, and need not be',
    by({ more: [cRLDistributionPointsExtension([{ distributionPoint: A }]), askedAt] }),
  ],
  [
    'that another signed than its delegate',
    { ...by(), signer: stranger },
    'its signature does not verify under the key of its responder',
  ],
  [
    'with a certificate that is none',
    { ...by(), certs: [Uint8Array.of(0x30, 0)] },
    'a certificate of its responder: the enclosing element ends where a further one must stand (X.690 §8.9.2, octet 2)',
  ],
]

suite('an answer of a responder, where status is required', () => {
  for (const [what, different, why] of ANSWERS) {
    test(`${why === undefined ? 'accepted' : 'refused'}: ${what}`, () => {
      const verdict = askAnswers([answer(party, issuing, different)])
      assert.deepEqual(codesOf(verdict), why === undefined ? [] : UNKNOWN)
      if (why === '') assert.equal(toldOf(verdict), 'there is no crl of its issuer')
      else if (why !== undefined) assert.equal(toldOf(verdict), `an answer of ocsp is not used: ${why}`)
    })
  }

  test('none at all, and errors, which nobody has signed', () => {
    assert.deepEqual(codesOf(askAnswers([])), UNKNOWN)
    const verdict = askAnswers([{ response: { responseStatus: 'tryLater' } }])
    assert.equal(toldOf(verdict), 'an answer of ocsp is not used: a responder answered tryLater')
  })

  test('every certificate of the path can have one', () => {
    const verdict = ask({ ocsp: { answers: [answer(issuing, anchor), answer(party, issuing)], digest } })
    assert.deepEqual(verdict.ok && verdict.evidence.map(({ kind, depth }) => [kind, depth]), [
      ['ocsp', 1],
      ['ocsp', 0],
    ])
  })

  test('what it said stands as evidence, and its end bounds the verdict', () => {
    const signer = delegate(issuing)
    const verdict = askAnswers([
      answer(party, issuing, { by: signer, nextUpdate: seconds(90), producedAt: seconds(-9) }),
    ])
    assert.ok(verdict.ok)
    assert.deepEqual(verdict.evidence[1], {
      kind: 'ocsp',
      depth: 0,
      issuer: signer.certificate.subject,
      producedAt: seconds(-9),
      thisUpdate: hours(-1),
      nextUpdate: seconds(90),
      until: seconds(390),
    })
    assert.ok(verdict.path.validUntil.equals(seconds(390)))
  })

  test('it counts until its end and the skew, or that of its delegate, and so long is the path believed', () => {
    const brief = delegate(issuing, { notAfter: seconds(60) })
    for (const [different, ocsp, until] of [
      [{ nextUpdate: seconds(-30) }, {}, seconds(270)],
      [{ nextUpdate: seconds(-30) }, { skewSeconds: 31 }, seconds(1)],
      [{ nextUpdate: null }, { maxAgeSeconds: 3600 }, seconds(300)],
      [{ nextUpdate: null, thisUpdate: seconds(-100), producedAt: seconds(-100) }, {}, seconds(200)],
      [{ by: brief }, {}, seconds(60)],
    ] as const) {
      const verdict = askAnswers([answer(party, issuing, different)], ocsp)
      assert.ok(verdict.ok)
      assert.equal(String(verdict.path.validUntil), String(until))
    }
  })

  test('it counts no longer than the list that a delegate needs', () => {
    const asked = delegate(issuing, {
      extensions: { nocheck: null },
      more: [cRLDistributionPointsExtension([{ distributionPoint: A }])],
    })
    const brief = crl(issuing, { nextUpdate: seconds(30) })
    for (const [signer, crls, until] of [
      [asked, [anchorCrl, brief], seconds(30)],
      [delegate(issuing), [anchorCrl, brief], hours(1)],
    ] as const) {
      const verdict = ask({ crls, ocsp: { answers: [answer(party, issuing, { by: signer })], digest } })
      assert.ok(verdict.ok)
      assert.equal(String(verdict.path.validUntil), String(until))
    }
  })

  test('the clock’s skew and the age of an answer without an end are the caller’s', () => {
    const endless = [answer(party, issuing, { nextUpdate: null })]
    assert.deepEqual(codesOf(askAnswers(endless, { maxAgeSeconds: 3600 })), [])
    assert.deepEqual(codesOf(askAnswers(endless, { maxAgeSeconds: 3300 })), UNKNOWN)
    const early = [answer(party, issuing, { thisUpdate: seconds(1), producedAt: seconds(1) })]
    assert.deepEqual(codesOf(askAnswers(early, { skewSeconds: 0 })), UNKNOWN)
  })

  test('a crl covers where no answer does, and an answer where no crl does', () => {
    const stale = [answer(party, issuing, { nextUpdate: hours(-1) })]
    assert.deepEqual(codesOf(ask({ crls: [anchorCrl, crl(issuing)], ocsp: { answers: stale, digest } })), [])
    const old = crl(issuing, { nextUpdate: hours(0) })
    assert.deepEqual(codesOf(ask({ crls: [anchorCrl, old], ocsp: { answers: [answer(party, issuing)], digest } })), [])
    const verdict = ask({ crls: [anchorCrl, old], ocsp: { answers: stale, digest } })
    assert.deepEqual(codesOf(verdict), ['ERR_VERIFY_STATUS_EXPIRED'])
    assert.match(toldOf(verdict), /; an answer of ocsp is not used: it was to be replaced by 2026-11-24T11:00:00Z$/)
  })
})
