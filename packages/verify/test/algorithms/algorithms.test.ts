// Keys and signature algorithms: what is accepted, and what is refused whoever would verify it.
import assert from 'node:assert/strict'
import { constants, generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { type CheckSignature, verifyPath, whyNotKey } from '@countersign/verify'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  OID,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
  writeExplicit,
  writeInteger,
  writeNull,
  writeOid,
  writeSequence,
  writeSubjectPublicKeyInfo,
} from '@countersign/x509'
import {
  anchorOf,
  codesOf,
  contextOf,
  crl,
  intermediate,
  type Keys,
  keysOf,
  leaf,
  p256,
  root,
} from '../../../../interop/chains/house.ts'

/** The codes for a leaf with such a key, which signs nothing itself. */
function codesWithLeafKey(subjectPublicKeyInfo: SubjectPublicKeyInfo): readonly string[] {
  const anchor = root()
  const party = leaf(anchor, { keys: { ...p256(), subjectPublicKeyInfo } })
  return codesOf(verifyPath([party.certificate.der], contextOf([anchorOf(anchor)])))
}

const spki = (algorithm: AlgorithmIdentifier, subjectPublicKey: Uint8Array) =>
  readSubjectPublicKeyInfo(writeSubjectPublicKeyInfo({ algorithm, subjectPublicKey }))
const rsaAlgorithm = { algorithm: OID.rsaEncryption, parameters: writeNull() }
const rsa = (modulus: bigint, exponent = 65537n) =>
  spki(rsaAlgorithm, writeSequence(writeInteger(modulus), writeInteger(exponent)))
const bits = (count: bigint) => (1n << (count - 1n)) + 1n
const ec = (parameters: Uint8Array | undefined, octets = 65, form = 4) =>
  spki({ algorithm: OID.ecPublicKey, ...(parameters && { parameters }) }, new Uint8Array(octets).fill(form, 0, 1))

const KEYS: readonly (readonly [string, SubjectPublicKeyInfo, boolean])[] = [
  ['rsa of 2048 bits', rsa(bits(2048n)), true],
  ['rsa of 8192 bits', rsa(bits(8192n)), true],
  ['rsa of 2047 bits', rsa(bits(2047n)), false],
  ['rsa of 1024 bits', rsa(bits(1024n)), false],
  ['rsa of 2052 bits', rsa(bits(2052n)), false],
  ['rsa of 8200 bits', rsa(bits(8200n)), false],
  ['rsa with a negative modulus', rsa(-bits(2048n)), false],
  ['rsa with the exponent 3', rsa(bits(2048n), 3n), false],
  ['rsa with the exponent 65535', rsa(bits(2048n), 65535n), false],
  ['rsa with an even exponent', rsa(bits(2048n), 65538n), false],
  ['rsa with an exponent of 256 bits', rsa(bits(2048n), bits(256n)), true],
  ['rsa with an exponent of 257 bits', rsa(bits(2048n), bits(257n)), false],
  ['rsa with a negative exponent', rsa(bits(2048n), -65537n), false],
  ['rsa that is no sequence', spki(rsaAlgorithm, Uint8Array.of(5, 0)), false],
  ['rsa with octets after it', spki(rsaAlgorithm, Uint8Array.of(...rsa(bits(2048n)).subjectPublicKey, 0)), false],
  ['rsa without parameters', spki({ algorithm: OID.rsaEncryption }, rsa(bits(2048n)).subjectPublicKey), false],
  ['rsa for pss only', spki({ algorithm: OID['id-RSASSA-PSS'] }, rsa(bits(2048n)).subjectPublicKey), true],
  [
    'rsa for pss only, with parameters that are none',
    spki({ algorithm: OID['id-RSASSA-PSS'], parameters: writeNull() }, rsa(bits(2048n)).subjectPublicKey),
    false,
  ],
  [
    'rsa of 1024 bits for pss only',
    spki({ algorithm: OID['id-RSASSA-PSS'] }, rsa(bits(1024n)).subjectPublicKey),
    false,
  ],
  ['p-256', ec(writeOid(OID.secp256r1)), true],
  ['p-384', ec(writeOid(OID.secp384r1), 97), true],
  ['p-521', ec(writeOid(OID.secp521r1), 133), true],
  ['p-256, compressed', ec(writeOid(OID.secp256r1), 33, 2), true],
  ['p-256 of the length of p-384', ec(writeOid(OID.secp256r1), 97), false],
  ['p-256, hybrid', ec(writeOid(OID.secp256r1), 65, 6), false],
  ['the point at infinity', ec(writeOid(OID.secp256r1), 1, 0), false],
  ['p-224', ec(writeOid('1.3.132.0.33')), false],
  ['secp256k1', ec(writeOid('1.3.132.0.10')), false],
  ['a curve that is written out', ec(writeSequence(writeInteger(1))), false],
  ['no curve', ec(undefined), false],
  ['ed25519', spki({ algorithm: OID.Ed25519 }, new Uint8Array(32)), true],
  ['ed25519 with parameters', spki({ algorithm: OID.Ed25519, parameters: writeNull() }, new Uint8Array(32)), false],
  ['ed448', spki({ algorithm: OID.Ed448 }, new Uint8Array(57)), true],
  ['ed25519 of 31 octets', spki({ algorithm: OID.Ed25519 }, new Uint8Array(31)), false],
  ['ml-dsa-65 of 1951 octets', spki({ algorithm: OID['id-ml-dsa-65'] }, new Uint8Array(1951)), false],
  ['ml-dsa-65', spki({ algorithm: OID['id-ml-dsa-65'] }, new Uint8Array(1952)), true],
  ['x25519', spki({ algorithm: OID.X25519 }, new Uint8Array(32)), false],
  ['dsa', spki({ algorithm: '1.2.840.10040.4.1' }, Uint8Array.of(2, 1, 1)), false],
]

