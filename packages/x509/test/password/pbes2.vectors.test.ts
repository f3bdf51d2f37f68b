// Keys under passwords: Wycheproof's PBES2, pyca's PKCS #8, and every refusal.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  type AlgorithmIdentifier,
  decryptPbes2,
  encryptPbes2,
  OID,
  openBudget,
  openPrivateKey,
  PASSWORD_LIMITS,
  PBES2_ERRORS,
  performSteps,
  readEncryptedPrivateKeyInfo,
  readPem,
  readPrivateKeyInfo,
  sealPrivateKey,
  writeEncryptedPrivateKeyInfo,
  writeInteger,
  writeNull,
  writeOctetString,
  writeOid,
  writeSequence,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'
import { foreignVectors } from '../vectors.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)
const algorithm = (oid: string, ...parameters: readonly Uint8Array[]) => writeSequence(writeOid(oid), ...parameters)
const salt = Uint8Array.fromHex('fcd9a324f025ef40fcd9a324f025ef40')
const iv = Uint8Array.fromHex('42f02ff71b8524d1678ab2e34f9e7d47')

interface Pbkdf2 {
  readonly iterations?: number
  readonly keyLength?: number
  readonly prf?: Uint8Array
}
const SHA256 = algorithm(OID['id-hmacWithSHA256'], writeNull())
const AES256 = algorithm(OID['id-aes256-CBC'], writeOctetString(iv))

/** By hand, from the ASN.1 of RFC 8018 A.2 and A.4. */
function pbkdf2({ iterations = 4_096, keyLength, prf = SHA256 }: Pbkdf2 = {}, from = salt): Uint8Array {
  const length = keyLength === undefined ? [] : [writeInteger(keyLength)]
  return algorithm(
    OID['id-PBKDF2'],
    writeSequence(writeOctetString(from), writeInteger(iterations), ...length, ...(prf.length > 0 ? [prf] : [])),
  )
}
function pbes2(derivation = pbkdf2(), scheme = AES256): AlgorithmIdentifier {
  return { algorithm: OID['id-PBES2'], parameters: writeSequence(derivation, scheme) }
}
function scrypt(...numbers: readonly number[]): Uint8Array {
  const parameters = numbers.map((number) => writeInteger(number))
  return algorithm(OID['id-scrypt'], writeSequence(writeOctetString(salt), ...parameters))
}

const wycheproof = foreignVectors('wycheproof/pbes2_hmacsha256_aes_256_test.json')
suite('wycheproof', { skip: wycheproof.skip }, () => {
  if (wycheproof.skip !== false) return
  interface Vector {
    readonly tcId: number
    readonly comment: string
    readonly password: string
    readonly salt: string
    readonly iterationCount: number
    readonly iv: string
    readonly msg: string
    readonly ct: string
    readonly result: string
  }
  const { testGroups } = JSON.parse(readFileSync(wycheproof.folder, 'utf8')) as {
    readonly testGroups: readonly { readonly tests: readonly Vector[] }[]
  }
  for (const vector of testGroups.flatMap(({ tests }) => tests))
    test(`${vector.tcId}: ${vector.comment}`, () => {
      assert.equal(vector.result, 'valid')
      const hex = (text: string) => Uint8Array.fromHex(text)
      const scheme = algorithm(OID['id-aes256-CBC'], writeOctetString(hex(vector.iv)))
      const protectedBy = pbes2(pbkdf2({ iterations: vector.iterationCount }, hex(vector.salt)), scheme)
      const open = (password: Uint8Array) =>
        performSteps(decryptPbes2(protectedBy, hex(vector.ct), password), performWith())
      assert.equal(open(hex(vector.password)).toHex(), vector.msg)
    })
})

