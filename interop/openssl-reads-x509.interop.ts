// Certificates, requests, CRLs and keys of ours, read by OpenSSL.
import assert from 'node:assert/strict'
import { sign as cryptoSign, generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  cRLDistributionPointsExtension,
  cRLNumberExtension,
  extendedKeyUsageExtension,
  freshestCRLExtension,
  type GeneralName,
  inhibitAnyPolicyExtension,
  issuerAltNameExtension,
  issuingDistributionPointExtension,
  keyUsageExtension,
  nameConstraintsExtension,
  nameOf,
  noRevAvailExtension,
  OID,
  parseIpAddress,
  policyConstraintsExtension,
  policyMappingsExtension,
  readPrivateKeyInfo,
  readSubjectPublicKeyInfo,
  revokedCertificate,
  subjectAltNameExtension,
  subjectInfoAccessExtension,
  subjectKeyIdentifierExtension,
  writeCertificate,
  writeCertificateList,
  writeCertificationRequest,
  writeCertificationRequestInfo,
  writePem,
  writePrivateKeyInfo,
  writeTbsCertificate,
  writeTbsCertList,
} from '@countersign/x509'
import { file, openssl, withOpenssl } from './openssl.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const subjectPublicKeyInfo = readSubjectPublicKeyInfo(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })))
const sign = (octets: Uint8Array) => new Uint8Array(cryptoSign('sha256', octets, privateKey))
const keyIdentifier = Uint8Array.fromHex('0102030405060708090a0b0c0d0e0f1011121314')
const issuer = nameOf([
  ['countryName', 'DE'],
  ['organizationName', 'Acme, Müller & Söhne'],
  ['commonName', 'Acme Root'],
])
const uri = (value: string): GeneralName => ({ kind: 'uniformResourceIdentifier', value })
const ip = (text: string): GeneralName => ({ kind: 'iPAddress', octets: parseIpAddress(text) ?? assert.fail(text) })
const validity = {
  notBefore: Temporal.Instant.from('2026-01-02T03:04:05Z'),
  notAfter: Temporal.Instant.from('2051-06-07T08:09:10Z'),
}