suite('keys', () => {
  for (const [what, key, accepted] of KEYS) {
    test(`${accepted ? 'accepted' : 'refused'}: ${what}`, () => {
      assert.deepEqual(codesWithLeafKey(key), accepted ? [] : ['ERR_VERIFY_WEAK_KEY'])
    })
  }

  test('a key that only agrees is one for mail, and for no other use', () => {
    const [x25519, x448] = [
      spki({ algorithm: OID.X25519 }, new Uint8Array(32)),
      spki({ algorithm: OID.X448 }, new Uint8Array(56)),
    ]
    assert.equal(whyNotKey(x25519, 'mail'), undefined)
    assert.match(whyNotKey(x25519) ?? '', /sign nothing/)
    assert.match(whyNotKey(x448, 'mail') ?? '', /not accepted/)
  })

  test('a weak key of an anchor is refused, with and without its certificate, and never asked', () => {
    const keys = keysOf(
      generateKeyPairSync('rsa', { modulusLength: 1024 }),
      ALGORITHM.sha256WithRSAEncryption,
      'sha256',
    )
    const anchor = root({ keys })
    const { certificate, ...bare } = anchorOf(anchor)
    const issuing = intermediate(anchor)
    const peer = [leaf(issuing).certificate.der, issuing.certificate.der]
    const checkSignature = () => assert.fail('a weak key was asked, or one below it')
    for (const trusted of [{ ...bare, certificate: anchor.certificate }, bare]) {
      const verdict = verifyPath(peer, contextOf([trusted], { checkSignature }))
      assert.deepEqual(codesOf(verdict), ['ERR_VERIFY_WEAK_KEY'])
    }
    assert.ok(certificate)
  })
})

const rsaPair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsaKeys = (algorithm: AlgorithmIdentifier, hash: string): Keys => keysOf(rsaPair, algorithm, hash)
const digest = (arc: number, withNull = true) =>
  writeSequence(writeOid(`2.16.840.1.101.3.4.2.${arc}`), ...(withNull ? [writeNull()] : []))