const pyca = foreignVectors('pyca/asymmetric/PKCS8')
suite('pyca', { skip: pyca.skip }, () => {
  if (pyca.skip !== false) return
  const expected: Readonly<Record<string, readonly [string, string]>> = {
    'ec_private_key_encrypted.pem': ['123456', 'opens'],
    'ed25519-scrypt.pem': ['hunter42', 'opens'],
    'rsa-aes-192-cbc.pem': ['PolarSSLTest', 'opens'],
    'enc2-rsa-pkcs8.pem': ['baz', 'opens'],
    'enc-rsa-pkcs8-pbkdf2-0iter.pem': ['', 'ERR_PBES2_ITERATIONS'],
    'enc-ec-sha1-128-rc4.pem': ['password', 'ERR_PBES2_LEGACY'],
    'enc-rsa-3des.pem': ['password', 'ERR_PBES2_LEGACY'],
    'enc-unknown-algorithm.pem': ['password', 'ERR_PBES2_ALGORITHM'],
    'enc-unknown-kdf.pem': ['password', 'ERR_PBES2_LEGACY'],
    'enc-unknown-pbkdf2-prf.pem': ['password', 'ERR_PBES2_LEGACY'],
    'bad-encryption-oid.pem': ['password', 'ERR_PBES2_ALGORITHM'],
    'rsa-40bitrc2.pem': ['baz', 'ERR_PBES2_LEGACY'],
    'rsa-rc2-cbc.pem': ['Red Hat Enterprise Linux 7.4', 'ERR_PBES2_LEGACY'],
    'rsa-pbe-3des-long-salt.pem': ['password', 'ERR_PBES2_LEGACY'],
    'rsa-pbewithmd5anddescbc.pem': ['hunter2', 'ERR_PBES2_LEGACY'],
    'rsa_pkcs8_pbes2_pbkdf2_2048_3des_sha384.pem': ['PolarSSLTest', 'ERR_PBES2_LEGACY'],
    'pkcs12_s2k_pem-X_9607.pem': ['123456', 'ERR_PBES2_LEGACY'],
  }
  for (const [file, [password, outcome]] of Object.entries(expected))
    test(file, () => {
      const [block] = readPem(readFileSync(join(pyca.folder, file), 'latin1'))
      const { der } = block ?? assert.fail(file)
      assert.equal(writeEncryptedPrivateKeyInfo(readEncryptedPrivateKeyInfo(der)).toHex(), der.toHex())
      const open = () => performSteps(openPrivateKey(der, utf8(password)), performWith())
      if (outcome === 'opens') assert.ok(open().privateKey.length > 0)
      else assert.throws(open, { name: 'Pbes2Error', code: outcome })
    })
})

