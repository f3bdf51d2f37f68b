// Certificates, requests, CRLs and keys of ours read by OpenSSL, and its by us.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, sign as cryptoSign, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  ALGORITHM,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  cRLDistributionPointsExtension,
  cRLNumberExtension,
  extendedKeyUsageExtension,
  formatName,
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
  readCertificate,
  readCertificateList,
  readCertificationRequest,
  readPem,
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
import { needs } from './peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-x509-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, contents?: string | Uint8Array): string {
  const path = join(folder, name)
  if (contents !== undefined) writeFileSync(path, contents)
  return path
}

function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return `${stdout}${stderr}`
}

/** The DER of the first block with `label` in a file. */
function derOf(path: string, label: string): Uint8Array {
  const block = readPem(readFileSync(path, 'utf8')).find((each) => each.label === label)
  assert.ok(block, `${path} has no ${label}`)
  return block.der
}

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

suite('OpenSSL reads', needs('openssl', 'openssl'), () => {
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

suite('we read from OpenSSL', needs('openssl', 'openssl'), () => {
  const keys: [string, string[]][] = [
    ['P-256', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['P-384', ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384']],
    ['RSA', ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048']],
    ['Ed25519', ['-algorithm', 'ED25519']],
    ['Ed448', ['-algorithm', 'ED448']],
  ]
  const config = file(
    'openssl.cnf',
    `[req]
distinguished_name = dn
req_extensions = ext
x509_extensions = ext
prompt = no
string_mask = utf8only
[dn]
C = DE
O = Größe, Ltd
0.OU = one
1.OU = two
CN = "  a+b "
emailAddress = a@b.example
[ext]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, digitalSignature, keyCertSign, cRLSign
extendedKeyUsage = serverAuth, clientAuth, 1.2.3.4
subjectKeyIdentifier = hash
subjectAltName = DNS:a.example, IP:192.0.2.7, IP:2001:db8::7, email:a@b.example, URI:urn:x, RID:1.2.3, otherName:1.2.3.4;UTF8:hello, dirName:dir
nameConstraints = critical, permitted;DNS:example, excluded;IP:10.0.0.0/255.0.0.0, permitted;email:b.example
certificatePolicies = 1.2.3.4, @pol
policyConstraints = requireExplicitPolicy:3
inhibitAnyPolicy = 2
crlDistributionPoints = dp
authorityInfoAccess = OCSP;URI:http://ocsp.example/, caIssuers;URI:http://ca.example/
tlsfeature = status_request
[pol]
policyIdentifier = 1.3.5.8
CPS.1 = "http://cps.example/"
userNotice.1 = @notice
[notice]
explicitText = "UTF8:Notice"
organization = "Org"
noticeNumbers = 1, 2
[dp]
fullname = URI:http://crl.example/
reasons = keyCompromise, CACompromise
[dir]
CN = dir
[ca]
default_ca = the_ca
[the_ca]
database = ${join(folder, 'index.txt')}
crlnumber = ${join(folder, 'crlnumber')}
default_md = sha256
default_crl_days = 30
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
`,
  )

  for (const [name, options] of keys)
    test(`key, request, certificate and CRL of ${name}`, () => {
      const key = file(`${name}.key`)
      const cert = file(`${name}.pem`)
      const csr = file(`${name}.csr`)
      const crl = file(`${name}.crl`)
      openssl('genpkey', ...options, '-out', key)
      openssl('req', '-new', '-utf8', '-config', config, '-key', key, '-out', csr)
      openssl('req', '-new', '-x509', '-utf8', '-days', '20000', '-config', config, '-key', key, '-out', cert)

      const keyDer = derOf(key, 'PRIVATE KEY')
      const privateKeyInfo = readPrivateKeyInfo(keyDer)
      assert.equal(writePrivateKeyInfo(privateKeyInfo).toHex(), keyDer.toHex())
      assert.ok(createPrivateKey({ key: Buffer.from(keyDer), format: 'der', type: 'pkcs8' }))

      const certDer = derOf(cert, 'CERTIFICATE')
      const read = readCertificate(certDer)
      assert.equal(writeTbsCertificate(read).toHex(), read.tbsDer.toHex())
      const subject = openssl('x509', '-in', cert, '-noout', '-subject', '-nameopt', 'RFC2253,-esc_msb,utf8')
      assert.equal(`subject=${formatName(read.subject)}\n`, subject)
      const serial = openssl('x509', '-in', cert, '-noout', '-serial').trim().slice('serial='.length)
      assert.equal(read.serialNumber, BigInt(`0x${serial}`))
      const end = openssl('x509', '-in', cert, '-noout', '-enddate', '-dateopt', 'iso_8601').trim()
      assert.equal(read.validity.notAfter.toString(), end.slice('notAfter='.length).replace(' ', 'T'))
      assert.deepEqual(read.basicConstraints, { cA: true, pathLenConstraint: 0 })
      assert.deepEqual(read.keyUsage, new Set(['digitalSignature', 'keyCertSign', 'cRLSign']))
      assert.deepEqual(read.extendedKeyUsage, [OID.serverAuth, OID.clientAuth, '1.2.3.4'])
      assert.deepEqual(
        read.subjectAltName?.map(({ kind }) => kind),
        [
          'dNSName',
          'iPAddress',
          'iPAddress',
          'rfc822Name',
          'uniformResourceIdentifier',
          'registeredID',
          'otherName',
          'directoryName',
        ],
      )
      assert.equal(read.certificatePolicies?.[1]?.policyQualifiers?.length, 2)
      assert.deepEqual(read.policyConstraints, { requireExplicitPolicy: 3 })
      assert.equal(read.inhibitAnyPolicy, 2)
      assert.deepEqual(read.cRLDistributionPoints?.[0]?.reasons, new Set(['keyCompromise', 'cACompromise']))
      assert.equal(read.authorityInfoAccess?.[1]?.accessMethod, OID.caIssuers)
      assert.ok(read.extensions.some(({ extnID }) => extnID === '1.3.6.1.5.5.7.1.24'))

      const csrDer = derOf(csr, 'CERTIFICATE REQUEST')
      const request = readCertificationRequest(csrDer)
      assert.equal(writeCertificationRequestInfo(request).toHex(), request.certificationRequestInfoDer.toHex())
      assert.deepEqual(request.requested.basicConstraints, { cA: true, pathLenConstraint: 0 })
      assert.deepEqual(request.subject.der, read.subject.der)

      const database = `R\t491231235959Z\t260101000000Z,keyCompromise\t0FFF\tunknown\t/CN=x\nR\t491231235959Z\t260101000000Z\t1000\tunknown\t/CN=y\n`
      file('index.txt', database)
      file('crlnumber', '01FF\n')
      const digest = name.startsWith('Ed') ? ['-md', 'null'] : []
      openssl('ca', '-gencrl', '-config', config, '-keyfile', key, '-cert', cert, '-out', crl, ...digest)
      const list = readCertificateList(derOf(crl, 'X509 CRL'))
      assert.equal(writeTbsCertList(list).toHex(), list.tbsDer.toHex())
      assert.equal(list.cRLNumber, 0x1ffn)
      assert.deepEqual(
        list.revokedCertificates.map(({ userCertificate, reasonCode }) => [userCertificate, reasonCode]),
        [
          [0xfffn, 'keyCompromise'],
          [0x1000n, undefined],
        ],
      )
      assert.deepEqual(list.authorityKeyIdentifier?.keyIdentifier, read.subjectKeyIdentifier)
    })
})
