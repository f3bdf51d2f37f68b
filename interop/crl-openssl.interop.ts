// Delta and indirect CRLs: ours read by OpenSSL, its by us.
import assert from 'node:assert/strict'
import { sign as cryptoSign, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  authorityKeyIdentifierExtension,
  cRLNumberExtension,
  deltaCRLIndicatorExtension,
  type GeneralName,
  issuingDistributionPointExtension,
  nameOf,
  readCertificateList,
  readPem,
  revokedCertificate,
  writeCertificateList,
  writePem,
  writeTbsCertList,
} from '@countersign/x509'
import { file, openssl, withOpenssl } from './openssl.ts'

const keyIdentifier = Uint8Array.fromHex('0102030405060708090a0b0c0d0e0f1011121314')
const other: GeneralName = { kind: 'directoryName', value: nameOf([['commonName', 'another authority']]) }
const uri: GeneralName = { kind: 'uniformResourceIdentifier', value: 'http://crl.example/indirect.crl' }

suite('delta and indirect CRLs', withOpenssl, () => {
  test('ours read by openssl', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const at = Temporal.Instant.from('2026-01-02T03:04:05Z')
    const tbsDer = writeTbsCertList({
      version: 2,
      signature: ALGORITHM.ecdsaWithSHA256,
      issuer: nameOf([['commonName', 'CRL issuer']]),
      thisUpdate: at,
      nextUpdate: at.add({ hours: 24 }),
      revokedCertificates: [
        revokedCertificate({ userCertificate: 0x10n, revocationDate: at, certificateIssuer: [other] }),
        // By §5.3.3 this one is of the same authority as the one before.
        revokedCertificate({ userCertificate: 0x11n, revocationDate: at, reasonCode: 'removeFromCRL' }),
      ],
      crlExtensions: [
        authorityKeyIdentifierExtension({ keyIdentifier }),
        cRLNumberExtension(8n),
        deltaCRLIndicatorExtension(7n),
        issuingDistributionPointExtension({
          distributionPoint: { kind: 'fullName', value: [uri] },
          onlyContainsUserCerts: true,
          onlyContainsCACerts: false,
          onlySomeReasons: new Set(['keyCompromise', 'aACompromise']),
          indirectCRL: true,
          onlyContainsAttributeCerts: false,
        }),
      ],
    })
    const signature = new Uint8Array(cryptoSign('sha256', tbsDer, privateKey))
    const crl = writePem('X509 CRL', writeCertificateList(tbsDer, ALGORITHM.ecdsaWithSHA256, signature))
    const text = openssl('crl', '-in', file('ours.crl', crl), '-noout', '-text', '-nameopt', 'RFC2253')
    for (const pattern of [
      /X509v3 CRL Number: \n +8\n/,
      /X509v3 Delta CRL Indicator: critical\n +7\n/,
      /X509v3 Issuing Distribution Point: critical\n +Full Name:\n +URI:http:\/\/crl\.example\/indirect\.crl\s/,
      /Only User Certificates\n +Indirect CRL\n +Only Some Reasons:\n +Key Compromise, AA Compromise\n/,
      /Serial Number: 10\n.*\n.*\n +X509v3 Certificate Issuer: critical\n +DirName:\/?CN ?= ?another authority\n/,
      /Serial Number: 11\n.*\n.*\n +X509v3 CRL Reason Code: \n +Remove From CRL\n/,
    ])
      assert.match(text, pattern)
  })

  test('its read by us', () => {
    const configuration = `
[ca]
default_ca = here
[here]
database = ${file('index.txt', 'R\t21190101000000Z\t260101000000Z,certificateHold\t11\tunknown\t/CN=leaf\n')}
crlnumber = ${file('crlnumber', '09\n')}
default_md = sha256
crl_extensions = extensions
[extensions]
2.5.29.27 = critical,ASN1:INTEGER:7
issuingDistributionPoint = critical,@point
freshestCRL = URI:http://crl.example/delta.crl
[point]
fullname = URI:http://crl.example/indirect.crl
indirectCRL = TRUE
onlyCA = TRUE
onlysomereasons = keyCompromise, CACompromise
`
    const paths = ['-keyout', file('key.pem'), '-out', file('ca.pem')]
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=a',
      ...paths,
    )
    const signer = ['-cert', file('ca.pem'), '-keyfile', file('key.pem')]
    const config = file('ca.cnf', configuration)
    openssl('ca', '-config', config, '-gencrl', '-crldays', '1', ...signer, '-out', file('theirs.crl'))
    const der = readPem(readFileSync(file('theirs.crl'), 'utf8'))[0]?.der ?? assert.fail('no CRL')
    const crl = readCertificateList(der)
    assert.equal(crl.cRLNumber, 9n)
    assert.equal(crl.deltaCRLIndicator, 7n)
    assert.deepEqual(crl.issuingDistributionPoint, {
      distributionPoint: { kind: 'fullName', value: [uri] },
      onlyContainsUserCerts: false,
      onlyContainsCACerts: true,
      onlySomeReasons: new Set(['keyCompromise', 'cACompromise']),
      indirectCRL: true,
      onlyContainsAttributeCerts: false,
    })
    const delta: GeneralName = { kind: 'uniformResourceIdentifier', value: 'http://crl.example/delta.crl' }
    assert.deepEqual(crl.freshestCRL, [{ distributionPoint: { kind: 'fullName', value: [delta] } }])
    assert.equal(crl.revokedCertificates[0]?.reasonCode, 'certificateHold')
    assert.deepEqual(writeTbsCertList(crl), crl.tbsDer)
  })
})
