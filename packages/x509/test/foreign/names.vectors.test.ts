// BoringSSL's pki/testdata/verify_name_match: names for the comparison of RFC 5280 §7.1.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Name, namesEqual, readName, readPem } from '@countersign/x509'
import { foreignVectors } from '../vectors.ts'
import { codeOf } from './again.ts'

const vectors = foreignVectors('boringssl-pki/verify_name_match/names')

/** Why a name is refused. An entry that no longer holds fails. */
const REFUSED: Readonly<Record<string, string>> = {
  'invalid-AttributeTypeAndValue-badAttributeType': 'ERR_DER_TAG',
  'invalid-AttributeTypeAndValue-empty': 'ERR_DER_MISSING',
  'invalid-AttributeTypeAndValue-extradata': 'ERR_DER_TRAILING',
  'invalid-AttributeTypeAndValue-onlyOneElement': 'ERR_DER_MISSING',
  'invalid-AttributeTypeAndValue-setNotSequence': 'ERR_DER_TAG',
  'invalid-Name-setInsteadOfSequence': 'ERR_DER_TAG',
  'invalid-RDN-empty': 'ERR_X509_RDN_EMPTY',
  'invalid-RDN-sequenceInsteadOfSet': 'ERR_DER_TAG',
}

suite('boringssl-pki verify_name_match', { skip: vectors.skip }, () => {
  if (vectors.skip !== false) return
  const { folder } = vectors
  const files = readdirSync(folder).map((file) => file.replace('.pem', ''))
  const nameIn = (file: string): Name => {
    const block = /-----BEGIN NAME-----[^-]+-----END NAME-----/.exec(
      readFileSync(join(folder, `${file}.pem`), 'latin1'),
    )
    return readName(readPem(block?.[0] ?? assert.fail(file))[0]?.der ?? assert.fail(file))
  }

  test('the set is whole', () => {
    assert.ok(files.length >= 80)
    assert.deepEqual(
      files.filter((file) => file.startsWith('invalid-')),
      Object.keys(REFUSED),
    )
  })

  for (const file of files.filter((each) => each.startsWith('invalid-')))
    test(`${file} is refused`, () => {
      assert.throws(
        () => nameIn(file),
        (error) => codeOf(error) === REFUSED[file],
      )
    })

  // One text in five string types, as it is, in other case, and with more spaces.
  const plain = files.filter((file) => /^ascii-[A-Z0-9]+-(?:unmangled|case_swap|extra_whitespace)$/.test(file))
  // The same with an attribute more, a relative distinguished name more, or an attribute twice.
  const longer = files.filter((file) => /-(?:dupe_attr|extra_attr|extra_rdn)$/.test(file))

  test('the same text in whatever type, case and spacing: equal', () => {
    assert.equal(plain.length, 15)
    for (const left of plain)
      for (const right of plain) assert.ok(namesEqual(nameIn(left), nameIn(right)), `${left} and ${right}`)
  })

  test('with something more: not equal, but to the same with the same more', () => {
    assert.equal(longer.length, 45)
    for (const left of longer) {
      for (const right of plain) assert.ok(!namesEqual(nameIn(left), nameIn(right)), `${left} and ${right}`)
      for (const right of longer) {
        const same = left.slice(left.lastIndexOf('-')) === right.slice(right.lastIndexOf('-'))
        assert.equal(namesEqual(nameIn(left), nameIn(right)), same, `${left} and ${right}`)
      }
    }
  })

  const pairs: [string, string, boolean][] = [
    ['ascii-PRINTABLESTRING-rdn_sorting_1', 'ascii-PRINTABLESTRING-rdn_sorting_2', true],
    // BoringSSL says equal: it takes the spaces out of these domain components, where §7.3 asks for an exact match.
    ['ascii-mixed-rdn_dupetype_sorting_1', 'ascii-mixed-rdn_dupetype_sorting_2', false],
    ['unicode_bmp-BMPSTRING-unmangled', 'unicode_bmp-UNIVERSALSTRING-unmangled', true],
    ['unicode_bmp-BMPSTRING-unmangled', 'unicode_bmp-UTF8-unmangled', true],
    ['unicode_supplementary-UNIVERSALSTRING-unmangled', 'unicode_supplementary-UTF8-unmangled', true],
    ['unicode_bmp-UTF8-unmangled', 'unicode_supplementary-UTF8-unmangled', false],
    ['unicode-mixed-unnormalized', 'unicode-mixed-normalized', true],
    ['valid-Name-empty', 'valid-minimal', false],
    ['valid-Name-empty', 'valid-Name-empty', true],
    ['valid-minimal', 'ascii-UTF8-unmangled', false],
    ['custom-custom-normalized', 'ascii-UTF8-unmangled', false],
  ]
  for (const [left, right, equal] of pairs)
    test(`${left} and ${right}`, () => assert.equal(namesEqual(nameIn(left), nameIn(right)), equal))
})
