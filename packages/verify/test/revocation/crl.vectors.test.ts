// BoringSSL's CRL vectors, as a second opinion.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type CrlIndex, type Finding, indexCrl } from '@countersign/verify'
import { DerError, performSteps, readCertificate, readCertificateList, readPem, X509Error } from '@countersign/x509'
import { checkSignature } from '../../../../interop/chains/check-signature.ts'
import { needsVectors } from '../../../../interop/peer.ts'
import { faultsOf } from '../../src/path/fault.ts'
import { noAnswers } from '../../src/revocation/ocsp.ts'
import { whyNotSigner } from '../../src/revocation/scope.ts'
import { judgeStatus } from '../../src/revocation/status.ts'

interface Expected {
  readonly verifyTime: string
  readonly maxAgeSeconds: number
  readonly cases: readonly { readonly file: string; readonly status: Status }[]
}

type Status = 'GOOD' | 'REVOKED' | 'UNKNOWN'

/** Where we decide otherwise, and why. A line that is no longer true fails. */
const DIFFERENCES: ReadonlyMap<string, readonly [Status, string]> = new Map([
  ['good_no_nextupdate.pem', ['UNKNOWN', 'RFC 5280 §5.1.2.5 wants nextUpdate in all lists']],
  ['good_fake_extension_no_nextupdate.pem', ['UNKNOWN', 'RFC 5280 §5.1.2.5 wants nextUpdate in all lists']],
  ['bad_thisupdate_too_old.pem', ['GOOD', 'the age of a list is bounded by its nextUpdate alone']],
  [
    'bad_crldp_has_crlissuer.pem',
    ['GOOD', 'the issuer’s own list counts for every certificate of it (RFC 5280 §6.3.3)'],
  ],
  [
    'bad_idp_indirectcrl.pem',
    ['GOOD', 'indirect lists are read here, and this one is of the issuer (RFC 5280 §6.3.3 (b)(1))'],
  ],
  ['invalid_idp_onlycontainsusercerts_v1_leaf.pem', ['GOOD', 'it is of no authority (RFC 5280 §6.3.3 (b)(2)(ii))']],
])

/**
 * What the list in a file makes of its certificate. Their keys are of 1024 bits, with which no path is signed here: the status
 * alone is judged, as if lists without a number had one, and issuers without a key usage might sign lists. The second authority, where there is one, has the issuer's name and another key: the list is of the first.
 */
function statusOf(text: string, { verifyTime }: Expected): Status {
  const [list, issuer, second, leaf] = ['CRL', 'CA CERTIFICATE', 'CA CERTIFICATE 2', 'CERTIFICATE'].map((label) => {
    const block = new RegExp(`^-----BEGIN ${label}-----\\n[^-]+-----END ${label}-----$`, 'm').exec(text)?.[0]
    return block === undefined ? undefined : readPem(block)[0]?.der
  })
  assert.ok(list && issuer && leaf)
  const { keyUsage = new Set(['cRLSign'] as const), ...rest } = readCertificate(second ?? issuer)
  const by = { ...rest, keyUsage }
  const findings: Finding[] = []
  const certificate = readCertificate(leaf)
  const steps = judgeStatus(
    certificate,
    0,
    { name: by.subject, subjectPublicKeyInfo: by.subjectPublicKeyInfo, certificate: by },
    { mode: 'require', crls: readLists(list) },
    Temporal.Instant.from(verifyTime),
    function* signerOf({ crl }) {
      const { signatureAlgorithm: algorithm, tbsDer: octets, signatureValue: signature } = crl
      const { subjectPublicKeyInfo: publicKey } = by
      if (whyNotSigner(crl, by) !== undefined) return undefined
      return (yield { op: 'verify', algorithm, publicKey, octets, signature }) === true ? { key: publicKey } : undefined
    },
    noAnswers,
    faultsOf(findings, 0, certificate),
  )
  performSteps(steps, (step) =>
    step.op === 'verify'
      ? checkSignature(step.algorithm, step.publicKey, step.octets, step.signature)
      : assert.fail('no answer of ocsp'),
  )
  const codes = findings.map(({ code }) => code)
  if (codes.includes('ERR_VERIFY_REVOKED')) return 'REVOKED'
  return codes.length > 0 ? 'UNKNOWN' : 'GOOD'
}

function readLists(der: Uint8Array): readonly CrlIndex[] {
  try {
    const crl = readCertificateList(der)
    return [indexCrl({ ...crl, cRLNumber: crl.cRLNumber ?? 1n })]
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return []
    throw error
  }
}

const SET = 'boringssl-pki/crl'

suite(SET, needsVectors(SET), () => {
  const vectors = process.env['COUNTERSIGN_VECTORS']
  if (vectors === undefined) return
  const folder = join(vectors, SET)
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected
  for (const { file, status } of expected.cases) {
    const [ours, why] = DIFFERENCES.get(file) ?? [status, undefined]
    test(why === undefined ? file : `${file}: ${ours}, as ${why}`, () => {
      if (why !== undefined) assert.notEqual(ours, status, 'the line is stale')
      assert.equal(statusOf(readFileSync(join(folder, file), 'utf8'), expected), ours)
    })
  }
  test('every file was asked, and every difference is about one', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.pem'))
    const asked = new Set(expected.cases.map(({ file }) => file))
    assert.deepEqual(
      files.filter((file) => !asked.has(file)),
      [],
    )
    assert.deepEqual(
      [...DIFFERENCES.keys()].filter((file) => !asked.has(file)),
      [],
    )
  })
})
