// The X.509 vectors of pyca/cryptography: what is not listed here is read, and written again to the same octets.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { readPem } from '@countersign/x509'
import { foreignVectors } from '../vectors.ts'
import { AGAIN, codeOf } from './again.ts'

/** Why a file is refused, or is written again in another form. An entry that no longer holds fails. */
const EXPECTED: Readonly<Record<string, string>> = {
  'x509/badasn1time.pem': 'ERR_DER_TIME',
  'x509/belgian-eid-invalid-visiblestring.pem': 'ERR_DER_STRING',
  // A TBSCertificate alone.
  'x509/cryptography-scts-tbs-precert.der': 'ERR_DER_TAG',
  // "PRIVATE KEY" blocks that hold the text "garbage".
  'x509/cryptography.io.chain_with_garbage.pem': 'ERR_DER_TAG',
  'x509/cryptography.io.with_garbage.pem': 'ERR_DER_TAG',
  'x509/cryptography.io.with_headers.pem': 'ERR_PEM_HEADER',
  'x509/custom/alternate-rsa-sha1-oid.der': 'ERR_DER_NAMED_BITS',
  // GeneralizedTime before 2050, which a CRL may have, is written as UTCTime.
  'x509/custom/crl_all_reasons.pem': 'rewritten',
  'x509/custom/crl_bad_version.pem': 'ERR_X509_CRL_VERSION',
  'x509/custom/crl_dup_entry_ext.pem': 'ERR_X509_EXTENSION_DUPLICATE',
  'x509/custom/crl_inval_cert_issuer_entry_ext.pem': 'ERR_DER_MISSING',
  'x509/custom/crl_invalid_time.der': 'ERR_DER_TIME',
  'x509/custom/crl_issuer_invalid_printable_string.der': 'ERR_DER_STRING',
  'x509/custom/crl_md2_unknown_crit_entry_ext.pem': 'rewritten',
  'x509/custom/crl_unsupported_reason.pem': 'ERR_X509_REASON_CODE',
  'x509/custom/empty-eku.pem': 'ERR_X509_EXTENDED_KEY_USAGE_EMPTY',
  'x509/custom/inhibit_any_policy_negative.pem': 'ERR_DER_INTEGER_LIMIT',
  'x509/custom/invalid_utf8_common_name.pem': 'ERR_DER_STRING',
  'x509/custom/invalid_version.pem': 'ERR_X509_VERSION',
  'x509/custom/malformed-ian.pem': 'ERR_X509_ISSUER_EMPTY',
  'x509/custom/malformed-san.pem': 'ERR_X509_ISSUER_EMPTY',
  'x509/custom/nc_invalid_ip4_netmask.der': 'ERR_X509_IP_RANGE',
  'x509/custom/nc_invalid_ip_netmask.pem': 'ERR_X509_IP_RANGE',
  'x509/custom/nc_ip_invalid_length.pem': 'ERR_X509_IP_RANGE',
  'x509/custom/two_basic_constraints.pem': 'ERR_X509_EXTENSION_DUPLICATE',
  // The example of RFC 8410 §10.2 writes cA FALSE and critical FALSE out.
  'x509/ed25519/ed25519-rfc8410.pem': 'ERR_DER_DEFAULT',
  'x509/requests/bad-version.pem': 'ERR_X509_REQUEST_VERSION',
  'x509/requests/freeipa-bad-critical.pem': 'ERR_DER_DEFAULT',
  'x509/requests/long-form-attribute.pem': 'ERR_DER_HIGH_TAG',
  'x509/requests/two_basic_constraints.pem': 'ERR_X509_EXTENSION_DUPLICATE',
  'x509/requests/zero-element-attribute.pem': 'ERR_X509_ATTRIBUTE_VALUES_EMPTY',
  'x509/utf8-dnsname.pem': 'ERR_DER_STRING',
  'asymmetric/PKCS8/invalid-version.der': 'ERR_X509_PRIVATE_KEY_VERSION',
}

const vectors = foreignVectors('pyca')

function filesBelow(root: string): string[] {
  return ['x509', 'asymmetric']
    .flatMap((top) =>
      readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => `${top}/${name}`),
    )
    .filter((name) => /\.(?:pem|der)$/.test(name) && !name.includes('/ocsp/'))
    .sort()
}

/** What a DER file holds, which has no label. */
function labelOf(file: string): string {
  if (file.includes('/requests/')) return 'CERTIFICATE REQUEST'
  if (file.includes('/crl_')) return 'X509 CRL'
  if (file.startsWith('x509/')) return 'CERTIFICATE'
  return file.includes('pub') ? 'PUBLIC KEY' : 'PRIVATE KEY'
}

/** `read`, `rewritten` or the code of the first refusal; undefined where the file holds nothing of ours. */
function outcomeOf(path: string, file: string): string | undefined {
  const octets = new Uint8Array(readFileSync(path))
  try {
    const blocks = file.endsWith('.der')
      ? [{ label: labelOf(file), der: octets }]
      : readPem(new TextDecoder('latin1').decode(octets))
    const known = blocks.flatMap(({ label, der }) => {
      const again = AGAIN[label.replace(/^NEW /, '')]
      return again === undefined ? [] : [{ again, der }]
    })
    if (known.length === 0) return undefined
    return known.every(({ again, der }) => again(der).toHex() === der.toHex()) ? 'read' : 'rewritten'
  } catch (error) {
    return codeOf(error)
  }
}

suite('pyca', { skip: vectors.skip }, () => {
  if (vectors.skip !== false) return
  const { folder } = vectors
  const outcomes = new Map<string, string>()
  for (const file of filesBelow(folder)) {
    const outcome = outcomeOf(join(folder, file), file)
    if (outcome === undefined) continue
    outcomes.set(file, outcome)
    test(file, () => assert.equal(outcome, EXPECTED[file] ?? 'read'))
  }
  test('every expectation has its file', () => {
    assert.deepEqual(
      Object.keys(EXPECTED).filter((file) => !outcomes.has(file)),
      [],
    )
    assert.ok(outcomes.size > 150)
  })
})
