// Signed notes, verifier keys and checkpoints. What is accepted stands in the texts of C2SP, signatures included.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { newSigning } from '../../../../tools/testing/ledger.ts'
import { checkpointText, readCheckpoint, writeCheckpoint } from '../../src/ledger/checkpoint.ts'
import { checkEd25519 } from '../../src/ledger/ed25519.ts'
import { formatVerifierKey, parseVerifierKey, verifierKey } from '../../src/ledger/key.ts'
import { isSignedBy, readNote, writeNote } from '../../src/ledger/note.ts'

const ORIGIN = 'ledger.acme.example'
const octets = (text: string) => new TextEncoder().encode(text)

/** C2SP signed-note, Example. */
const VKEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`

suite('the example of the signed-note text', () => {
  const key = parseVerifierKey(VKEY)

  test('its key verifies its note', () => {
    const note = readNote(octets(NOTE))
    assert.equal(note.text, 'This is an example message.\n')
    assert.equal(isSignedBy(note, key, checkEd25519), true)
    assert.equal(new TextDecoder().decode(writeNote(note)), NOTE)
    assert.equal(formatVerifierKey(key), VKEY)
  })

  test('it does not verify another text', () => {
    assert.equal(isSignedBy(readNote(octets(NOTE.replace('example m', 'example n'))), key, checkEd25519), false)
  })

  test('it does not verify what another name signed', () => {
    assert.equal(isSignedBy(readNote(octets(NOTE.replace('/foo', '/bar'))), key, checkEd25519), false)
  })

  test('a second signature of the same key that does not hold refuses the note', () => {
    const { text, signatures } = readNote(octets(NOTE))
    const [first] = signatures
    assert.ok(first)
    const wrong = { ...first, signature: first.signature.toReversed() }
    const other = { ...wrong, id: '00000000' }
    assert.equal(isSignedBy({ text, signatures: [first, wrong] }, key, checkEd25519), false)
    assert.equal(isSignedBy({ text, signatures: [first, other] }, key, checkEd25519), true)
  })

  test('the example of the checkpoint text is read', () => {
    const note = readNote(
      octets(`example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`),
    )
    assert.equal(note.signatures[0]?.id, '033de0ae')
    const root = Uint8Array.fromBase64('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=')
    assert.equal(checkpointText({ origin: 'example.com/behind-the-sofa', size: 20852163, root }), note.text)
  })
})

suite('malformed notes', () => {
  const signature = NOTE.slice(NOTE.indexOf('—'))
  const CASES = [
    ['nothing', '', 'ERR_LEDGER_NOTE_FORM'],
    ['no signature', 'text\n\n', 'ERR_LEDGER_NOTE_FORM'],
    ['no empty line', `text\n${signature}`, 'ERR_LEDGER_NOTE_FORM'],
    ['an end without a newline', NOTE.slice(0, -1), 'ERR_LEDGER_NOTE_FORM'],
    ['a carriage return', NOTE.replaceAll('\n', '\r\n'), 'ERR_LEDGER_NOTE_TEXT'],
    ['a tab', NOTE.replace('an example', 'an\texample'), 'ERR_LEDGER_NOTE_TEXT'],
    ['NUL', NOTE.replace('an example', '\0'), 'ERR_LEDGER_NOTE_TEXT'],
    ['a hyphen for the dash', NOTE.replace('—', '-'), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['a name with a plus', NOTE.replace('/foo', '+foo'), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['no name', NOTE.replace('example.com/foo ', ''), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['an empty name', NOTE.replace('example.com/foo', ''), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['a name with a space of another kind', NOTE.replace('/foo', '\u2003foo'), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['a word too many', NOTE.replace('=\n', '= more\n'), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['base64 without padding', NOTE.replace('=\n', '\n'), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['base64 that says more than its octets', NOTE.replace('aQM=', 'aQN='), 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['a signature of no octets', `text\n\n— name AAAAAA==\n`, 'ERR_LEDGER_NOTE_SIGNATURE'],
    ['a line among the signatures', `${NOTE}more\n`, 'ERR_LEDGER_NOTE_SIGNATURE'],
  ] as const
  for (const [what, text, code] of CASES)
    test(what, () => assert.throws(() => readNote(octets(text)), { name: 'LedgerError', code }))

  test('octets that are no UTF-8', () => {
    assert.throws(() => readNote(Uint8Array.of(...octets(NOTE), 0xff, 0x0a)), { code: 'ERR_LEDGER_NOTE_TEXT' })
    assert.throws(() => readNote(Uint8Array.of(0xed, 0xa0, 0x80, ...octets(NOTE))), { code: 'ERR_LEDGER_NOTE_TEXT' })
  })

  test('a byte order mark belongs to the text', () => {
    assert.equal(readNote(octets(`\ufeff${NOTE}`)).text, '\ufeffThis is an example message.\n')
  })

  test('128 KiB are read, and not an octet more; 16 signatures are', () => {
    const padded = (length: number) => octets('x'.repeat(length - NOTE.length - 2) + NOTE)
    assert.equal(padded(131_072).length, 131_072)
    assert.equal(readNote(padded(131_072)).signatures.length, 1)
    assert.throws(() => readNote(padded(131_073)), { code: 'ERR_LEDGER_NOTE_LIMIT' })
    const line = `— example.com/foo ${new Uint8Array(5_000).toBase64()}\n`
    assert.equal(readNote(octets(`text\n\n${line.repeat(16)}`)).signatures.length, 16)
  })
})

suite('malformed verifier keys', () => {
  const CASES = [
    ['nothing', '', 'ERR_LEDGER_KEY_FORM'],
    ['two parts', 'example.com/foo+530d903a', 'ERR_LEDGER_KEY_FORM'],
    ['an empty name', VKEY.slice('example.com/foo'.length), 'ERR_LEDGER_KEY_FORM'],
    ['a space in the name', VKEY.replace('/', ' '), 'ERR_LEDGER_KEY_FORM'],
    ['an id in capitals', VKEY.replace('530d903a', '530D903A'), 'ERR_LEDGER_KEY_FORM'],
    ['an id of seven digits', VKEY.replace('530d903a', '530d903'), 'ERR_LEDGER_KEY_FORM'],
    ['base64 with a newline', `${VKEY}\n`, 'ERR_LEDGER_KEY_FORM'],
    ['a key that is cut', VKEY.slice(0, -4), 'ERR_LEDGER_KEY_FORM'],
    ['another name', VKEY.replace('/foo', '/bar'), 'ERR_LEDGER_KEY_ID'],
    ['another id', VKEY.replace('530d903a', '530d903b'), 'ERR_LEDGER_KEY_ID'],
    ['a cosignature key, type 4', VKEY.replace('+Ae', '+BO'), 'ERR_LEDGER_KEY_TYPE'],
  ] as const
  for (const [what, text, code] of CASES)
    test(what, () => assert.throws(() => parseVerifierKey(text), { name: 'LedgerError', code }))

  test('a name that cannot stand in a note is no key name', () => {
    for (const name of ['', 'a b', 'a+b', 'a\nb', 'a\u00a0b', '\ud800'])
      assert.throws(() => verifierKey(name, new Uint8Array(32)), { code: 'ERR_LEDGER_KEY_FORM' })
    assert.throws(() => verifierKey('a', new Uint8Array(31)), { code: 'ERR_LEDGER_KEY_FORM' })
  })
})

suite('checkpoints', () => {
  const root = new Uint8Array(32).fill(5)
  const own = newSigning()
  const signed = async (text: string, by = own) =>
    writeNote({ text, signatures: [{ ...by.key, signature: await by.sign(octets(text)) }] })

  test('are read where the key signed them', async () => {
    const checkpoint = { origin: ORIGIN, size: 7, root }
    const note = writeCheckpoint(checkpoint, own.key, await own.sign(octets(checkpointText(checkpoint))))
    assert.deepEqual(readCheckpoint(note, own.key, own.check), checkpoint)
  })

  test('may have extension lines and signatures of others', async () => {
    const text = `${checkpointText({ origin: ORIGIN, size: 0, root })}more\n`
    const witness = newSigning('witness.example')
    const signatures = [
      { ...witness.key, signature: await witness.sign(octets(text)) },
      { ...own.key, signature: await own.sign(octets(text)) },
    ]
    assert.equal(readCheckpoint(writeNote({ text, signatures }), own.key, own.check).size, 0)
  })

  test('of others are refused, whatever their name', async () => {
    const text = checkpointText({ origin: ORIGIN, size: 7, root })
    for (const other of [newSigning(), newSigning('other.example')]) {
      const note = await signed(text, other)
      assert.throws(() => readCheckpoint(note, own.key, own.check), { code: 'ERR_LEDGER_UNSIGNED' })
    }
  })

  const base64 = root.toBase64()
  const CASES = [
    ['another origin', `other.example\n7\n${base64}\n`, 'ERR_LEDGER_ORIGIN'],
    ['no origin', `\n7\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_FORM'],
    ['two lines', `${ORIGIN}\n7\n`, 'ERR_LEDGER_CHECKPOINT_FORM'],
    ['an empty extension line', `${ORIGIN}\n7\n${base64}\n\nmore\n`, 'ERR_LEDGER_CHECKPOINT_FORM'],
    ['a size with a leading zero', `${ORIGIN}\n07\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_SIZE'],
    ['a negative size', `${ORIGIN}\n-7\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_SIZE'],
    ['a size with a sign', `${ORIGIN}\n+7\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_SIZE'],
    ['a size in hexadecimal', `${ORIGIN}\n0x7\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_SIZE'],
    ['a size with an exponent', `${ORIGIN}\n7e1\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_SIZE'],
    ['an empty size', `${ORIGIN}\n\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_SIZE'],
    ['a size of 2^53', `${ORIGIN}\n9007199254740992\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_LIMIT'],
    ['a size of 400 digits', `${ORIGIN}\n${'9'.repeat(400)}\n${base64}\n`, 'ERR_LEDGER_CHECKPOINT_LIMIT'],
    ['a root of 31 octets', `${ORIGIN}\n7\n${root.subarray(1).toBase64()}\n`, 'ERR_LEDGER_CHECKPOINT_ROOT'],
    ['a root that is no base64', `${ORIGIN}\n7\n${base64.replace('B', '!')}\n`, 'ERR_LEDGER_CHECKPOINT_ROOT'],
  ] as const
  for (const [what, text, code] of CASES)
    test(`with ${what} are refused, though signed`, async () => {
      const note = await signed(text)
      assert.throws(() => readCheckpoint(note, own.key, own.check), { name: 'LedgerError', code })
    })
})
