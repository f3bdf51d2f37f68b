// BoringSSL's OCSP vectors. Nearly all are signed with SHA-1, which counts for nothing here: they are judged as if their answers
// named SHA-256, by a check that knows better, so that all else in them is compared.
import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { PROFILES, verifyPath } from '@countersign/verify'
import {
  ALGORITHM,
  DerError,
  type OCSPResponse,
  OID,
  readCertificate,
  readOCSPResponse,
  readPem,
  X509Error,
} from '@countersign/x509'
import { checkSignature } from '../../../../interop/chains/check-signature.ts'
import { digest } from '../../../../interop/chains/responder.ts'
import { needsVectors } from '../../../../interop/peer.ts'

interface Expected {
  readonly verifyTime: string
  readonly maxAgeSeconds: number
  readonly cases: readonly { readonly file: string; readonly status: 'GOOD' | 'REVOKED' | 'UNKNOWN' }[]
}

type Status = Expected['cases'][number]['status']

/** Where we decide otherwise, and why. A line that is no longer true fails. */
const DIFFERENCES: ReadonlyMap<string, readonly [Status, string]> = new Map([
  ['good_response_invalid_serial.pem', ['UNKNOWN', 'its serial number is no INTEGER of DER (X.690 §8.3.2)']],
  ['has_critical_ct_extension.pem', ['UNKNOWN', 'the value of the extension is no OCTET STRING (RFC 6962 §3.3)']],
])

/** What the answer in a file makes of its certificate. */
function statusOf(text: string, { verifyTime, maxAgeSeconds }: Expected): Status {
  const [answer, issuer, leaf] = ['OCSP RESPONSE', 'CA CERTIFICATE', 'CERTIFICATE'].map((label) => {
    const block = new RegExp(`^-----BEGIN ${label}-----\\n[^-]+-----END ${label}-----$`, 'm').exec(text)?.[0]
    return readPem(block ?? assert.fail(label))[0]?.der ?? assert.fail(label)
  }) as [Uint8Array, Uint8Array, Uint8Array]
  const { subject, subjectPublicKeyInfo } = readCertificate(issuer)
  const response = readAnswer(answer)
  const verdict = verifyPath([leaf], {
    anchors: [{ name: subject, subjectPublicKeyInfo }],
    issuers: [],
    status: { mode: 'require', crls: [], ocsp: { answers: response ? [{ response }] : [], digest, maxAgeSeconds } },
    now: Temporal.Instant.from(verifyTime),
    purpose: 'serverAuth',
    profile: PROFILES.private,
    checkSignature: (algorithm, key, signed, signature) => {
      const sha1 = response?.responseStatus === 'successful' && signed === response.basic.tbsDer && isSha1(answer)
      if (!sha1) return checkSignature(algorithm, key, signed, signature)
      return verify('sha1', signed, { key: Buffer.from(key.der), format: 'der', type: 'spki' }, signature)
    },
  })
  const codes = verdict.ok ? [] : verdict.findings.map(({ code }) => code)
  // These leaves are nobody's: what else is found in them is not compared.
  if (codes.includes('ERR_VERIFY_REVOKED')) return 'REVOKED'
  return codes.includes('ERR_VERIFY_STATUS_UNKNOWN') || codes.includes('ERR_VERIFY_MALFORMED') ? 'UNKNOWN' : 'GOOD'
}

function readAnswer(der: Uint8Array): OCSPResponse | undefined {
  try {
    const response = readOCSPResponse(der)
    if (response.responseStatus !== 'successful') return response
    return { ...response, basic: { ...response.basic, signatureAlgorithm: ALGORITHM.sha256WithRSAEncryption } }
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}

function isSha1(der: Uint8Array): boolean {
  const response = readOCSPResponse(der)
  return (
    response.responseStatus === 'successful' &&
    response.basic.signatureAlgorithm.algorithm === OID.sha1WithRSAEncryption
  )
}

const SET = 'boringssl-pki/ocsp'

suite(SET, needsVectors(SET), () => {
  const vectors = process.env['COUNTERSIGN_VECTORS']
  if (vectors === undefined) return
  const folder = join(vectors, SET)
  // The shape of the file is BoringSSL's business: a wrong one fails here.
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
  for (const { file, status } of expected.cases) {
    test(`${status}: ${file}`, () => {
      assert.equal(statusOf(readFileSync(join(folder, file), 'latin1'), expected), DIFFERENCES.get(file)?.[0] ?? status)
    })
  }

  test('the set is whole, and every difference has its file', () => {
    const files = expected.cases.map(({ file }) => file)
    assert.deepEqual(
      readdirSync(folder)
        .filter((file) => file.endsWith('.pem'))
        .toSorted(),
      files.toSorted(),
    )
    assert.deepEqual(
      [...DIFFERENCES.keys()].filter((file) => !files.includes(file)),
      [],
    )
  })
})
