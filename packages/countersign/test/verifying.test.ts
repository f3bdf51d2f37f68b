// How a verdict is drawn: each reason at the certificate that it is about.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyParsedPath } from '@countersign/verify'
import { OID } from '@countersign/x509'
import {
  anchorOf,
  contextOf,
  crl,
  type Holder,
  hours,
  intermediate,
  leaf,
  NOW,
  name,
  purposes,
  root,
} from '../../../interop/chains/house.ts'
import { styleOf } from '../src/output/style.ts'
import { verdictLines } from '../src/verifying/lines.ts'

const days = (count: number) => hours(24 * count)
const style = styleOf(false)

suite('a verdict is drawn', () => {
  const anchor = root({ subject: name('Root'), notAfter: days(100) })
  const other = root({ subject: name('Other Root'), notAfter: days(100) })
  const ended = intermediate(anchor, { notAfter: days(-2) })
  const crossed = intermediate(other, { keys: ended.keys, notAfter: days(50) })
  const party = leaf(ended, { notAfter: days(10), extensions: { extendedKeyUsage: purposes(OID.clientAuth) } })
  const certificates = [party, ended, crossed].map(({ certificate }) => certificate)
  const [leafOf, ...bag] = certificates
  const linesFor = (anchors: readonly Holder[], more = {}) => {
    assert.ok(leafOf)
    const context = contextOf(anchors.map(anchorOf), { status: { mode: 'prefer', crls: [] }, ...more })
    return verdictLines(verifyParsedPath(leafOf, bag, context), certificates, NOW, style)
  }

  test('accepted: the status of each certificate below it', () => {
    const crls = [other, crossed].map((issuer) => crl(issuer, { thisUpdate: days(-1), nextUpdate: days(5) }))
    assert.deepEqual(linesFor([other], { purpose: 'clientAuth', status: { mode: 'require', crls } }), [
      'accepted',
      '  CN=Other Root, 100 days left, anchor',
      '  └─ CN=Issuing, 50 days left',
      `     │  not on the crl of ${days(-1)}`,
      '     └─ CN=party, 10 days left',
      `        not on the crl of ${days(-1)}`,
      `  believed until ${days(5)}`,
    ])
  })

  test('refused: each reason below its certificate, and other paths in one line each', () => {
    const purpose =
      'the certificate is for other purposes (extendedKeyUsage leaves out serverAuth) (RFC 5280 §4.2.1.12) [ERR_VERIFY_EXTENDED_KEY_USAGE]'
    assert.deepEqual(
      linesFor([anchor], { purpose: 'serverAuth' }).filter((line) => !/^[ │]+(next|exactly): /.test(line)),
      [
        'refused',
        '  CN=Root, 100 days left, anchor',
        '  └─ CN=Issuing, expired 2 days ago',
        '     │  ✘ the issuer CN=Issuing above the certificate expired 2 days ago (RFC 5280 §6.1.3 (a)(2)) [ERR_VERIFY_EXPIRED]',
        '     └─ CN=party, 10 days left',
        `        ✘ ${purpose}`,
        '  another path, by CN=Issuing: the issuer CN=Issuing above the certificate is from CN=Other Root, which is not trusted here [ERR_VERIFY_ISSUER_NOT_FOUND]',
      ],
    )
  })

  test('refused for the anchor itself, and for nothing that has a place', () => {
    const [, , note] = linesFor([other], { purpose: 'clientAuth', now: days(200) })
    assert.match(note ?? '', /^ {2}│ {2}✘ the issuer CN=Other Root above the certificate expired /)
    const budget = { maxDepth: 8, maxCertificates: 1, maxOctets: 65_536, maxSignatures: 8, maxSteps: 100, maxNames: 10 }
    assert.match(linesFor([other], { budget })[1] ?? '', /^ {2}✘ .*\[ERR_VERIFY_BUDGET\]$/)
  })
})