suite('OpenSSL reads', withOpenssl, () => {
  test('a certificate with every extension', () => {
    const tbsDer = writeTbsCertificate({
      version: 3,
      serialNumber: 0x0102030405060708090a0b0c0d0e0f10n,
      signature: ALGORITHM.ecdsaWithSHA256,
      issuer,
      validity,
      subject: issuer,
      subjectPublicKeyInfo,
      extensions: [
        basicConstraintsExtension({ cA: true, pathLenConstraint: 300 }),
        keyUsageExtension(['keyCertSign', 'cRLSign', 'decipherOnly']),
        extendedKeyUsageExtension([OID.serverAuth, OID.clientAuth]),
        subjectAltNameExtension(
          [
            { kind: 'dNSName', value: 'a.example' },
            { kind: 'rfc822Name', value: 'a@b.example' },
            uri('spiffe://acme.example/a'),
            ip('192.0.2.1'),
            ip('2001:db8::1'),
            { kind: 'registeredID', value: '1.2.3.4' },
            { kind: 'directoryName', value: nameOf([['commonName', 'dir']]) },
          ],
          { critical: false },
        ),
        issuerAltNameExtension([uri('http://issuer.example/')]),
        subjectKeyIdentifierExtension(keyIdentifier),
        authorityKeyIdentifierExtension({
          keyIdentifier,
          authorityCertIssuer: [{ kind: 'directoryName', value: issuer }],
          authorityCertSerialNumber: 0x0203n,
        }),
        nameConstraintsExtension({
          permittedSubtrees: [{ base: { kind: 'dNSName', value: 'example' }, minimum: 0 }],
          excludedSubtrees: [
            { base: { kind: 'iPAddress', octets: Uint8Array.of(10, 0, 0, 0, 255, 0, 0, 0) }, minimum: 0 },
          ],
        }),
        certificatePoliciesExtension([{ policyIdentifier: OID.anyPolicy }, { policyIdentifier: '1.2.3.5' }]),
        policyMappingsExtension([{ issuerDomainPolicy: '1.2.3.5', subjectDomainPolicy: '1.2.3.6' }]),
        policyConstraintsExtension({ requireExplicitPolicy: 1, inhibitPolicyMapping: 2 }),
        inhibitAnyPolicyExtension(3),
        cRLDistributionPointsExtension([
          {
            distributionPoint: { kind: 'fullName', value: [uri('http://crl.example/a.crl')] },
            reasons: new Set(['keyCompromise', 'aACompromise']),
            cRLIssuer: [{ kind: 'directoryName', value: issuer }],
          },
        ]),
        freshestCRLExtension([
          { distributionPoint: { kind: 'fullName', value: [uri('http://crl.example/delta.crl')] } },
        ]),
        authorityInfoAccessExtension([{ accessMethod: OID.ocsp, accessLocation: uri('http://ocsp.example/') }]),
        subjectInfoAccessExtension([{ accessMethod: OID.caRepository, accessLocation: uri('http://repo.example/') }]),
      ],
    })
    const der = writeCertificate(tbsDer, ALGORITHM.ecdsaWithSHA256, sign(tbsDer))
    const path = file('ours.pem', writePem('CERTIFICATE', der))
    const text = openssl('x509', '-in', path, '-noout', '-text', '-nameopt', 'RFC2253,-esc_msb,utf8')
    for (const line of [
      'Version: 3 (0x2)',
      '01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10',
      'Signature Algorithm: ecdsa-with-SHA256',
      'Issuer: CN=Acme Root,O=Acme\\, Müller & Söhne,C=DE',
      'Not Before: Jan  2 03:04:05 2026 GMT',
      'Not After : Jun  7 08:09:10 2051 GMT',
      'X509v3 Basic Constraints: critical\n                CA:TRUE, pathlen:300',
      'X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign, Decipher Only',
      'TLS Web Server Authentication, TLS Web Client Authentication',
      'DNS:a.example, email:a@b.example, URI:spiffe://acme.example/a, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, Registered ID:1.2.3.4',
      'URI:http://issuer.example/',
      '01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14',
      'serial:02:03',
      'X509v3 Name Constraints: critical\n                Permitted:\n                  DNS:example\n                Excluded:\n                  IP:10.0.0.0/255.0.0.0',
      'Policy: X509v3 Any Policy\n                Policy: 1.2.3.5',
      'X509v3 Policy Mappings: critical\n                1.2.3.5:1.2.3.6',
      'X509v3 Policy Constraints: critical\n                Require Explicit Policy:1, Inhibit Policy Mapping:2',
      'X509v3 Inhibit Any Policy: critical\n                3',
      'URI:http://crl.example/a.crl',
      'Key Compromise, AA Compromise',
      'URI:http://crl.example/delta.crl',
      'OCSP - URI:http://ocsp.example/',
      'CA Repository - URI:http://repo.example/',
    ])
      assert.ok(text.includes(line), `not in openssl's text: ${line}\n${text}`)
  })

  test('a certificate without revocation, in time forms of both centuries', () => {
    const tbsDer = writeTbsCertificate({
      version: 3,
      serialNumber: 1n,
      signature: ALGORITHM.ecdsaWithSHA256,
      issuer,
      validity: {
        notBefore: Temporal.Instant.from('1950-01-01T00:00:00Z'),
        notAfter: Temporal.Instant.from('9999-12-31T23:59:59Z'),
      },
      subject: nameOf([]),
      subjectPublicKeyInfo,
      extensions: [noRevAvailExtension()],
    })
    const path = file('norev.der', writeCertificate(tbsDer, ALGORITHM.ecdsaWithSHA256, sign(tbsDer)))
    const text = openssl('x509', '-inform', 'DER', '-in', path, '-noout', '-startdate', '-enddate')
    assert.equal(text, 'notBefore=Jan  1 00:00:00 1950 GMT\nnotAfter=Dec 31 23:59:59 9999 GMT\n')
    assert.match(
      openssl('asn1parse', '-inform', 'DER', '-in', path),
      /:(?:2\.5\.29\.56|X509v3 No Revocation Available|.*noRevAvail)\n.*OCTET STRING +\[HEX DUMP\]:0500\n/i,
    )
  })

  test('a certification request, and its signature', () => {
    const info = writeCertificationRequestInfo({
      subject: nameOf([['commonName', 'alice']]),
      subjectPublicKeyInfo,
      extensionRequest: [subjectAltNameExtension([{ kind: 'dNSName', value: 'alice.example' }], { critical: false })],
    })
    const path = file(
      'ours.csr',
      writePem('CERTIFICATE REQUEST', writeCertificationRequest(info, ALGORITHM.ecdsaWithSHA256, sign(info))),
    )
    const text = openssl('req', '-in', path, '-noout', '-text', '-verify')
    assert.match(text, /verify OK/)
    assert.match(text, /Subject: CN = alice/)
    assert.match(text, /DNS:alice\.example/)
  })

  test('a CRL, and its signature', () => {
    const tbsDer = writeTbsCertList({
      version: 2,
      signature: ALGORITHM.ecdsaWithSHA256,
      issuer,
      thisUpdate: Temporal.Instant.from('2026-01-02T03:04:05Z'),
      nextUpdate: Temporal.Instant.from('2050-01-02T03:04:05Z'),
      revokedCertificates: [
        revokedCertificate({
          userCertificate: 0x1234n,
          revocationDate: Temporal.Instant.from('2026-01-01T00:00:00Z'),
          reasonCode: 'keyCompromise',
          invalidityDate: Temporal.Instant.from('2025-12-31T00:00:00Z'),
        }),
        revokedCertificate({ userCertificate: 0x5678n, revocationDate: Temporal.Instant.from('2026-01-01T00:00:01Z') }),
      ],
      crlExtensions: [
        authorityKeyIdentifierExtension({ keyIdentifier }),
        cRLNumberExtension(77n),
        issuingDistributionPointExtension({
          distributionPoint: { kind: 'fullName', value: [uri('http://crl.example/a.crl')] },
          onlyContainsUserCerts: true,
          onlyContainsCACerts: false,
          indirectCRL: false,
          onlyContainsAttributeCerts: false,
        }),
      ],
    })
    const path = file(
      'ours.crl',
      writePem('X509 CRL', writeCertificateList(tbsDer, ALGORITHM.ecdsaWithSHA256, sign(tbsDer))),
    )
    const text = openssl('crl', '-in', path, '-noout', '-text', '-CAfile', file('ours.pem'))
    for (const line of [
      'verify OK',
      'Version 2 (0x1)',
      'Last Update: Jan  2 03:04:05 2026 GMT',
      'Next Update: Jan  2 03:04:05 2050 GMT',
      'X509v3 CRL Number: \n                77',
      'Only User Certificates',
      'Serial Number: 1234\n        Revocation Date: Jan  1 00:00:00 2026 GMT',
      'Key Compromise',
      'Invalidity Date: \n                Dec 31 00:00:00 2025 GMT',
      'Serial Number: 5678\n        Revocation Date: Jan  1 00:00:01 2026 GMT',
    ])
      assert.ok(text.includes(line), `not in openssl's text: ${line}\n${text}`)
  })

  test('a private key', () => {
    const der = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))
    const path = file('ours.key', writePem('PRIVATE KEY', writePrivateKeyInfo(readPrivateKeyInfo(der))))
    assert.equal(openssl('pkey', '-in', path, '-pubout'), publicKey.export({ format: 'pem', type: 'spki' }))
  })
})
