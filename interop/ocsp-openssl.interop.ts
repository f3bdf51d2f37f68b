// OCSP with OpenSSL, both ways: our questions answered by it, its questions read by us, our answers judged by it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, sign as cryptoSign, verify as cryptoVerify, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { before, suite, test } from 'node:test'
import {
  ALGORITHM,
  type BasicOCSPResponse,
  basicConstraintsExtension,
  type Certificate,
  type CertStatus,
  certIDOf,
  keyUsageExtension,
  nameOf,
  nonceExtension,
  type ResponderID,
  readCertificate,
  readOCSPRequest,
  readOCSPResponse,
  readSubjectPublicKeyInfo,
  writeCertificate,
  writeOCSPErrorResponse,
  writeOCSPRequest,
  writeOCSPResponse,
  writePem,
  writeResponseData,
  writeTbsCertificate,
  writeTbsRequest,
} from '@countersign/x509'
import { file, openssl } from './openssl.ts'
import { needs } from './peer.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const subjectPublicKeyInfo = readSubjectPublicKeyInfo(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })))
const sign = (octets: Uint8Array) => new Uint8Array(cryptoSign('sha256', octets, privateKey))
const digestBy = (algorithm: string) => (octets: Uint8Array) =>
  new Uint8Array(createHash(algorithm).update(octets).digest())
const SHA1 = { name: 'SHA-1', digest: digestBy('sha1') } as const
const SHA256 = { name: 'SHA-256', digest: digestBy('sha256') } as const
const issuer = nameOf([['commonName', 'OCSP authority']])

function certificate(serialNumber: bigint, cA: boolean): Certificate {
  const tbsDer = writeTbsCertificate({
    version: 3,
    serialNumber,
    signature: ALGORITHM.ecdsaWithSHA256,
    issuer,
    subject: cA ? issuer : nameOf([['commonName', `leaf ${serialNumber}`]]),
    validity: {
      notBefore: Temporal.Instant.from('2020-01-01T00:00:00Z'),
      notAfter: Temporal.Instant.from('2120-01-01T00:00:00Z'),
    },
    subjectPublicKeyInfo,
    extensions: cA
      ? [basicConstraintsExtension({ cA }), keyUsageExtension(['keyCertSign', 'cRLSign', 'digitalSignature'])]
      : [keyUsageExtension(['digitalSignature'])],
  })
  return readCertificate(writeCertificate(tbsDer, ALGORITHM.ecdsaWithSHA256, sign(tbsDer)))
}

const root = certificate(1n, true)
const [good, revoked, unknown] = [certificate(0x10n, false), certificate(0x11n, false), certificate(0x12n, false)]
const LEAVES = { good, revoked, unknown }
const leafFile = (name: string) => file(`${name}.pem`)