suite('refusals', () => {
  const seen = new Set<string>()
  const octets = new Uint8Array(16)
  function refused(given: AlgorithmIdentifier, code: keyof typeof PBES2_ERRORS): void {
    seen.add(code)
    assert.throws(() => performSteps(decryptPbes2(given, octets, octets), performWith()), { name: 'Pbes2Error', code })
  }

  test('what protects no more', () => {
    for (const oid of [
      '1.2.840.113549.1.5.3',
      '1.2.840.113549.1.5.10',
      '1.2.840.113549.1.12.1.3',
      '1.2.840.113549.1.12.1.6',
    ])
      refused({ algorithm: oid }, 'ERR_PBES2_LEGACY')
    for (const oid of ['1.2.840.113549.3.7', '1.2.840.113549.3.2', '1.3.14.3.2.7'])
      refused(pbes2(pbkdf2(), algorithm(oid, writeOctetString(iv.subarray(8)))), 'ERR_PBES2_LEGACY')
  })

  test('what we do not use', () => {
    refused({ algorithm: '1.2.3' }, 'ERR_PBES2_ALGORITHM')
    refused({ algorithm: OID['id-PBES2'] }, 'ERR_PBES2_ALGORITHM')
    refused(pbes2(algorithm('1.2.3')), 'ERR_PBES2_ALGORITHM')
    refused(pbes2(algorithm(OID['id-PBKDF2'])), 'ERR_PBES2_ALGORITHM')
    refused(pbes2(pbkdf2({ prf: algorithm('1.2.840.113549.2.8', writeNull()) })), 'ERR_PBES2_ALGORITHM')
    refused(pbes2(pbkdf2({ prf: algorithm(OID['id-hmacWithSHA256'], writeInteger(1)) })), 'ERR_PBES2_ALGORITHM')
    refused(pbes2(pbkdf2(), algorithm('1.2.3')), 'ERR_PBES2_ALGORITHM')
    refused(pbes2(pbkdf2(), algorithm(OID['id-aes256-CBC'])), 'ERR_PBES2_ALGORITHM')
    refused(
      pbes2(pbkdf2(), algorithm(OID['id-aes256-CBC'], writeOctetString(octets.subarray(1)))),
      'ERR_PBES2_ALGORITHM',
    )
    const gcm = algorithm(OID['id-aes256-GCM'], writeSequence(writeOctetString(octets.subarray(4)), writeInteger(16)))
    refused(pbes2(pbkdf2(), gcm), 'ERR_PBES2_ALGORITHM')
  })

  test('lengths and counts', () => {
    refused(pbes2(pbkdf2({ keyLength: 16 })), 'ERR_PBES2_KEY_LENGTH')
    refused(pbes2(scrypt(16_384, 8, 1, 16)), 'ERR_PBES2_KEY_LENGTH')
    refused(pbes2(pbkdf2({ iterations: 0 })), 'ERR_PBES2_ITERATIONS')
    for (const numbers of [
      [0, 8, 1],
      [1, 8, 1],
      [3, 8, 1],
      [16_383, 8, 1],
      [16_384, 0, 1],
      [16_384, 8, 0],
    ])
      refused(pbes2(scrypt(...numbers)), 'ERR_PBES2_COST')
    assert.throws(() => performSteps(decryptPbes2(pbes2(pbkdf2({ iterations: -1 })), octets, octets), performWith()), {
      code: 'ERR_DER_INTEGER_LIMIT',
    })
  })

  test('more work or memory than a file may ask for, before any is done', () => {
    const { maxIterations, maxMemoryOctets } = PASSWORD_LIMITS
    refused(pbes2(pbkdf2({ iterations: maxIterations + 1 })), 'ERR_PBES2_WORK_LIMIT')
    refused(pbes2(pbkdf2({ iterations: 2 ** 40 })), 'ERR_PBES2_WORK_LIMIT')
    // Two blocks of SHA-1 make one key of 32 octets.
    refused(pbes2(pbkdf2({ iterations: maxIterations / 2 + 1, prf: new Uint8Array() })), 'ERR_PBES2_WORK_LIMIT')
    refused(pbes2(scrypt(2, 1, maxMemoryOctets / 128 + 1)), 'ERR_PBES2_MEMORY_LIMIT')
    refused(pbes2(scrypt(1_024, 8, 512)), 'ERR_PBES2_WORK_LIMIT')
    refused(pbes2(scrypt(maxMemoryOctets / 1_024, 16, 1)), 'ERR_PBES2_MEMORY_LIMIT')
    refused(pbes2(scrypt(2 ** 40, 8, 1)), 'ERR_PBES2_MEMORY_LIMIT')
    refused(pbes2(scrypt(2, 2 ** 40, 1)), 'ERR_PBES2_MEMORY_LIMIT')
    const budget = openBudget({ ...PASSWORD_LIMITS, maxIterations: 4_096 + 4_095 })
    const open = () => performSteps(decryptPbes2(pbes2(), octets, octets, budget), performWith())
    assert.throws(open, { code: 'ERR_PBES2_PASSWORD' })
    assert.throws(open, { code: 'ERR_PBES2_WORK_LIMIT' })
  })

  test('a wrong password, whose padding is wrong or whose key is none', () => {
    refused(pbes2(), 'ERR_PBES2_PASSWORD')
    const noKey = performSteps(encryptPbes2(utf8('no key'), utf8('x'), { salt, iv, iterations: 1_000 }), performWith())
    const der = writeEncryptedPrivateKeyInfo({ encryptionAlgorithm: noKey.algorithm, encryptedData: noKey.encrypted })
    assert.throws(
      () => performSteps(openPrivateKey(der, utf8('x')), performWith()),
      (error) =>
        error instanceof Error && 'code' in error && error.code === 'ERR_PBES2_PASSWORD' && error.cause !== undefined,
    )
  })

  test('a weak protection is not written', () => {
    const key = readPrivateKeyInfo(Uint8Array.fromHex(`302e020100300506032b657004220420${'11'.repeat(32)}`))
    const good = { salt, iv, iterations: 1_000 }
    for (const weak of [
      { salt: salt.subarray(1) },
      { iv: iv.subarray(1) },
      { iterations: 999 },
      { iterations: 1_000.5 },
    ])
      assert.throws(() => performSteps(sealPrivateKey(key, utf8('x'), { ...good, ...weak }), performWith()), RangeError)
    assert.throws(() => performSteps(sealPrivateKey(key, utf8('x'), good), () => undefined), {
      code: 'ERR_PBES2_ALGORITHM',
    })
    const der = performSteps(sealPrivateKey(key, utf8('x'), good), performWith())
    assert.deepEqual(performSteps(openPrivateKey(der, utf8('x')), performWith()), key)
  })

  test('every code of PBES2_ERRORS has a case', () => {
    assert.deepEqual(new Set(Object.keys(PBES2_ERRORS)), seen)
  })
})
