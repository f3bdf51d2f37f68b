// x509-limbo (C2SP, Apache-2.0), where it is present: no case that must fail is accepted, but for what is named here.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  type CrlIndex,
  DEFAULT_BUDGET,
  type FindingCode,
  indexCrl,
  type ReferenceIdentity,
  type Verdict,
  verifyPath,
} from '@countersign/verify'
import { readCertificate, readCertificateList, readPem } from '@countersign/x509'
import { checkSignature } from '../../../interop/chains/check-signature.ts'

const folder = process.env['COUNTERSIGN_VECTORS'] ?? new URL('../../../../shared/vectors', import.meta.url).pathname
const file = `${folder}/limbo/core.json`

interface LimboCase {
  readonly id: string
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly validation_kind: 'SERVER' | 'CLIENT'
  readonly validation_time: string | null
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly expected_peer_name: { readonly kind: 'DNS' | 'IP' | 'RFC822'; readonly value: string } | null
  readonly crls: readonly string[]
  readonly max_chain_depth: number | null
}

const KINDS = { DNS: 'dNSName', IP: 'iPAddress', RFC822: 'rfc822Name' } as const satisfies Record<
  string,
  ReferenceIdentity['kind']
>

const derOf = (pem: string): Uint8Array => {
  const [block] = readPem(pem)
  assert.ok(block)
  return block.der
}

function run(one: LimboCase): Verdict | { readonly unreadable: string } {
  let anchors: readonly ReturnType<typeof readCertificate>[]
  let crls: readonly CrlIndex[]
  try {
    anchors = one.trusted_certs.map((pem) => readCertificate(derOf(pem)))
    crls = one.crls.map((pem) => indexCrl(readCertificateList(derOf(pem))))
  } catch (error) {
    // An anchor or a CRL of ours that cannot be read stops before the first question.
    return { unreadable: error instanceof Error ? error.message : String(error) }
  }
  return verifyPath([one.peer_certificate, ...one.untrusted_intermediates].map(derOf), {
    anchors: anchors.map((certificate) => ({
      name: certificate.subject,
      subjectPublicKeyInfo: certificate.subjectPublicKeyInfo,
      certificate,
    })),
    issuers: [],
    status: { mode: one.crls.length > 0 ? 'require' : 'prefer', crls },
    now: one.validation_time === null ? Temporal.Now.instant() : Temporal.Instant.from(one.validation_time),
    purpose: one.validation_kind === 'SERVER' ? 'serverAuth' : 'clientAuth',
    ...(one.expected_peer_name && {
      name: { kind: KINDS[one.expected_peer_name.kind], value: one.expected_peer_name.value },
    }),
    // Their depth counts intermediates that are not self-issued; ours counts certificates.
    ...(one.max_chain_depth !== null && {
      budget: { ...DEFAULT_BUDGET, maxDepth: Math.min(one.max_chain_depth + 1, DEFAULT_BUDGET.maxDepth) },
    }),
    checkSignature,
  })
}

const CABF_CN = 'a rule of the CA/Browser Forum about the common name, which is never looked at here'
const CABF_AKI = 'a rule of the CA/Browser Forum about roots; RFC 5280 §4.2.1.1 allows it'
const CABF_EKU = 'a rule of the CA/Browser Forum about what may stand beside the purpose that is asked for'
const PUBLIC_SUFFIX = 'RFC 9525 §7.1 leaves public suffixes out, and a house has its own domains'

