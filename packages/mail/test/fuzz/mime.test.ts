// Messages changed at random: nothing but a declared refusal comes out, and what is read is one thing, however it comes.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  decodeBody,
  type Entity,
  type Field,
  MailFormError,
  octetsOf,
  readAddresses,
  readContentDisposition,
  readProtectedHeader,
  readText,
  scanEntity,
  sourceOf,
  walkPayload,
  withCrlf,
} from '@countersign/mail'
import { readMailbox } from '@countersign/verify'
import { mutate, numbersFrom, ROUNDS, SEED } from '../../../../tools/testing/mutations.ts'
import { inPieces, octetsOfLines } from '../mime/messages.ts'

const SEEDS = [
  'From: Alice <alice@a.example>\nTo: "Bob, B." <bob@b.example>, us: c@c.example, d@d.example;\nSubject: =?utf-8?q?Zo=C3=AB?=\nDate: Fri, 27 Nov 2026 12:00:00 +0000\n\nHello\n',
  'From: a@a.example\nMIME-Version: 1.0\nContent-Type: multipart/signed; micalg=sha-256;\n protocol="application/pkcs7-signature"; boundary="=_s"\n\nThis is signed.\n--=_s\nContent-Type: text/plain; charset=utf-8; hp="clear"\nFrom: a@a.example\n\nPay Bob\n\n--=_s\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIIB\nAQ==\n--=_s--\n',
  'From: a@a.example\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary="b b"\n\n--b b\n\nx=3D\n--b b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>=C3=AB=\n</p> \n--b b--\n\n--a\nContent-Type: application/pdf; name*0*=utf-8\'\'Zo%C3; name*1*=%AB.pdf\nContent-Disposition: attachment; filename="a.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQ=\n--a\nContent-Type: message/rfc822\n\nSubject: inside\n\n--c\n--a--\nafter\n',
  'From: a@a.example\nSubject: s\nContent-Type: text/plain; hp="cipher"\nHP-Outer: From: a@a.example\nHP-Outer: Subject: [...]\n\n-----BEGIN PGP MESSAGE-----\n\nx\n',
  'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e\n\n--e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--e\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--e--',
]

/** What a mutation of octets seldom makes: the structures that programs read in different ways. */
const STRUCTURES = [
  '\r',
  '\n',
  '\0',
  '\r\n',
  '\r\n\r\n',
  '\r\n ',
  '\r\n\t\r\n',
  '--a',
  '--a--',
  '\r\n--a\r\n',
  '\r\n--a--\r\n',
  '--b b--\r\n',
  '--=_s\r\n',
  '--=_s--',
  'Content-Type: multipart/mixed; boundary=a\r\n\r\n',
  'Content-Type: text/html\r\n',
  'From: evil@c.example\r\n',
  '; boundary=b',
  '; boundary*=x',
  ' : ',
  '(',
  ')',
  '"',
  '\\',
  '<',
  '>',
  ',',
  ';',
  '@',
  '=?utf-8?b?',
  '?=',
  '\u202e',
  '=\r\n',
  '====',
  'Content-Transfer-Encoding: base64\r\n',
].map((text) => Buffer.from(text, 'utf8'))

function change(octets: Uint8Array, seeds: readonly Uint8Array[], below: (bound: number) => number): Uint8Array {
  if (below(3) === 0) return mutate(octets, seeds, below)
  const at = below(octets.length + 1)
  const structure = STRUCTURES[below(STRUCTURES.length)] ?? assert.fail()
  const leftOut = below(2) === 0 ? 0 : below(12)
  return Buffer.concat([octets.subarray(0, at), structure, octets.subarray(at + leftOut)])
}

/** The answer, or the refusal. Anything else that is thrown goes through. */
async function outcomeOf<Answer>(work: () => Answer | Promise<Answer>): Promise<Answer | MailFormError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MailFormError) return error
    throw error
  }
}

/** Places are in order, within those of the whole, and parts within their parent, one after the other. */
function assertPlaces(entity: Entity): void {
  assert.ok(entity.start <= entity.bodyStart && entity.bodyStart <= entity.end)
  let before = entity.start
  for (const { start, end } of entity.fields) {
    assert.ok(before <= start && start < end && end <= entity.bodyStart)
    before = end
  }
  before = entity.bodyStart
  for (const part of entity.parts) {
    assert.ok(before < part.start && part.end < entity.end)
    before = part.end
    assertPlaces(part)
  }
}

/** All parts but those of a digest, of which a part alone does not say that it is a message. */
function* partsOf(entity: Entity): Generator<Entity> {
  for (const part of entity.parts) {
    if (entity.contentType.type !== 'multipart/digest') yield part
    yield* partsOf(part)
  }
}

function readField(field: Field): void {
  readText(field.value)
  if (/^(?:from|sender|to|cc|bcc|reply-to)$/i.test(field.name))
    for (const { address } of readAddresses(field)) assert.equal(readMailbox(address), address)
  if (/^content-disposition$/i.test(field.name)) readContentDisposition(field.value, field.start)
}

suite('messages changed at random', () => {
  test('are read as one thing, or refused', async () => {
    const seeds = SEEDS.map(octetsOfLines)
    const below = numbersFrom(SEED)
    let read = 0
    for (let round = 0; round < ROUNDS / 4; round++) {
      let message = seeds[below(seeds.length)] ?? assert.fail()
      for (let times = 1 + below(3); times > 0; times--) message = change(message, seeds, below)
      const where = `seed ${SEED}, round ${round}: ${message.toHex()}`
      const source = sourceOf(message)
      const whole = await outcomeOf(() => scanEntity(source, 0, message.length))
      const pieces = inPieces(message, 1 + below(40))
      const again = await outcomeOf(() => scanEntity(pieces, 0, message.length))
      if (whole instanceof MailFormError) {
        assert.ok(whole.at >= 0 && whole.at <= message.length, where)
        // Within one piece NUL is found first, wherever it stands: only that it is refused is the same.
        assert.ok(again instanceof MailFormError, where)
        continue
      }
      read++
      assert.deepEqual(again, whole, where)
      assertPlaces(whole)
      for (const part of partsOf(whole)) assert.deepEqual(await scanEntity(source, part.start, part.end), part, where)
      for (const field of whole.fields) await outcomeOf(() => readField(field))
      await outcomeOf(() => readProtectedHeader(whole, whole, true))
      await outcomeOf(() => Array.fromAsync(decodeBody(whole, source)))
      const walked = await outcomeOf(() => walkPayload(whole, source))
      const walkedAgain = await outcomeOf(() => walkPayload(whole, pieces))
      assert.deepEqual(walkedAgain, walked, where)
      await assertSameOfUnix(message, whole, where)
    }
    assert.ok(read > ROUNDS / 40, `${read} were read`)
  })
})

/** The same message with LF alone is the same message. One of a single line has no end by which to know it. */
async function assertSameOfUnix(message: Uint8Array, whole: Entity, where: string): Promise<void> {
  const unix = await withCrlf(
    sourceOf(Buffer.from(Buffer.from(message).toString('latin1').replaceAll('\r\n', '\n'), 'latin1')),
  )
  assert.ok(Buffer.from(message).equals(await octetsOf(unix, 0, unix.length)), where)
  assert.deepEqual(await scanEntity(unix, 0, unix.length), whole, where)
}
