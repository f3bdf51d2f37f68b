// The tables of docs/doors/mail.md on tampering and on what is claimed: each row is shown by tests, which are named here, and exist.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { REFUSALS } from '@countersign/protocol'

const ROOT = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')
const page = read('docs/doors/mail.md')
const section = page.slice(page.indexOf('\n## What tampering shows'))
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (?:Done to a message|Meant for|Claimed) \|/.test(line))

const TAMPERING = 'scenario/mail-tampering.test.ts'
const SEALED = 'scenario/mail-sealed.test.ts'
const MAIL = 'packages/mail/test'
const OPENPGP = 'packages/openpgp/test'

/** By the beginning of a row: a file, and what stands in the name of a test there. */
const SHOWN_BY: Readonly<Record<string, readonly (readonly [file: string, name: string])[]>> = {
  'An octet of what is encrypted is changed': [
    [`${MAIL}/smime/changed.test.ts`, 'each octet of one that authenticates: it does not open, or is what it was'],
    [`${MAIL}/smime/changed.test.ts`, 'cut short, at many places'],
    [`${OPENPGP}/refuse.test.ts`, 'tampered with at each octet, nothing is given'],
    [`${OPENPGP}/refuse.test.ts`, 'something after the ciphertext'],
    [SEALED, 'changed on its way it is not opened'],
  ],
  'The same under CBC': [
    [`${MAIL}/smime/changed.test.ts`, 'each octet of one that does not, inside of its signature'],
    [TAMPERING, 'encrypted by CBC without a signature is not opened, changed (EFAIL) or not'],
  ],
  'It is encrypted by OpenPGP without an integrity check': [
    [`${OPENPGP}/refuse.test.ts`, 'without an MDC, and of LibrePGP, nothing is opened'],
  ],
  'A key is taken out of those': [
    [SEALED, 'is for nobody else, and nothing is written'],
    [`${OPENPGP}/refuse.test.ts`, 'for others, for a password, for nobody'],
  ],
  'It is encrypted to an old key': [
    [`${MAIL}/smime/seal-and-open.test.ts`, 'an old key opens what was sealed for it'],
    [`${OPENPGP}/open.test.ts`, 'old keys stay for reading'],
    ['scenario/mail-openpgp.test.ts', 'for an old key is read with it, and new mail is for the new one'],
  ],
  'An octet of what is signed': [[TAMPERING, 'another word']],
  'The signature or all encryption is taken off': [
    [TAMPERING, 'its signature cut off'],
    [SEALED, 'signed alone is readable by anybody, and says so'],
  ],
  'A signed message is put beside': [
    [TAMPERING, 'text before it'],
    [TAMPERING, 'text after it'],
    [TAMPERING, 'a page that hides it'],
    [TAMPERING, 'another choice beside it'],
  ],
  'A signed or encrypted message is attached whole': [[TAMPERING, 'it as an attachment']],
  'An encrypted message is put within what a page': [
    [TAMPERING, 'sealed, within what a page sends elsewhere (EFAIL), is neither opened nor verified'],
  ],
  'Something signed or encrypted stands further inside': [
    [TAMPERING, 'signed around something that another has signed is not verified'],
  ],
  'A third part is put': [[TAMPERING, 'a third part in what is signed']],
  'It was signed by several': [[`${MAIL}/smime/signatures.test.ts`, 'one right, one wrong']],
  'The certificate of the signer is taken out': [
    [`${MAIL}/smime/signatures.test.ts`, 'without a certificate'],
    [`${OPENPGP}/refuse.test.ts`, 'a signature by a key that is not known names nobody'],
  ],
  'Another signs over it': [[TAMPERING, 'signed once more by another is not by its From']],
  'It is signed around the encryption alone': [[TAMPERING, 'signed around the encryption alone is not verified']],
  'From is another outside': [
    [TAMPERING, 'From outside another'],
    [TAMPERING, 'one more From outside'],
    [TAMPERING, 'no From outside'],
  ],
  'From is not who signed': [[TAMPERING, 'signed by another, in the name of alice, is not by her']],
  'From is missing': [[TAMPERING, 'signed by a program that protects no header']],
  'Subject, recipients or date are changed outside': [
    [TAMPERING, 'another subject outside alone'],
    [TAMPERING, 'another recipient outside alone'],
  ],
  "The same where the sender's program protected no header": [
    [TAMPERING, 'signed by a program that protects no header'],
  ],
  'A field is added outside': [
    [TAMPERING, 'signed, with a field that was added outside: nothing of it is shown'],
    [`${MAIL}/door/arrive.test.ts`, 'is opened and judged here, and handed on decrypted'],
  ],
  'A name before the address is another address': [
    [TAMPERING, 'in their own it is by them'],
    ['vectors/mail/verdict.json', 'a name with another sign that reads as an at-sign'],
    ['vectors/mail/verdict.json', 'a name in encoded words between quotes'],
  ],
  "A name before the address is another person's": [
    ['scenario/mail-beyond-ascii.test.ts', 'another address to the octet is another person'],
  ],
  'Boundaries, line ends or fields': [
    [TAMPERING, 'a second From'],
    [TAMPERING, 'a bare line feed'],
    [TAMPERING, 'a bare carriage return'],
    [TAMPERING, 'a NUL'],
    [TAMPERING, 'its last boundary cut off'],
  ],
  'It has more parts': [
    [`${MAIL}/smime/kinds.test.ts`, 'a budget of what stands around the content'],
    [`${MAIL}/smime/signatures.test.ts`, 'of twenty signers'],
    [`${OPENPGP}/refuse.test.ts`, 'bombs: what is decompressed ends at the budget'],
  ],
  'It uses an algorithm': [
    [`${MAIL}/smime/kinds.test.ts`, 'compressed, digested, authenticated data, or a type of nobody'],
    [`${MAIL}/smime/signatures.test.ts`, 'by a hash that does not count'],
    [`${OPENPGP}/refuse.test.ts`, 'ciphers, modes and chunks that are weak, unknown or too large'],
  ],
  'The signer is revoked, has expired': [
    [`${MAIL}/smime/signatures.test.ts`, 'revoked, with the time since when, and the time of an end'],
    [`${MAIL}/smime/signatures.test.ts`, 'with one that is not valid yet'],
    [SEALED, 'and else not verified, since when'],
  ],
  'The signer is of another authority': [
    [`${MAIL}/smime/signatures.test.ts`, 'of another authority'],
    [`${MAIL}/smime/signatures.test.ts`, 'with one for another purpose'],
    [`${MAIL}/smime/signatures.test.ts`, 'with one whose key is for encryption alone'],
  ],
  'Whether the signer is revoked is not known': [
    ['vectors/mail/verdict.json', "the signer's certificate: status unknown"],
    [`${MAIL}/door/arrive.test.ts`, 'is no verdict for good: the server before tries again'],
  ],
  'The signer is revoked later': [
    [SEALED, 'of a sender who was revoked is verified where the authority saw it before'],
  ],
  'Its time-stamp is of something else': [
    [`${MAIL}/smime/time-stamp.test.ts`, 'moved from another letter says nothing'],
    [`${MAIL}/smime/time-stamp.test.ts`, 'by an authority that nobody here believes'],
    [`${MAIL}/smime/time-stamp.test.ts`, 'by a certificate that has expired since'],
    [`${MAIL}/smime/time-stamp.test.ts`, 'by a certificate whose purpose is not critical'],
    [`${MAIL}/smime/time-stamp.test.ts`, 'by a certificate without any purpose'],
    ['packages/mtls/test/enroll/ask-time-stamp.test.ts', 'of another nonce'],
  ],
  'It is signed with another OpenPGP key': [
    ['scenario/mail-partner.test.ts', 'with another key than the accepted one is not verified'],
  ],
  'A page in it refers to pictures elsewhere': [[TAMPERING, 'of a page with pictures elsewhere fetches nothing']],
  'It is sent again': [[TAMPERING, 'passed on to another is verified, and says that it was not to them']],
  "Results are written in the door's name": [
    [`${MAIL}/door/arrive.test.ts`, 'what says something in our name is taken out, in any spelling'],
  ],
  'A server keeps it': [[`${MAIL}/door/leave-told.test.ts`, 'given up after five days, with a report']],
  'Somebody without a key': [
    [SEALED, 'is not sealed for who has no key, as another, or for nobody'],
    ['scenario/mail-rules.test.ts', 'without a key it is held and its sender told'],
  ],
  'Somebody whose key of OpenPGP is another': [
    ['scenario/mail-wkd.test.ts', 'that has another key than before is refused, and the first is kept'],
  ],
  'Somebody in Bcc': [
    [SEALED, 'shows its carrier neither subject nor text, nor who is in Bcc'],
    ['scenario/mail-openpgp.test.ts', 'one for each in Bcc, in which nobody else’s key stands'],
  ],
  'An address beyond ASCII': [
    [TAMPERING, 'beyond ASCII, in its header and in addresses, is read as it was written'],
    ['scenario/mail-beyond-ascii.test.ts', 'another address to the octet is another person'],
  ],
  'What is *verified* was written by': [[TAMPERING, 'untouched is verified, in each form']],
  'Nobody between who encrypted and who opened': [
    [`${MAIL}/smime/changed.test.ts`, 'each octet of one that authenticates'],
    [SEALED, 'is for nobody else, and nothing is written'],
  ],
  'Sealed by a person or at the door': [
    [SEALED, 'shows its carrier neither subject nor text'],
    [`${MAIL}/door/sealing.test.ts`, 'is, once for all whom the header names, and the subject too'],
  ],
  'Who is in Bcc is in no header': [
    [`${MAIL}/door/sealing.test.ts`, 'goes to each in Bcc apart: no transaction and no message has two of them'],
    ['scenario/mail-rules.test.ts', 'who is in Bcc has a copy that no other can open, and stands in none'],
  ],
  'What must be encrypted by a rule': [
    ['scenario/mail-rules.test.ts', 'what nobody sealed is sealed at the door'],
    [`${MAIL}/door/sealing-held.test.ts`, 'what cannot be sealed is held, and nothing of it is sent'],
  ],
  'Old keys stay': [
    [`${MAIL}/smime/seal-and-open.test.ts`, 'an old key opens what was sealed for it'],
    ['scenario/mail-keys.test.ts', 'are kept by nobody else: no file of the authority has one'],
  ],
}

suite('what tampering shows', () => {
  test('each row is shown by tests, and none is shown that is no row', () => {
    const begins = Object.keys(SHOWN_BY)
    assert.deepEqual(
      rows.filter((row) => begins.filter((begin) => row.startsWith(`| ${begin}`)).length !== 1),
      [],
    )
    assert.deepEqual(
      begins.filter((begin) => !rows.some((row) => row.startsWith(`| ${begin}`))),
      [],
    )
  })

  for (const [row, tests] of Object.entries(SHOWN_BY))
    test(row, () => {
      for (const [file, name] of tests) assert.ok(read(file).includes(name), `${file}: ${name}`)
    })

  test('each cause that a reader of mail may be told stands there', () => {
    const cases = JSON.parse(read('vectors/mail/verdict.json')) as readonly { readonly expect: { code?: string } }[]
    const told = new Set(cases.flatMap(({ expect: { code } }) => (code?.startsWith('ERR_MAIL_') ? [code] : [])))
    assert.deepEqual(
      [...told].filter((code) => !section.includes(`\`${code}\``)),
      [],
    )
    for (const [code] of section.matchAll(/ERR_\w+/g)) assert.ok(Object.hasOwn(REFUSALS, code), code)
  })
})
