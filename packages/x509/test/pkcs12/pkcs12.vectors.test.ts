// PKCS #12 files: pyca's, those of RFC 9879 Appendix A, and every refusal.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  type CryptoStep,
  OID,
  openPkcs12,
  PKCS12_ENTROPY_OCTETS,
  PKCS12_ERRORS,
  performSteps,
  pkcs12FromBer,
  readPfx,
  readPrivateKeyInfo,
  type SafeBag,
  sealPkcs12,
  writeAuthenticatedSafe,
  writeElement,
  writeExplicit,
  writeInteger,
  writeNull,
  writeOctetString,
  writeOid,
  writePfx,
  writeSafeContents,
  writeSequence,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'
import { casesOf, foreignVectors } from '../vectors.ts'

const open = (file: Uint8Array, password: string) => performSteps(openPkcs12(file, password), performWith())

/** The names of a file's keys and certificates, in its order; `-` for none. */
function namesIn({ keys, certificates }: ReturnType<typeof open>): string {
  const list = (entries: readonly { readonly friendlyName?: string }[]) =>
    entries.map(({ friendlyName = '-' }) => friendlyName).join(' ')
  return `${list(keys)} / ${list(certificates)}`
}

suite('RFC 9879', () => {
  for (const { id, hex, code } of casesOf<{ id: string; hex: string; code?: string }>('pkcs12/rfc9879.json'))
    test(id, () => {
      const file = Uint8Array.fromHex(hex)
      assert.equal(writePfx(readPfx(file)).toHex(), hex)
      if (code !== undefined) return assert.throws(() => open(file, '1234'), { code })
      const { keys, certificates } = open(file, '1234')
      assert.deepEqual([keys.length, certificates.length], [1, 1])
      assert.deepEqual(keys[0]?.localKeyId, certificates[0]?.localKeyId)
      assert.throws(() => open(file, '12345'), { code: 'ERR_PKCS12_PASSWORD' })
    })
})

const pyca = foreignVectors('pyca/pkcs12')
suite('pyca', { skip: pyca.skip }, () => {
  if (pyca.skip !== false) return
  const expected: Readonly<Record<string, readonly [string, string]>> = {
    'cert-aes256cbc-no-key.p12': ['cryptography', ' / -'],
    'cert-key-aes256cbc.p12': ['cryptography', '- / -'],
    'cert-none-key-none.p12': ['cryptography', '- / -'],
    'no-cert-key-aes256cbc.p12': ['cryptography', '- / '],
    'java-truststore.p12': ['', ' / cert1 -'],
    'name-1-no-pwd.p12': ['', 'name / name - -'],
    'name-2-3-no-pwd.p12': ['', '- / - name2 name3'],
    'name-all-no-pwd.p12': ['', 'name / name name2 name3'],
    'name-unicode-no-pwd.p12': ['', '☺ / ☺ ä ç'],
    'no-cert-name-unicode-no-pwd.p12': ['', ' / ☹ ï'],
    'no-name-no-pwd.p12': ['', '- / - - -'],
    'no-password.p12': ['', 'ERR_PKCS12_LEGACY'],
    'cert-rc2-key-3des.p12': ['cryptography', 'ERR_PKCS12_LEGACY'],
    'name-1-pwd.p12': ['password', 'ERR_PKCS12_LEGACY'],
    'name-unicode-pwd.p12': ['password', 'ERR_PKCS12_LEGACY'],
  }
  for (const [name, [password, outcome]] of Object.entries(expected))
    test(name, () => {
      const file = new Uint8Array(readFileSync(join(pyca.folder, name)))
      const der = pkcs12FromBer(file)
      assert.equal(writePfx(readPfx(der)).toHex(), der.toHex())
      // The MAC comes first: with a wrong password nothing else is said.
      assert.throws(() => open(file, 'wrong'), { code: 'ERR_PKCS12_PASSWORD' })
      if (outcome.startsWith('ERR_')) assert.throws(() => open(file, password), { code: outcome })
      else assert.equal(namesIn(open(file, password)), outcome)
    })
})

const DIGEST = new Uint8Array(32)
const bag = (bagId: string, bagValue: Uint8Array, more: Partial<SafeBag> = {}): SafeBag => ({
  bagId,
  bagValue,
  ...more,
})
const certificate = Uint8Array.of(0x30, 0)
const certBag = (type: string = OID['id-x509Certificate']) =>
  writeSequence(writeOid(type), writeExplicit(0, writeOctetString(certificate)))
const sha256 = { algorithm: OID['id-sha256'] }
const data = (octets: Uint8Array) => ({ contentType: OID['id-data'], content: writeOctetString(octets) })
const key = readPrivateKeyInfo(Uint8Array.fromHex(`302e020100300506032b657004220420${'11'.repeat(32)}`))