before(() => {
  file('root.pem', writePem('CERTIFICATE', root.der))
  file('key.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }))
  for (const [name, leaf] of Object.entries(LEAVES)) file(`${name}.pem`, writePem('CERTIFICATE', leaf.der))
  // The data base of `openssl ca`: state, end, revocation with reason, serial number, file, name.
  file(
    'index.txt',
    'V\t21190101000000Z\t\t10\tunknown\t/CN=leaf 16\n' +
      'R\t21190101000000Z\t260101000000Z,keyCompromise\t11\tunknown\t/CN=leaf 17\n',
  )
})

function answerOfOpenssl(request: Uint8Array, ...options: string[]): BasicOCSPResponse {
  const paths = ['-index', file('index.txt'), '-CA', file('root.pem'), '-rsigner', file('root.pem')]
  const io = ['-rkey', file('key.pem'), '-reqin', file('ours.req', request), '-respout', file('theirs.resp')]
  openssl('ocsp', ...paths, ...io, '-ndays', '7', ...options)
  const response = readOCSPResponse(new Uint8Array(readFileSync(file('theirs.resp'))))
  assert.ok(response.responseStatus === 'successful')
  const { basic } = response
  assert.ok(cryptoVerify('sha256', basic.tbsDer, publicKey, basic.signature))
  assert.deepEqual(writeResponseData(basic), basic.tbsDer)
  return basic
}

suite('OCSP with openssl', needs('openssl', 'openssl'), () => {
  for (const hash of [SHA1, SHA256])
    test(`our question with ${hash.name}, its answer`, () => {
      const nonce = crypto.getRandomValues(new Uint8Array(32))
      const request = writeOCSPRequest(
        writeTbsRequest({
          requestList: Object.values(LEAVES).map((leaf) => ({
            reqCert: certIDOf(leaf, root, hash),
            singleRequestExtensions: [],
          })),
          requestExtensions: [nonceExtension(nonce)],
        }),
      )
      const basic = answerOfOpenssl(request)
      assert.deepEqual(basic.nonce, nonce)
      assert.deepEqual(basic.responderID, { kind: 'byName', name: root.subject })
      assert.deepEqual(
        basic.responses.map(({ certStatus }) => certStatus),
        [
          { kind: 'good' },
          {
            kind: 'revoked',
            revocationTime: Temporal.Instant.from('2026-01-01T00:00:00Z'),
            revocationReason: 'keyCompromise',
          },
          { kind: 'unknown' },
        ] satisfies CertStatus[],
      )
      for (const [i, leaf] of Object.values(LEAVES).entries())
        assert.deepEqual(basic.responses[i]?.certID, certIDOf(leaf, root, hash))
      for (const { thisUpdate, nextUpdate } of basic.responses)
        assert.equal(nextUpdate?.since(thisUpdate).total('hours'), 7 * 24)
      assert.deepEqual(basic.certs, [root.der])
      const byKey = answerOfOpenssl(request, '-resp_key_id', '-resp_no_certs')
      const keyHash = SHA1.digest(subjectPublicKeyInfo.subjectPublicKey)
      assert.deepEqual(byKey.responderID, { kind: 'byKey', keyHash })
      assert.equal(byKey.certs, undefined)
    })

  test('its question read, plain and signed', () => {
    const about = ['-issuer', file('root.pem'), '-cert', leafFile('good'), '-cert', leafFile('revoked')]
    openssl('ocsp', ...about, '-reqout', file('plain.req'))
    const plain = readOCSPRequest(new Uint8Array(readFileSync(file('plain.req'))))
    assert.deepEqual(
      plain.requestList.map(({ reqCert }) => reqCert),
      [certIDOf(good, root, SHA1), certIDOf(revoked, root, SHA1)],
    )
    assert.equal(plain.nonce?.length, 16)
    assert.deepEqual(writeOCSPRequest(writeTbsRequest(plain)), plain.der)

    const signer = ['-signer', file('root.pem'), '-signkey', file('key.pem')]
    openssl('ocsp', ...about, ...signer, '-no_nonce', '-reqout', file('signed.req'))
    const signed = readOCSPRequest(new Uint8Array(readFileSync(file('signed.req'))))
    assert.equal(signed.nonce, undefined)
    assert.deepEqual(signed.requestorName, { kind: 'directoryName', value: root.subject })
    const { optionalSignature } = signed
    assert.ok(optionalSignature)
    assert.ok(cryptoVerify('sha256', signed.tbsDer, publicKey, optionalSignature.signature))
    assert.deepEqual(optionalSignature.certs, [root.der])
    assert.deepEqual(writeOCSPRequest(writeTbsRequest(signed), optionalSignature), signed.der)
  })

  const keyHash = SHA1.digest(subjectPublicKeyInfo.subjectPublicKey)
  const responders: ResponderID[] = [
    { kind: 'byName', name: issuer },
    { kind: 'byKey', keyHash },
  ]
  for (const responderID of responders)
    test(`our answer ${responderID.kind}, its verdict`, () => {
      const now = Temporal.Now.instant()
      const hour = { hours: 1 }
      const revocationTime = Temporal.Instant.from('2026-01-01T00:00:00Z')
      const statuses: Record<keyof typeof LEAVES, CertStatus> = {
        good: { kind: 'good' },
        revoked: { kind: 'revoked', revocationTime, revocationReason: 'superseded' },
        unknown: { kind: 'unknown' },
      }
      const tbsDer = writeResponseData({
        responderID,
        producedAt: now,
        responses: Object.entries(LEAVES).map(([name, leaf]) => ({
          certID: certIDOf(leaf, root, SHA1),
          certStatus: statuses[name as keyof typeof LEAVES],
          thisUpdate: now.subtract(hour),
          nextUpdate: now.add(hour),
          singleExtensions: [],
        })),
        responseExtensions: [],
      })
      const respond = (signature: Uint8Array) =>
        file(
          'ours.resp',
          writeOCSPResponse(tbsDer, {
            signatureAlgorithm: ALGORITHM.ecdsaWithSHA256,
            signature,
            certs: [root.der],
          }),
        )
      const ask = (path: string) => {
        const certificates = Object.keys(LEAVES).flatMap((name) => ['-cert', leafFile(name)])
        const trust = ['-CAfile', file('root.pem'), '-issuer', file('root.pem'), '-no_nonce']
        const args = ['ocsp', ...trust, ...certificates, '-respin', path]
        const { stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8', timeout: 20_000 })
        return `${stdout}${stderr}`
      }
      const verdict = ask(respond(sign(tbsDer)))
      assert.match(verdict, /Response verify OK/)
      assert.match(verdict, /good\.pem: good/)
      assert.match(verdict, /revoked\.pem: revoked.*Reason: superseded.*Revocation Time: Jan {2}1 00:00:00 2026 GMT/s)
      assert.match(verdict, /unknown\.pem: unknown/)
      assert.match(ask(respond(sign(Uint8Array.of(1)))), /Response Verify Failure/)
    })

  test('our errors, in its words', () => {
    const words = {
      malformedRequest: 'malformedrequest (1)',
      internalError: 'internalerror (2)',
      tryLater: 'trylater (3)',
      sigRequired: 'sigrequired (5)',
      unauthorized: 'unauthorized (6)',
    } as const
    for (const [status, said] of Object.entries(words) as [keyof typeof words, string][]) {
      const path = file('error.resp', writeOCSPErrorResponse(status))
      const { stdout, stderr } = spawnSync('openssl', ['ocsp', '-respin', path], { encoding: 'utf8', timeout: 20_000 })
      assert.ok(`${stdout}${stderr}`.includes(said), `${stdout}${stderr}`)
    }
  })
})
