// C2SP tlog-proof: what is read, and what is not.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { newSigning } from '../../../../tools/testing/ledger.ts'
import { checkpointText, writeCheckpoint } from '../../src/ledger/checkpoint.ts'
import { LEDGER_FINDINGS } from '../../src/ledger/finding.ts'
import { readTlogProof, verifyTlogProof } from '../../src/ledger/proof.ts'

const octets = (text: string) => new TextEncoder().encode(text)

// The tree of the entries `00` and `10` in hexadecimal, and its hashes, by RFC 6962 §2.1: the second and third leaf of
// the vectors that transparency-dev/merkle has.
const [ENTRY, SIBLING] = [Uint8Array.of(0x00), Uint8Array.of(0x10)]
const LEAF = Uint8Array.fromHex('96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7')
const OTHER_LEAF = Uint8Array.fromHex('0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7')
const ROOT = new Uint8Array(hash('sha256', Uint8Array.of(1, ...LEAF, ...OTHER_LEAF), 'buffer'))

suite('a proof in one text', async () => {
  const signing = newSigning()
  const checkpoint = { origin: signing.key.name, size: 2, root: ROOT }
  const note = new TextDecoder().decode(
    writeCheckpoint(checkpoint, signing.key, await signing.sign(octets(checkpointText(checkpoint)))),
  )
  const proof = `c2sp.org/tlog-proof@v1\nindex 0\n${OTHER_LEAF.toBase64()}\n\n${note}`
  const verify = (text: string, entry = ENTRY) => verifyTlogProof(octets(text), entry, signing.key, signing.check)

  test('shows what it is about, also with extra data, which says nothing', () => {
    assert.deepEqual(verify(proof), checkpoint)
    assert.deepEqual(verify(proof.replace('index', 'extra AAEC\nindex')), checkpoint)
  })

  test('does not show what it is not about', () => {
    assert.equal(verify(proof, SIBLING), undefined)
    assert.equal(verify(proof.replace('index 0', 'index 1')), undefined)
    assert.equal(verify(proof.replace('index 0', 'index 2')), undefined)
    assert.equal(verify(proof.replace(`${OTHER_LEAF.toBase64()}\n`, '')), undefined)
    assert.equal(verify(proof.replace(OTHER_LEAF.toBase64(), LEAF.toBase64())), undefined)
  })

  test('needs a checkpoint that the key signed', () => {
    const other = newSigning()
    assert.throws(() => verifyTlogProof(octets(proof), ENTRY, other.key, other.check), { code: 'ERR_LEDGER_UNSIGNED' })
    assert.throws(() => verify(proof.replace('\n2\n', '\n3\n')), { code: 'ERR_LEDGER_UNSIGNED' })
    assert.throws(() => verify(proof.slice(0, proof.indexOf('—'))), { code: 'ERR_LEDGER_NOTE_FORM' })
  })

  const CASES = [
    ['nothing', ''],
    ['another version', proof.replace('@v1', '@v2')],
    ['no index', proof.replace('index 0\n', '')],
    ['an index with a leading zero', proof.replace('index 0', 'index 00')],
    ['a negative index', proof.replace('index 0', 'index -1')],
    ['an index of 2^53', proof.replace('index 0', 'index 9007199254740992')],
    ['no empty line', proof.replace('\n\n', '\n')],
    ['a hash of 31 octets', proof.replace(OTHER_LEAF.toBase64(), OTHER_LEAF.subarray(1).toBase64())],
    ['a hash that is no base64', proof.replace(OTHER_LEAF.toBase64(), 'no base64')],
    ['extra data that is no base64', proof.replace('index', 'extra ?\nindex')],
    ['extra data that is empty', proof.replace('index', 'extra \nindex')],
    ['extra data twice', proof.replace('index', 'extra AAEC\nextra AAEC\nindex')],
    ['carriage returns', proof.replaceAll('\n', '\r\n')],
    ['54 hashes', proof.replace('index 0\n', `index 0\n${`${LEAF.toBase64()}\n`.repeat(53)}`)],
    ['256 KiB', `${proof}${'x'.repeat(262_144)}`],
  ] as const
  for (const [what, text] of CASES)
    test(`is none with ${what}`, () => {
      assert.throws(() => readTlogProof(octets(text)), { name: 'LedgerError', code: 'ERR_LEDGER_PROOF_FORM' })
    })
})

suite('the page', () => {
  test('names every finding', () => {
    const page = readFileSync(new URL('../../../../docs/protocols/tlog.md', import.meta.url), 'utf8')
    for (const code of Object.keys(LEDGER_FINDINGS)) assert.ok(page.includes(`\`${code}\``), code)
  })
})
