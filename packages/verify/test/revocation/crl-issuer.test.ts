// Who may sign a CRL, and of whom it may speak. RFC 5280 §6.3.3 (b) (1) and (f), §5.3.3.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyPath } from '@countersign/verify'
import { CRL_ISSUER_CASES } from '../../../../interop/chains/crl-issuer-cases.ts'
import {
  akiOf,
  anchorOf,
  codesOf,
  contextOf,
  crl,
  type DifferentCrl,
  type Holder,
  hours,
  intermediate,
  leaf,
  name,
  p256,
  revoked,
  root,
  usage,
} from '../../../../interop/chains/house.ts'
import { A, anchor, anchorCrl, idp, issuing, list, pointing } from '../../../../interop/chains/lists.ts'
import { ask, judged } from './asked.ts'

suite('the issuer of a crl', () => {
  for (const one of CRL_ISSUER_CASES) test(one.what, () => assert.deepEqual(codesOf(judged(one)), one.codes))
})

suite('authorities with keys apart for their lists', () => {
  const top = root()
  const upper = intermediate(top, { subject: name('Upper') })
  const lower = intermediate(upper, { subject: name('Lower') })
  const party = leaf(lower)
  const forLists = (of: Holder, issuer: Holder) =>
    intermediate(issuer, {
      subject: of.certificate.subject,
      keys: p256(),
      extensions: { keyUsage: usage('cRLSign') },
    })
  const [upperLists, lowerLists] = [forLists(upper, top), forLists(lower, upper)]
  const by = (signer: Holder, of: Holder, different: DifferentCrl = {}) =>
    crl(of, { signer: signer.keys, ...different, extensions: { authorityKeyIdentifier: akiOf(signer) } })
  const judge = (different: DifferentCrl) => {
    const chain = [party, lower, upper, upperLists, lowerLists].map(({ certificate }) => certificate.der)
    const crls = [crl(top), by(upperLists, upper, different), by(lowerLists, lower)]
    return codesOf(verifyPath(chain, contextOf([anchorOf(top)], { status: { mode: 'require', crls } })))
  }

  test('each list counts', () => assert.deepEqual(judge({}), []))
  test('one whose key is revoked by a list of another such key does not', () =>
    assert.deepEqual(judge({ revoked: [revoked(lowerLists)] }), ['ERR_VERIFY_STATUS_UNKNOWN']))
})

suite('a path is believed no longer than who signed a list of it', () => {
  const keys = p256()
  const soon = hours(0).add({ minutes: 10 })
  const brief = { notAfter: soon, extensions: { keyUsage: usage('cRLSign') } } as const
  const end = (sent: readonly Holder[], list: ReturnType<typeof crl>) => {
    const verdict = ask({ crls: [anchorCrl, list] }, sent)
    assert.ok(verdict.ok)
    return [String(verdict.path.validUntil), verdict.evidence.map(({ until }) => until && String(until))]
  }

  test('another key of its issuer', () => {
    const other = intermediate(anchor, { subject: issuing.certificate.subject, keys, ...brief })
    const signed = list({ signer: keys, extensions: { authorityKeyIdentifier: akiOf({ keys }) } })
    assert.deepEqual(end([leaf(issuing), issuing, other], signed), [String(soon), [undefined, String(soon)]])
  })
  test('an issuer of lists', () => {
    const lists = intermediate(anchor, { subject: name('Lists'), ...brief })
    const party = pointing({ distributionPoint: A, cRLIssuer: [{ kind: 'directoryName', value: name('Lists') }] })
    const indirect = crl(lists, { extensions: idp({ indirectCRL: true, distributionPoint: A }) })
    assert.deepEqual(end([party, issuing, lists], indirect), [String(soon), [undefined, String(soon)]])
  })
})
