// Building: messy bags, many ways and loops. RFC 4158.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyParsedPath, verifyPath } from '@countersign/verify'
import { basicConstraintsExtension } from '@countersign/x509'
import {
  anchorOf,
  codesOf,
  contextOf,
  type Holder,
  hours,
  intermediate,
  leaf,
  name,
  p256,
  root,
  usage,
} from '../../../../interop/chains/house.ts'
import { certificates, counting, der } from './asked.ts'

suite('a messy bag', () => {
  const anchor = root()
  const upper = intermediate(anchor, { subject: name('Upper') })
  const issuing = intermediate(upper)
  const party = leaf(issuing)
  const foreign = root({ subject: name('Foreign') })
  const expected = der(party, issuing, upper)

  test('in any order, with the root, a foreign root, the leaf again and repeats', () => {
    const bag = [foreign, party, anchor, upper, upper, issuing, party]
    const { checkSignature, count } = counting()
    const verdict = verifyPath(der(party, ...bag), contextOf([anchorOf(anchor)], { checkSignature }))
    assert.ok(verdict.ok)
    assert.deepEqual(
      verdict.path.certificates.map((certificate) => certificate.der),
      expected,
    )
    assert.equal(count(), 3)
  })

  test('an issuer that is known already stays the same value, and is one candidate', () => {
    const known = certificates(issuing, upper)
    const verdict = verifyPath(der(party, upper, issuing), contextOf([anchorOf(anchor)], { issuers: known }))
    assert.ok(verdict.ok)
    assert.equal(verdict.path.certificates[1], known[0])
    assert.equal(verdict.path.certificates[2], known[1])
    const lost = verifyPath(der(party, upper, issuing), contextOf([anchorOf(foreign)], { issuers: known }))
    assert.ok(!lost.ok)
    assert.deepEqual(
      lost.tried.map((path) => path.certificates),
      [[0, 2, 1]],
    )
  })

  test('an anchor in the middle ends the path there', () => {
    const verdict = verifyPath(der(party, issuing, upper, anchor), contextOf([anchorOf(anchor), anchorOf(upper)]))
    assert.ok(verdict.ok)
    assert.deepEqual(
      verdict.path.certificates.map((certificate) => certificate.der),
      der(party, issuing),
    )
  })

  test('indexes count the peer’s certificates as sent, what cannot be read among them, then the issuers', () => {
    const peer = [...der(party), Uint8Array.of(1), ...der(foreign)]
    const verdict = verifyPath(peer, contextOf([anchorOf(foreign)], { issuers: certificates(upper, issuing) }))
    assert.ok(!verdict.ok)
    assert.deepEqual(
      verdict.tried.map(({ certificates }) => certificates),
      [[0, 4, 3]],
    )
  })

  test('what cannot be read is told only where no path reaches an anchor', () => {
    const expired = leaf(issuing, { notAfter: hours(-1) })
    const peer = [...der(expired), Uint8Array.of(1), ...der(issuing, upper)]
    assert.deepEqual(codesOf(verifyPath(peer, contextOf([anchorOf(anchor)]))), ['ERR_VERIFY_EXPIRED'])
    assert.deepEqual(codesOf(verifyPath(peer, contextOf([anchorOf(foreign)]))), [
      'ERR_VERIFY_EXPIRED',
      'ERR_VERIFY_ISSUER_NOT_FOUND',
      'ERR_VERIFY_MALFORMED',
    ])
  })
})