const mgf1 = (hash: Uint8Array) => writeSequence(writeOid('1.2.840.113549.1.1.8'), hash)
const pss = (...parts: Uint8Array[]): AlgorithmIdentifier => ({
  algorithm: OID['id-RSASSA-PSS'],
  parameters: writeSequence(...parts),
})
const pssOf = (hash: Uint8Array, mgfHash: Uint8Array, salt: number) =>
  pss(writeExplicit(0, hash), writeExplicit(1, mgf1(mgfHash)), writeExplicit(2, writeInteger(salt)))
const pssKeys = (algorithm: AlgorithmIdentifier, hash: string, saltLength: number): Keys => {
  const keys = rsaKeys(algorithm, hash)
  // node:crypto takes the padding beside the key.
  const privateKey = { key: rsaPair.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
  return { ...keys, privateKey: privateKey as unknown as Keys['privateKey'] }
}

const ACCEPTED: readonly (readonly [string, Keys])[] = [
  ['sha256 with rsa', rsaKeys(ALGORITHM.sha256WithRSAEncryption, 'sha256')],
  ['sha384 with rsa', rsaKeys(ALGORITHM.sha384WithRSAEncryption, 'sha384')],
  ['sha512 with rsa', rsaKeys(ALGORITHM.sha512WithRSAEncryption, 'sha512')],
  ['sha256 with rsa without parameters', rsaKeys({ algorithm: OID.sha256WithRSAEncryption }, 'sha256')],
  ['pss with sha256', pssKeys(pssOf(digest(1), digest(1), 32), 'sha256', 32)],
  ['pss with sha384', pssKeys(pssOf(digest(2), digest(2), 48), 'sha384', 48)],
  ['pss with sha512 without null', pssKeys(pssOf(digest(3, false), digest(3, false), 64), 'sha512', 64)],
  ['ecdsa p-256', p256()],
  ['ecdsa p-384', keysOf(generateKeyPairSync('ec', { namedCurve: 'P-384' }), ALGORITHM.ecdsaWithSHA384, 'sha384')],
  ['ecdsa p-521', keysOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }), ALGORITHM.ecdsaWithSHA512, 'sha512')],
  ['ed25519', keysOf(generateKeyPairSync('ed25519'), ALGORITHM.Ed25519, undefined)],
  ['ed448', keysOf(generateKeyPairSync('ed448'), ALGORITHM.Ed448, undefined)],
  ['ml-dsa-44', keysOf(generateKeyPairSync('ml-dsa-44'), ALGORITHM['id-ml-dsa-44'], undefined)],
  ['ml-dsa-65', keysOf(generateKeyPairSync('ml-dsa-65'), ALGORITHM['id-ml-dsa-65'], undefined)],
  ['ml-dsa-87', keysOf(generateKeyPairSync('ml-dsa-87'), ALGORITHM['id-ml-dsa-87'], undefined)],
]

