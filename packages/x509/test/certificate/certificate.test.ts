import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  cRLDistributionPointsExtension,
  type Extension,
  extendedKeyUsageExtension,
  formatName,
  keyUsageExtension,
  nameOf,
  OID,
  readCertificate,
  readSubjectPublicKeyInfo,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
  type TbsCertificate,
  writeCertificate,
  writeTbsCertificate,
} from '@countersign/x509'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const subjectPublicKeyInfo = readSubjectPublicKeyInfo(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })))

function tbsWith(extensions: readonly Extension[], changes: Partial<TbsCertificate> = {}): TbsCertificate {
  return {
    version: 3,
    serialNumber: 0x7fff_ffff_ffff_ffff_ffffn,
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer: nameOf([
      ['countryName', 'DE'],
      ['organizationName', 'Acme'],
      ['commonName', 'Acme Issuing 1'],
    ]),
    validity: {
      notBefore: Temporal.Instant.from('2049-12-31T23:59:59Z'),
      notAfter: Temporal.Instant.from('2050-01-01T00:00:00Z'),
    },
    subject: nameOf([['commonName', 'alice']]),
    subjectPublicKeyInfo,
    extensions,
    ...changes,
  }
}

function signed(tbs: TbsCertificate): Uint8Array {
  const tbsDer = writeTbsCertificate(tbs)
  return writeCertificate(tbsDer, ALGORITHM.ecdsaWithSHA256, new Uint8Array(sign('sha256', tbsDer, privateKey)))
}

const extensions = [
  basicConstraintsExtension({ cA: false }),
  keyUsageExtension(['digitalSignature']),
  extendedKeyUsageExtension([OID.serverAuth, OID.clientAuth]),
  subjectAltNameExtension(
    [
      { kind: 'dNSName', value: 'alice.example' },
      { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' },
      { kind: 'iPAddress', octets: Uint8Array.of(127, 0, 0, 1) },
    ],
    { critical: false },
  ),
  subjectKeyIdentifierExtension(Uint8Array.of(1, 2, 3)),
  authorityKeyIdentifierExtension({ keyIdentifier: Uint8Array.of(4, 5, 6) }),
  cRLDistributionPointsExtension([
    {
      distributionPoint: {
        kind: 'fullName',
        value: [{ kind: 'uniformResourceIdentifier', value: 'http://crl.example/1.crl' }],
      },
    },
  ]),
  authorityInfoAccessExtension([
    {
      accessMethod: OID.ocsp,
      accessLocation: { kind: 'uniformResourceIdentifier', value: 'http://ocsp.example/' },
    },
  ]),
]

suite('a certificate that we write', () => {
  const der = signed(tbsWith(extensions))

  test('is read by another reader', () => {
    const read = new X509Certificate(der)
    assert.equal(read.subject, 'CN=alice')
    assert.equal(read.issuer, 'C=DE\nO=Acme\nCN=Acme Issuing 1')
    assert.equal(read.serialNumber, '7FFFFFFFFFFFFFFFFFFF')
    assert.equal(read.subjectAltName, 'DNS:alice.example, URI:spiffe://acme.example/alice, IP Address:127.0.0.1')
    assert.equal(read.validFrom, 'Dec 31 23:59:59 2049 GMT')
    assert.equal(read.validTo, 'Jan  1 00:00:00 2050 GMT')
    assert.equal(read.infoAccess, 'OCSP - URI:http://ocsp.example/')
    assert.deepEqual(read.keyUsage, [OID.serverAuth, OID.clientAuth])
    assert.equal(read.verify(publicKey), true)
  })

  test('is read by us to what was written', () => {
    const read = readCertificate(der)
    assert.equal(read.version, 3)
    assert.equal(read.serialNumber, 0x7fff_ffff_ffff_ffff_ffffn)
    assert.equal(formatName(read.issuer), 'CN=Acme Issuing 1,O=Acme,C=DE')
    assert.equal(read.validity.notAfter.toString(), '2050-01-01T00:00:00Z')
    assert.deepEqual(read.basicConstraints, { cA: false })
    assert.deepEqual(read.keyUsage, new Set(['digitalSignature']))
    assert.deepEqual(read.extendedKeyUsage, [OID.serverAuth, OID.clientAuth])
    assert.deepEqual(read.subjectAltName?.[1], {
      kind: 'uniformResourceIdentifier',
      value: 'spiffe://acme.example/alice',
    })
    assert.deepEqual(
      read.extensions.map((extension) => extension.critical),
      [true, true, false, false, false, false, false, false],
    )
  })

  test('is written again to the same octets', () => {
    const read = readCertificate(der)
    assert.equal(writeTbsCertificate(read).toHex(), read.tbsDer.toHex())
    assert.equal(writeCertificate(read.tbsDer, read.signatureAlgorithm, read.signatureValue).toHex(), der.toHex())
  })
})

test('a serial number that is not positive is read, as RFC 5280 §4.1.2.2 asks, and judged elsewhere', () => {
  for (const serialNumber of [0n, -1n, -(1n << 159n)])
    assert.equal(readCertificate(signed(tbsWith([], { serialNumber }))).serialNumber, serialNumber)
})

suite('readCertificate refuses', () => {
  const refusals: [string, Uint8Array, string][] = [
    ['a serial number of 21 octets', signed(tbsWith([], { serialNumber: 1n << 159n })), 'ERR_X509_SERIAL_LENGTH'],
    [
      'a negative one of 21 octets',
      signed(tbsWith([], { serialNumber: -(1n << 159n) - 1n })),
      'ERR_X509_SERIAL_LENGTH',
    ],
    ['extensions in version 1', signed(tbsWith(extensions, { version: 1 })), 'ERR_X509_VERSION_EXTENSIONS'],
    ['the same extension twice', signed(tbsWith([...extensions, ...extensions])), 'ERR_X509_EXTENSION_DUPLICATE'],
    ['an empty issuer', signed(tbsWith([], { issuer: nameOf([]) })), 'ERR_X509_ISSUER_EMPTY'],
    ['no key purposes', signed(tbsWith([extendedKeyUsageExtension([])])), 'ERR_X509_EXTENDED_KEY_USAGE_EMPTY'],
    ['no names', signed(tbsWith([subjectAltNameExtension([], { critical: true })])), 'ERR_X509_GENERAL_NAMES_EMPTY'],
    ['no usage', signed(tbsWith([keyUsageExtension([])])), 'ERR_X509_KEY_USAGE_EMPTY'],
    ['an octet more', Uint8Array.of(...signed(tbsWith([])), 0), 'ERR_DER_TRAILING'],
    ['an octet less', signed(tbsWith([])).slice(0, -1), 'ERR_DER_TRUNCATED'],
    ['nothing', new Uint8Array(), 'ERR_DER_MISSING'],
  ]
  for (const [what, der, code] of refusals)
    test(what, () => {
      assert.throws(() => readCertificate(der), { code })
    })
})

test('views of a Buffer are plain Uint8Arrays in its memory', () => {
  const buffer = Buffer.from(signed(tbsWith(extensions)))
  const { der, tbsDer, subjectKeyIdentifier } = readCertificate(buffer)
  for (const view of [der, tbsDer, subjectKeyIdentifier]) {
    assert.equal(view?.constructor, Uint8Array)
    assert.equal(view.buffer, buffer.buffer)
  }
  assert.equal(der.toHex(), buffer.toString('hex'))
})