/** A file around parts, whose MAC is right for a performer that says so. */
function fileOf(
  authSafe: Uint8Array,
  mac: Partial<NonNullable<ReturnType<typeof readPfx>['macData']>> = {},
): Uint8Array {
  const macData = { digestAlgorithm: sha256, digest: DIGEST, macSalt: new Uint8Array(8), iterations: 1_000, ...mac }
  return writePfx({ authSafe, macData })
}
function fileOfBags(...bags: readonly SafeBag[]): Uint8Array {
  return fileOf(writeAuthenticatedSafe([data(writeSafeContents(bags))]))
}
const openBlindly = (file: Uint8Array) =>
  performSteps(openPkcs12(file, 'x'), (step: CryptoStep) => (step.op === 'hmac' ? DIGEST : performWith()(step)))

suite('contents', () => {
  test('a CRL, a secret, bags within bags', () => {
    const crl = writeSequence(writeOid(OID['id-x509CRL']), writeExplicit(0, writeOctetString(certificate)))
    const secret = bag(OID['id-secretBag'], writeSequence(writeOid('1.2.3'), writeExplicit(0, writeNull())))
    const inner = bag(OID['id-safeContentsBag'], writeSafeContents([bag(OID['id-certBag'], certBag())]))
    const found = openBlindly(fileOfBags(bag(OID['id-crlBag'], crl), secret, inner))
    assert.deepEqual(found.crls, [{ der: certificate }])
    assert.deepEqual(found.certificates, [{ der: certificate }])
    assert.deepEqual(found.others, [secret])
  })

  test('what we write', () => {
    const entropy = crypto.getRandomValues(new Uint8Array(PKCS12_ENTROPY_OCTETS))
    const identity = {
      privateKey: key,
      certificates: [certificate],
      friendlyName: 'Ä',
      entropy,
      iterations: 1_000,
    } as const
    const file = performSteps(sealPkcs12(identity, 'x'), performWith())
    assert.equal(pkcs12FromBer(file).buffer, file.buffer)
    const { keys, certificates } = open(file, 'x')
    const names = { friendlyName: 'Ä', localKeyId: keys[0]?.localKeyId }
    assert.deepEqual(keys, [{ ...names, privateKey: key }])
    assert.deepEqual(certificates, [{ ...names, der: certificate }])
    const seal = (change: object) => () => performSteps(sealPkcs12({ ...identity, ...change }, 'x'), performWith())
    for (const change of [
      { friendlyName: '' },
      { friendlyName: '😀' },
      { entropy: entropy.subarray(1) },
      { iterations: 999 },
    ])
      assert.throws(seal(change), RangeError)
    // Three derivations: what would not open again is not written.
    assert.throws(seal({ iterations: 1_400_000 }), { code: 'ERR_PBES2_WORK_LIMIT' })
    assert.throws(() => performSteps(sealPkcs12(identity, 'x'), () => undefined), { code: 'ERR_PKCS12_MAC' })
  })

  test('a file with any octet changed', () => {
    const entropy = crypto.getRandomValues(new Uint8Array(PKCS12_ENTROPY_OCTETS))
    const identity = {
      privateKey: key,
      certificates: [certificate],
      friendlyName: 'x',
      entropy,
      iterations: 1_000,
    } as const
    const file = performSteps(sealPkcs12(identity, 'x'), performWith())
    for (let at = 0; at < file.length; at++)
      assert.throws(() => open(file.with(at, file[at]! ^ 0x20), 'x'), {
        name: /^(?:DerError|Pkcs12Error|Pbes2Error|CmsError)$/,
      })
  })
})

