// Certificates, requests, CRLs and keys of OpenSSL, read by us.
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  formatName,
  OID,
  readCertificate,
  readCertificateList,
  readCertificationRequest,
  readPem,
  readPrivateKeyInfo,
  writeCertificationRequestInfo,
  writePrivateKeyInfo,
  writeTbsCertificate,
  writeTbsCertList,
} from '@countersign/x509'
import { file, folder, openssl, withOpenssl } from './openssl.ts'

/** The DER of the first block with `label` in a file. */
function derOf(path: string, label: string): Uint8Array {
  const block = readPem(readFileSync(path, 'utf8')).find((each) => each.label === label)
  assert.ok(block, `${path} has no ${label}`)
  return block.der
}
suite('we read from OpenSSL', withOpenssl, () => {
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