const sha1 = writeSequence(writeOid('1.3.14.3.2.26'), writeNull())
/** Refused although the checker says that the signature verifies. */
const REFUSED: readonly (readonly [string, AlgorithmIdentifier])[] = [
  ['md5 with rsa', { algorithm: '1.2.840.113549.1.1.4', parameters: writeNull() }],
  ['sha-1 with rsa', { algorithm: OID.sha1WithRSAEncryption, parameters: writeNull() }],
  ['sha224 with rsa', { algorithm: '1.2.840.113549.1.1.14', parameters: writeNull() }],
  ['sha256 with rsa and parameters', { algorithm: OID.sha256WithRSAEncryption, parameters: writeInteger(1) }],
  ['ecdsa with sha-1', { algorithm: '1.2.840.10045.4.1' }],
  ['ecdsa with sha224', { algorithm: '1.2.840.10045.4.3.1' }],
  ['ecdsa with null parameters', { algorithm: OID.ecdsaWithSHA256, parameters: writeNull() }],
  ['ed25519 with null parameters', { algorithm: OID.Ed25519, parameters: writeNull() }],
  ['dsa with sha256', { algorithm: '2.16.840.1.101.3.4.3.2' }],
  ['an unknown algorithm', { algorithm: '1.3.6.1.4.1.32473.9' }],
  ['pss without parameters', { algorithm: OID['id-RSASSA-PSS'] }],
  ['pss with parameters that are no sequence', { algorithm: OID['id-RSASSA-PSS'], parameters: writeNull() }],
  ['pss by default, which is sha-1', pss()],
  ['pss with sha-1', pssOf(sha1, sha1, 20)],
  ['pss with another hash in mgf1', pssOf(digest(1), digest(2), 32)],
  ['pss with mgf1 by default', pss(writeExplicit(0, digest(1)), writeExplicit(2, writeInteger(32)))],
  [
    'pss with another mask',
    pss(
      writeExplicit(0, digest(1)),
      writeExplicit(1, writeSequence(writeOid('1.2.3'), digest(1))),
      writeExplicit(2, writeInteger(32)),
    ),
  ],
  ['pss with a short salt', pssOf(digest(1), digest(1), 20)],
  [
    'pss with a trailer field',
    pss(
      writeExplicit(0, digest(1)),
      writeExplicit(1, mgf1(digest(1))),
      writeExplicit(2, writeInteger(32)),
      writeExplicit(3, writeInteger(1)),
    ),
  ],
]

suite('signature algorithms', () => {
  for (const [what, keys] of ACCEPTED) {
    test(`accepted: ${what}`, () => {
      const anchor = root({ keys })
      const party = leaf(anchor)
      const status = { mode: 'require', crls: [crl(anchor)] } as const
      assert.deepEqual(codesOf(verifyPath([party.certificate.der], contextOf([anchorOf(anchor)], { status }))), [])
    })
  }
  for (const [what, algorithm] of REFUSED) {
    test(`refused: ${what}`, () => {
      const anchor = root()
      const party = leaf(anchor, { signer: { ...anchor.keys, algorithm } })
      const checkSignature = () => true
      const verdict = verifyPath([party.certificate.der], contextOf([anchorOf(anchor)], { checkSignature }))
      assert.deepEqual(codesOf(verdict), ['ERR_VERIFY_ALGORITHM'])
    })
  }

  test('refused: parameters outside of what is signed, and none inside, or the other way round', () => {
    const [absent, present] = [{ algorithm: OID.sha256WithRSAEncryption }, ALGORITHM.sha256WithRSAEncryption]
    for (const [inner, outer] of [
      [absent, present],
      [present, absent],
    ] as const) {
      const anchor = root({ keys: rsaKeys(inner, 'sha256') })
      const party = leaf(anchor, { outer })
      assert.deepEqual(codesOf(verifyPath([party.certificate.der], contextOf([anchorOf(anchor)]))), [
        'ERR_VERIFY_ALGORITHM_MISMATCH',
      ])
    }
  })

  test('a signature of another algorithm than the key of its issuer is never asked for', () => {
    const anchor = root()
    const issuing = intermediate(anchor, { signer: { ...anchor.keys, algorithm: ALGORITHM.sha256WithRSAEncryption } })
    const peer = [leaf(issuing).certificate.der, issuing.certificate.der]
    const checkSignature = () => assert.fail('it was asked for, or one below it')
    const verdict = verifyPath(peer, contextOf([anchorOf(anchor)], { checkSignature }))
    assert.deepEqual(codesOf(verdict), ['ERR_VERIFY_BAD_SIGNATURE'])
  })

  test('no key that is not proved is put to work', () => {
    const anchor = root()
    const forged = intermediate(anchor, { signer: p256() })
    const party = leaf(forged)
    const asked: string[] = []
    const checkSignature: CheckSignature = (_, key) => {
      asked.push(key.der.toHex())
      return false
    }
    verifyPath([party.certificate.der, forged.certificate.der], contextOf([anchorOf(anchor)], { checkSignature }))
    assert.deepEqual(asked, [anchor.certificate.subjectPublicKeyInfo.der.toHex()])
  })
})