suite('refusals', () => {
  const seen = new Set<string>()
  function refused(file: Uint8Array, code: keyof typeof PKCS12_ERRORS): void {
    seen.add(code)
    assert.throws(() => openBlindly(file), { name: 'Pkcs12Error', code })
  }
  const empty = writeAuthenticatedSafe([])

  test('the file as a whole', () => {
    const whole = fileOf(empty)
    assert.deepEqual(openBlindly(whole), { keys: [], certificates: [], crls: [], others: [] })
    refused(whole.with(4, 2), 'ERR_PKCS12_VERSION')
    refused(writePfx({ authSafe: empty }), 'ERR_PKCS12_INTEGRITY')
    const of = (type: string) =>
      writeSequence(writeInteger(3), writeSequence(writeOid(type), writeExplicit(0, writeSequence())))
    refused(of(OID['id-signedData']), 'ERR_PKCS12_INTEGRITY')
    refused(of(OID['id-envelopedData']), 'ERR_PKCS12_CONTENT')
  })

  test('its MAC', () => {
    refused(fileOf(empty, { digest: DIGEST.with(0, 1) }), 'ERR_PKCS12_PASSWORD')
    refused(fileOf(empty, { digest: DIGEST.subarray(1) }), 'ERR_PKCS12_PASSWORD')
    refused(fileOf(empty, { digest: new Uint8Array(33) }), 'ERR_PKCS12_PASSWORD')
    refused(fileOf(empty, { digest: new Uint8Array() }), 'ERR_PKCS12_PASSWORD')
    refused(fileOf(empty, { digestAlgorithm: { algorithm: '1.2.840.113549.2.5' } }), 'ERR_PKCS12_MAC')
    refused(fileOf(empty, { iterations: 0 }), 'ERR_PKCS12_ITERATIONS')
    assert.throws(() => openBlindly(fileOf(empty, { iterations: 4_000_001 })), { code: 'ERR_PBES2_WORK_LIMIT' })
  })

  test('PBMAC1', () => {
    const algorithm = (oid: string, ...parameters: Uint8Array[]) => writeSequence(writeOid(oid), ...parameters)
    const pbkdf2 = (...keyLength: readonly number[]) =>
      algorithm(
        OID['id-PBKDF2'],
        writeSequence(
          writeOctetString(new Uint8Array(8)),
          writeInteger(1_000),
          ...keyLength.map((length) => writeInteger(length)),
          algorithm(OID['id-hmacWithSHA256']),
        ),
      )
    const pbmac1 = (kdf: Uint8Array, scheme: string) =>
      fileOf(empty, {
        digestAlgorithm: { algorithm: OID['id-PBMAC1'], parameters: writeSequence(kdf, algorithm(scheme)) },
      })
    assert.deepEqual(openBlindly(pbmac1(pbkdf2(32), OID['id-hmacWithSHA256'])).keys, [])
    refused(pbmac1(pbkdf2(), OID['id-hmacWithSHA256']), 'ERR_PKCS12_MAC')
    refused(pbmac1(pbkdf2(19), OID['id-hmacWithSHA256']), 'ERR_PKCS12_MAC')
    refused(pbmac1(pbkdf2(65), OID['id-hmacWithSHA256']), 'ERR_PKCS12_MAC')
    refused(pbmac1(pbkdf2(32), OID['id-hmacWithSHA1']), 'ERR_PKCS12_MAC')
    refused(pbmac1(pbkdf2(32), '1.2.3'), 'ERR_PKCS12_MAC')
    refused(fileOf(empty, { digestAlgorithm: { algorithm: OID['id-PBMAC1'] } }), 'ERR_PKCS12_MAC')
  })

  test('its parts', () => {
    const part = (contentType: string, content: Uint8Array) =>
      fileOf(writeAuthenticatedSafe([{ contentType, content }]))
    refused(part(OID['id-envelopedData'], writeSequence()), 'ERR_PKCS12_PRIVACY')
    refused(part('1.2.3', writeSequence()), 'ERR_PKCS12_CONTENT')
    const encrypted = (type: string, algorithm: string, ...content: Uint8Array[]) =>
      part(
        OID['id-encryptedData'],
        writeSequence(writeInteger(0), writeSequence(writeOid(type), writeSequence(writeOid(algorithm)), ...content)),
      )
    const octets = writeElement(0x80, new Uint8Array(8))
    refused(encrypted(OID['id-signedData'], '1.2.3', octets), 'ERR_PKCS12_CONTENT')
    refused(encrypted(OID['id-data'], '1.2.3'), 'ERR_PKCS12_CONTENT')
    refused(encrypted(OID['id-data'], '1.2.840.113549.1.12.1.6', octets), 'ERR_PKCS12_LEGACY')
  })

  test('its bags', () => {
    refused(fileOfBags(bag(OID['id-certBag'], certBag('1.2.840.113549.1.9.22.2'))), 'ERR_PKCS12_BAG')
    refused(fileOfBags(bag(OID['id-crlBag'], certBag())), 'ERR_PKCS12_BAG')
    const legacyKey = writeSequence(writeSequence(writeOid('1.2.840.113549.1.12.1.3')), writeOctetString(DIGEST))
    refused(fileOfBags(bag(OID['id-pkcs8ShroudedKeyBag'], legacyKey)), 'ERR_PKCS12_LEGACY')
    let deep = bag(OID['id-certBag'], certBag())
    for (let depth = 0; depth < 4; depth++) deep = bag(OID['id-safeContentsBag'], writeSafeContents([deep]))
    assert.equal(openBlindly(fileOfBags(deep)).certificates.length, 1)
    refused(fileOfBags(bag(OID['id-safeContentsBag'], writeSafeContents([deep]))), 'ERR_PKCS12_BAG_DEPTH')
    const named = (type: string, ...values: Uint8Array[]) =>
      fileOfBags(bag(OID['id-certBag'], certBag(), { bagAttributes: [{ type, values }] }))
    refused(named(OID['id-friendlyName'], writeOctetString(DIGEST)), 'ERR_PKCS12_ATTRIBUTE')
    refused(named(OID['id-localKeyId'], writeOctetString(DIGEST), writeOctetString(DIGEST)), 'ERR_PKCS12_ATTRIBUTE')
    assert.throws(() => openBlindly(named(OID['id-localKeyId'], writeInteger(1))), { code: 'ERR_DER_TAG' })
  })

  test('every code of PKCS12_ERRORS has a case', () => {
    assert.deepEqual(new Set(Object.keys(PKCS12_ERRORS)), seen)
  })
})