suite('many ways', () => {
  const keys = p256()
  const [oldRoot, newRoot] = [root({ subject: name('Old'), notAfter: hours(-1) }), root({ subject: name('New') })]
  const viaOld = intermediate(oldRoot, { keys })
  const viaNew = intermediate(newRoot, { keys })
  const party = leaf(viaOld)
  const context = contextOf([anchorOf(oldRoot), anchorOf(newRoot)])

  test('one that stands is found behind one that does not', () => {
    for (const bag of [
      [viaOld, viaNew],
      [viaNew, viaOld],
    ]) {
      const verdict = verifyParsedPath(party.certificate, certificates(...bag), context)
      assert.ok(verdict.ok)
      assert.equal(verdict.path.certificates[1], viaNew.certificate)
    }
  })

  test('an issuer that is valid now is tried first', () => {
    const expired = intermediate(newRoot, { keys, notAfter: hours(-1) })
    const { checkSignature, count } = counting()
    assert.ok(verifyParsedPath(party.certificate, certificates(expired, viaNew), { ...context, checkSignature }).ok)
    assert.equal(count(), 2)
  })

  test('an issuer with the named key is tried before one that names none', () => {
    const silent = intermediate(newRoot, { extensions: { subjectKeyIdentifier: null } })
    const { checkSignature, count } = counting()
    assert.ok(verifyParsedPath(party.certificate, certificates(silent, viaNew), { ...context, checkSignature }).ok)
    assert.equal(count(), 2)
  })

  test('a cross-certificate of an anchor leads on where the anchor itself does not stand', () => {
    const cross = intermediate(newRoot, { subject: name('Old'), keys: oldRoot.keys })
    const verdict = verifyParsedPath(party.certificate, certificates(viaOld, cross), context)
    assert.ok(verdict.ok)
    assert.deepEqual(verdict.path.certificates, certificates(party, viaOld, cross))
  })

  test('a new key of the same name, signed by the old one, does not count for the path length', () => {
    const pathLenConstraint = 0
    const anchor = root({
      extensions: { basicConstraints: basicConstraintsExtension({ cA: true, pathLenConstraint }) },
    })
    const rolled = intermediate(anchor, { subject: anchor.certificate.subject })
    const own = leaf(rolled)
    assert.deepEqual(codesOf(verifyPath(der(own, rolled), contextOf([anchorOf(anchor)]))), [])
    const further = intermediate(rolled)
    const deeper = leaf(further)
    assert.deepEqual(codesOf(verifyPath(der(deeper, further, rolled), contextOf([anchorOf(anchor)]))), [
      'ERR_VERIFY_PATH_LENGTH',
    ])
  })

  test('a constraint below cannot widen one above', () => {
    const limited = (pathLenConstraint: number) => ({
      basicConstraints: basicConstraintsExtension({ cA: true, pathLenConstraint }),
    })
    const anchor = root({ extensions: limited(1) })
    const upper = intermediate(anchor, { subject: name('Upper'), extensions: limited(9) })
    const lower = intermediate(upper, { subject: name('Lower') })
    const own = leaf(lower)
    assert.deepEqual(codesOf(verifyPath(der(own, lower, upper), contextOf([anchorOf(anchor)]))), [
      'ERR_VERIFY_PATH_LENGTH',
    ])
  })

  suite('the best path', () => {
    const expired = { keys, notAfter: hours(-1) }
    const one = intermediate(newRoot, expired)
    const two = intermediate(newRoot, { ...expired, extensions: { keyUsage: usage('cRLSign') } })
    const other = intermediate(newRoot, expired)
    const nobody = intermediate(root({ subject: name('Nobody') }), expired)
    const best = (...bag: readonly Holder[]) => {
      const verdict = verifyParsedPath(party.certificate, certificates(...bag), {
        ...context,
        anchors: [anchorOf(newRoot)],
      })
      assert.ok(!verdict.ok)
      assert.equal(verdict.tried.length, bag.length)
      return verdict.findings.map(({ code, certificate }) => [
        code,
        bag.findIndex((holder) => holder.certificate.der === certificate),
      ])
    }

    test('has the least against it', () => {
      assert.deepEqual(best(one, two), [['ERR_VERIFY_EXPIRED', 0]])
      assert.deepEqual(best(two, one), [['ERR_VERIFY_EXPIRED', 1]])
    })
    test('is the first of two that are alike', () => {
      assert.deepEqual(best(one, other), [['ERR_VERIFY_EXPIRED', 0]])
      assert.deepEqual(best(other, one), [['ERR_VERIFY_EXPIRED', 0]])
    })
    test('got furthest, though more is against it', () => {
      const three = intermediate(newRoot, {
        ...expired,
        extensions: { keyUsage: usage('cRLSign'), basicConstraints: null },
      })
      const codes = ['ERR_VERIFY_EXPIRED', 'ERR_VERIFY_NOT_A_CA', 'ERR_VERIFY_KEY_USAGE']
      assert.deepEqual(
        best(three, nobody),
        codes.map((code) => [code, 0]),
      )
      assert.deepEqual(
        best(nobody, three),
        codes.map((code) => [code, 1]),
      )
    })
  })

  test('what two ways share is asked for once', () => {
    const upper = intermediate(newRoot, { subject: name('Upper') })
    const [first, second] = [
      intermediate(upper, { keys, notAfter: hours(-1) }),
      intermediate(upper, { keys, notAfter: hours(-2) }),
    ]
    const { checkSignature, count } = counting()
    const verdict = verifyParsedPath(party.certificate, certificates(first, second, upper), {
      ...context,
      checkSignature,
    })
    assert.deepEqual(codesOf(verdict), ['ERR_VERIFY_EXPIRED'])
    // The upper one, the two below it, and the leaf under the key that both have.
    assert.equal(count(), 4)
  })

  test('a root of a stranger under the name of an anchor is told as unknown', () => {
    const impostor = root({ subject: name('New') })
    const theirs = leaf(impostor)
    const { checkSignature, count } = counting()
    assert.deepEqual(codesOf(verifyPath(der(theirs, impostor), { ...context, checkSignature })), [
      'ERR_VERIFY_KEY_IDENTIFIER',
      'ERR_VERIFY_NO_ANCHOR',
    ])
    // Each under the key of the anchor, as what a certificate says of its issuer's key proves nothing.
    assert.equal(count(), 2)
  })
})

suite('loops', () => {
  test('two authorities that signed each other', () => {
    const [keysA, keysB] = [p256(), p256()]
    const a = root({ subject: name('A'), keys: keysA })
    const b = root({ subject: name('B'), keys: keysB })
    const aByB = intermediate(b, { subject: name('A'), keys: keysA })
    const bByA = intermediate(a, { subject: name('B'), keys: keysB })
    const party = leaf(a)
    assert.deepEqual(codesOf(verifyPath(der(party, aByB, bByA), contextOf([anchorOf(root())]))), [
      'ERR_VERIFY_ISSUER_NOT_FOUND',
    ])
    assert.deepEqual(codesOf(verifyPath(der(party, aByB, bByA), contextOf([anchorOf(b)]))), [])
  })

  test('a leaf that issued its own issuer', () => {
    const keys = p256()
    const issuing = root({ subject: name('Issuing'), issuer: name('party'), signer: keys })
    const party = leaf(issuing, { keys })
    assert.equal(verifyPath(der(party, issuing, party), contextOf([anchorOf(root())])).ok, false)
  })
})
