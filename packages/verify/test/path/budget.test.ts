// Building: what a peer may make us do, and no more. RFC 4158 §2.4.2.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { type Budget, DEFAULT_BUDGET, verifyParsedPath, verifyPath } from '@countersign/verify'
import { ALGORITHM, type Certificate, nameConstraintsExtension } from '@countersign/x509'
import {
  akiOf,
  anchorOf,
  codesOf,
  contextOf,
  type Holder,
  intermediate,
  keysOf,
  leaf,
  name,
  p256,
  root,
  sans,
} from '../../../../interop/chains/house.ts'
import { certificates, counting, der } from './asked.ts'

suite('the budget', () => {
  const anchor = root()
  const issuing = intermediate(anchor)
  const party = leaf(issuing)
  const peer = der(party, issuing)
  const ask = (budget: Partial<Budget>, more: readonly Uint8Array[] = []) =>
    codesOf(verifyPath([...peer, ...more], contextOf([anchorOf(anchor)], { budget: { ...DEFAULT_BUDGET, ...budget } })))
  const octets = peer.reduce((sum, { length }) => sum + length, 0)
  const OVER = ['ERR_VERIFY_BUDGET']

  test('each part of it is enough where it is exactly what is needed, and one less refuses', () => {
    assert.deepEqual(ask({ maxCertificates: 2 }), [])
    assert.deepEqual(ask({ maxCertificates: 1 }), OVER)
    assert.deepEqual(ask({ maxOctets: octets }), [])
    assert.deepEqual(ask({ maxOctets: octets - 1 }), OVER)
    assert.deepEqual(ask({ maxSignatures: 2 }), [])
    assert.deepEqual(ask({ maxSignatures: 1 }), OVER)
    assert.deepEqual(ask({ maxDepth: 2 }), [])
    assert.deepEqual(ask({ maxDepth: 1 }), OVER)
    // Two certificates whose issuers are looked for, one candidate, and the two of the path.
    assert.deepEqual(ask({ maxSteps: 5 }), [])
    assert.deepEqual(ask({ maxSteps: 4 }), OVER)
  })

  test('a signature under a costly key counts as many', () => {
    const p521 = keysOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }), ALGORITHM.ecdsaWithSHA512, 'sha512')
    const costly = root({ keys: p521 })
    const ask = (maxSignatures: number) =>
      codesOf(
        verifyPath(der(leaf(costly)), contextOf([anchorOf(costly)], { budget: { ...DEFAULT_BUDGET, maxSignatures } })),
      )
    assert.deepEqual(ask(12), [])
    assert.deepEqual(ask(11), OVER)
  })

  test('a thousand names under a thousand permitted and excluded subtrees are judged, a few thousand more are not', () => {
    const domains = (count: number, of: string) =>
      Array.from({ length: count }, (_, i) => ({ kind: 'dNSName', value: `${of}${i}.example` }) as const)
    const subtrees = (count: number, of: string) => domains(count, of).map((base) => ({ base, minimum: 0 }))
    const judged = (names: number, constraints: number) => {
      const constraining = intermediate(anchor, {
        more: [
          nameConstraintsExtension({
            permittedSubtrees: subtrees(constraints, 'a'),
            excludedSubtrees: subtrees(constraints, 'b'),
          }),
        ],
      })
      const many = leaf(constraining, { extensions: { subjectAltName: sans(...domains(names, 'a')) } })
      const budget = { ...DEFAULT_BUDGET, maxOctets: 1_048_576 }
      return codesOf(verifyPath(der(many, constraining), contextOf([anchorOf(anchor)], { budget })))
    }
    assert.deepEqual(judged(1000, 1000), [])
    assert.deepEqual(judged(1001, 1000), ['ERR_VERIFY_NAME_CONSTRAINTS'])
    assert.deepEqual(judged(2100, 2100), OVER)
  })

  test('holds for certificates that were read before, and is spent on nothing that cannot be read', () => {
    const context = contextOf([anchorOf(anchor)], { budget: { ...DEFAULT_BUDGET, maxCertificates: 1 } })
    assert.deepEqual(codesOf(verifyParsedPath(party.certificate, [issuing.certificate], context)), OVER)
    assert.deepEqual(ask({}, [new Uint8Array(DEFAULT_BUDGET.maxOctets)]), OVER)
  })

  /** Thirty authorities of one name, of which every one could be above every other; each names the key of a stranger. */
  function thicket(): { readonly party: Holder; readonly bag: readonly Certificate[] } {
    const heads = Array.from({ length: 30 }, () => root({ subject: name('Thicket') }))
    const lie = { authorityKeyIdentifier: akiOf({ keys: p256() }) }
    const bag = heads.map((head, i) =>
      intermediate(head, { subject: name('Thicket'), keys: heads.at(i - 1)?.keys ?? p256(), extensions: lie }),
    )
    return { party: leaf(heads[0] as Holder, { extensions: lie }), bag: certificates(...bag) }
  }

  test('a search among candidates that all could be is no work: what the key of the anchor did not sign leads nowhere', () => {
    const { party, bag } = thicket()
    const { checkSignature, count } = counting()
    const context = contextOf([{ ...anchorOf(anchor), name: name('Thicket') }], { checkSignature })
    const verdict = verifyParsedPath(party.certificate, bag, context)
    assert.ok(!verdict.ok)
    assert.ok(!codesOf(verdict).includes('ERR_VERIFY_BUDGET'))
    // The leaf and each of the thirty, under the key of the anchor.
    assert.equal(count(), 31)
    assert.ok(verdict.tried.length <= 16)
  })

  test('a name of more than 2048 octets is compared by its octets alone', () => {
    const longRoot = root({ subject: name('a'.repeat(2100)) })
    const ask = (issuer: string) => {
      const own = leaf(longRoot, { issuer: name(issuer) })
      return codesOf(verifyPath(der(own), contextOf([anchorOf(longRoot)])))
    }
    assert.deepEqual(ask('a'.repeat(2100)), [])
    assert.deepEqual(ask('A'.repeat(2100)), ['ERR_VERIFY_ISSUER_NOT_FOUND', 'ERR_VERIFY_NAME_CHAINING'])
    assert.deepEqual(ask(`${'a'.repeat(2100)} `), ['ERR_VERIFY_ISSUER_NOT_FOUND', 'ERR_VERIFY_NAME_CHAINING'])
  })

  test('is not spent on what is known here: a thousand issuers of other names, and one name of a peer that is long', () => {
    const others = Array.from({ length: 1000 }, (_, i) => ({
      ...issuing.certificate,
      der: issuing.certificate.der.with(0, 0),
      subject: name(`Other ${i}`),
    }))
    assert.deepEqual(codesOf(verifyPath(peer, contextOf([anchorOf(anchor)], { issuers: others }))), [])
    const long = root({ subject: name('a'.repeat(45_000)) })
    const verdict = verifyPath(der(long), contextOf([anchorOf(anchor)], { issuers: others }))
    assert.ok(!verdict.ok)
    for (const { detail } of verdict.findings) assert.ok(detail.length < 300)
  })

  test('a path of full depth without an issuer is not too long', () => {
    const context = contextOf([anchorOf(root({ subject: name('Other') }))], {
      budget: { ...DEFAULT_BUDGET, maxDepth: 2 },
    })
    assert.deepEqual(codesOf(verifyPath(peer, context)), ['ERR_VERIFY_ISSUER_NOT_FOUND'])
  })

  test('a path that is too long is told so, and the rest of the search goes on', () => {
    const upper = intermediate(anchor, { subject: name('Upper') })
    const longWay = intermediate(upper, { keys: issuing.keys })
    const context = contextOf([anchorOf(anchor)], { budget: { ...DEFAULT_BUDGET, maxDepth: 2 } })
    assert.deepEqual(codesOf(verifyParsedPath(party.certificate, certificates(longWay, upper), context)), OVER)
    assert.deepEqual(codesOf(verifyParsedPath(party.certificate, certificates(longWay, upper, issuing), context)), [])
  })
})
