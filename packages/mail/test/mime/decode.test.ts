// Bodies come out of their encoding octet by octet, whatever they are cut into; what is not in it is refused.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  decodeBase64,
  decodeBody,
  decodeQuotedPrintable,
  encodeBase64,
  MailFormError,
  sourceOf,
} from '@countersign/mail'
import { inPieces, octetsOfLines, scan } from './messages.ts'

type Decoder = (pieces: AsyncIterable<Uint8Array>, at: number) => AsyncIterable<Uint8Array>

async function decoded(decode: Decoder, text: string, size: number): Promise<string> {
  const octets = Buffer.from(text, 'latin1')
  const pieces = decode(inPieces(octets, size).read(0, octets.length), 5)
  // Each is good until the next is asked for.
  return (await Array.fromAsync(pieces, (piece) => Buffer.from(piece).toString('latin1'))).join('')
}

function suiteOf(
  name: string,
  decode: Decoder,
  fault: string,
  read: readonly (readonly [string, string])[],
  refused: readonly string[],
): void {
  suite(name, () => {
    for (const [text, octets] of read)
      test(`is read: ${JSON.stringify(text)}`, async () => {
        for (const size of [1, 2, 3, 4, 5, 100])
          assert.equal(await decoded(decode, text, size), octets, `pieces of ${size}`)
      })
    for (const text of refused)
      test(`is refused: ${JSON.stringify(text.slice(0, 40))}`, async () => {
        for (const size of [1, 2, 3, 4, 5, 100, 4000])
          await assert.rejects(decoded(decode, text, size), (error) => {
            assert.ok(error instanceof MailFormError, String(error))
            assert.deepEqual([error.fault, error.at], [fault, 5])
            return true
          })
      })
  })
}

suiteOf(
  'base64',
  decodeBase64,
  'base64',
  [
    ['', ''],
    ['\r\n', ''],
    // RFC 4648 §10.
    ['Zg==', 'f'],
    ['Zm8=', 'fo'],
    ['Zm9v', 'foo'],
    ['Zm9vYg==', 'foob'],
    ['Zm9vYmE=', 'fooba'],
    ['Zm9vYmFy', 'foobar'],
    ['Zm\r\n9vY\r\nmFy\r\n', 'foobar'],
    ['Zm9v \t\r\nYg=\r\n=\r\n\r\n ', 'foob'],
    [`Z${' '.repeat(300)}g==`, 'f'],
    ['+/+/', '\xfb\xff\xbf'],
  ],
  [
    'Z',
    'Zm',
    'Zm9vY',
    'Zg=',
    '=',
    '====',
    'Z===',
    'Zh==',
    'Zm9=',
    'Zg==Zg==',
    'Zg==\r\nMailing list',
    'Zg== =',
    'Zm9v=',
    'Zm-_',
    'Zm9v\f',
    'Zm9v\x00',
    'Zm!v',
    '\xff\xff\xff\xff',
    'Zm=v',
  ],
)

suiteOf(
  'quoted-printable',
  decodeQuotedPrintable,
  'quoted-printable',
  [
    ['', ''],
    // RFC 2045 §6.7 (5).
    [
      "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
      "Now's the time for all folk to come to the aid of their country.",
    ],
    ['a=3Db=0A=eb', 'a=b\n\xeb'],
    ['a  \t\r\nb \r\n', 'a\r\nb\r\n'],
    ['a  ', 'a'],
    ['a= \t\r\nb', 'ab'],
    ['a=20\r\n=09\r\n', 'a \r\n\t\r\n'],
    ['a=\r\n', 'a'],
    ['a=', 'a'],
    ['a = \r\n b', 'a  b'],
  ],
  ['a=b', 'a=4', 'a=g0', 'a==\r\n', 'a=3=44', 'a= b', `a${' '.repeat(3000)}`, 'a=4\r\n1'],
)

suite('base64 that is written', () => {
  for (const length of [0, 1, 56, 57, 58, 114, 1000, 100_000])
    test(`${length} octets`, async () => {
      const octets = Buffer.from(Array.from({ length }, (_, index) => (index * 7) % 256))
      // What another encoder makes of it, RFC 2045 §6.8: lines of 76.
      const expected = octets.toString('base64').replace(/.{1,76}/g, '$&\r\n')
      for (const size of [1, 57, 1000].slice(length > 1000 ? 1 : 0)) {
        const written = await Array.fromAsync(encodeBase64(inPieces(octets, size).read(0, length)), (piece) =>
          Buffer.from(piece).toString('latin1'),
        )
        assert.equal(written.join(''), expected)
        assert.equal(await decoded(decodeBase64, expected, 997), octets.toString('latin1'))
      }
    })
})

suite('the body of an entity', () => {
  for (const [encoding, body, octets] of [
    ['7bit', 'a=3D\n', 'a=3D\r\n'],
    ['BASE64', 'YT0z\n', 'a=3'],
    ['Quoted-Printable', 'a=3D3=\n', 'a=3'],
    ['8bit', 'Zg==', 'Zg=='],
    ['binary', 'Zg==', 'Zg=='],
  ] as const)
    test(`is read as ${encoding}`, async () => {
      const message = octetsOfLines(`Content-Transfer-Encoding: ${encoding}\n\n${body}`)
      const pieces = await Array.fromAsync(decodeBody(await scan(message), sourceOf(message)))
      assert.equal(Buffer.concat(pieces).toString('latin1'), octets)
    })
})