/** Accepted although limbo refuses, and why. A line that is no longer true fails. */
const ACCEPTED: ReadonlyMap<string, string> = new Map([
  [
    'rfc5280::aki::cross-signed-root-missing-aki',
    'who issued an anchor plays no part in a path, and cve::cve-2024-0567 has such an anchor',
  ],
  ['webpki::aki::root-with-aki-all-fields', CABF_AKI],
  ['webpki::cn::ipv4-hex-mismatch', CABF_CN],
  ['webpki::cn::ipv4-leading-zeros-mismatch', CABF_CN],
  ['webpki::cn::ipv6-uppercase-mismatch', CABF_CN],
  ['webpki::cn::ipv6-uncompressed-mismatch', CABF_CN],
  ['webpki::cn::ipv6-non-rfc5952-mismatch', CABF_CN],
  ['webpki::cn::punycode-not-in-san', CABF_CN],
  ['webpki::cn::utf8-vs-punycode-mismatch', CABF_CN],
  ['webpki::cn::not-in-san', CABF_CN],
  ['webpki::cn::case-mismatch', CABF_CN],
  ['webpki::eku::ee-anyeku', CABF_EKU],
  ['webpki::eku::ee-critical-eku', CABF_EKU],
  ['webpki::eku::root-has-eku', CABF_EKU],
  ['webpki::san::public-suffix-wildcard-san', PUBLIC_SUFFIX],
  ['webpki::san::public-suffix-multi-label-wildcard-san', PUBLIC_SUFFIX],
  ['webpki::san::public-suffix-private-namespace-wildcard-san', PUBLIC_SUFFIX],
  ['webpki::san::san-critical-with-nonempty-subject', 'RFC 5280 §4.2.1.6 says SHOULD, to those who issue'],
])

/** Refused although limbo accepts, and why; beside these, whatever is not processed yet. */
const REFUSED: ReadonlyMap<string, readonly [FindingCode | 'unreadable', string]> = new Map([
  ['crl::issuer-no-keyusage-extension', ['ERR_VERIFY_STATUS_UNKNOWN', 'RFC 10007 §4 is newer than the case']],
  ['pathlen::validation-ignores-pathlen-in-leaf', ['ERR_VERIFY_CA_AS_LEAF', 'our profile, as webpki::ca-as-leaf']],
  ['rfc5280::ca-as-leaf', ['ERR_VERIFY_CA_AS_LEAF', 'our profile, as webpki::ca-as-leaf']],
  ['rfc5280::eku::ee-without-eku', ['ERR_VERIFY_EXTENDED_KEY_USAGE', 'our profile, as webpki::eku::ee-without-eku']],
  ['pathlen::max-chain-depth-1-self-issued', ['ERR_VERIFY_BUDGET', 'our depth counts self-issued certificates too']],
  ['online::fastly.com', ['unreadable', 'an anchor has the serial number 0, which RFC 5280 §4.1.2.2 forbids']],
])

const codesOf = (verdict: ReturnType<typeof run>): readonly string[] =>
  'unreadable' in verdict ? ['unreadable'] : verdict.ok ? [] : verdict.findings.map(({ code }) => code)

suite('x509-limbo', { skip: existsSync(file) ? false : 'x509-limbo is not present' }, () => {
  const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { testcases: LimboCase[] }).testcases : []
  for (const one of cases) {
    test(one.id, (t) => {
      const codes = codesOf(run(one))
      t.diagnostic(codes.join(' ') || 'accepted')
      if (ACCEPTED.has(one.id)) {
        assert.equal(one.expected_result, 'FAILURE')
        assert.deepEqual(codes, [], 'no longer accepted: strike the line')
      } else if (REFUSED.has(one.id)) {
        assert.equal(one.expected_result, 'SUCCESS')
        assert.ok(codes.includes(REFUSED.get(one.id)?.[0] ?? ''), `refused for ${codes}`)
      } else if (one.expected_result === 'FAILURE') {
        assert.notDeepEqual(codes, [])
      } else if (codes.length > 0) {
        assert.ok(codes.includes('ERR_VERIFY_UNSUPPORTED'), `refused for ${codes}`)
      }
    })
  }
  test('every exception names a case', () => {
    const ids = new Set(cases.map(({ id }) => id))
    assert.deepEqual(
      [...ACCEPTED.keys(), ...REFUSED.keys()].filter((id) => !ids.has(id)),
      [],
    )
  })
})
