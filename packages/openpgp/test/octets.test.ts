import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MailError } from '@countersign/protocol'
import { readArmor, writeArmor } from '../src/octets/armor.ts'
import { readPacket } from '../src/octets/packet.ts'
import { collect, OctetReader } from '../src/octets/reader.ts'
import { streamOf } from './support/mail.ts'

const read = async (text: string, pieceOctets = 7) =>
  Buffer.from(
    await collect(readArmor(streamOf(Buffer.from(text, 'latin1'), pieceOctets), ['MESSAGE']), 1_000_000),
  ).toString('latin1')

suite('armor, RFC 9580 §6.2', () => {
  const block = (body: string, { headers = '', label = 'MESSAGE', end = 'MESSAGE' } = {}) =>
    `-----BEGIN PGP ${label}-----\r\n${headers}\r\n${body}-----END PGP ${end}-----\r\n`

  test('one block, in whatever lines, with headers and a checksum that is not believed', async () => {
    for (const text of [
      block('aGVsbG8=\r\n'),
      block('aGVsbG8=\n').replaceAll('\r', ''),
      block('aGVs\r\nbG8=\r\n'),
      block('aGV\r\nsbG8=\r\n'),
      block('aGVsbG8=\r\n=AAAA\r\n'),
      block('aGVsbG8=  \r\n', { headers: 'Version: x\r\nComment: \r\nCharset: utf-8\r\n' }),
      `\r\n \r\n${block('aGVsbG8=\r\n')}\r\n\t\r\n`,
    ])
      for (const pieceOctets of [1, 7, 1000]) assert.equal(await read(text, pieceOctets), 'hello', text)
    assert.equal(await read(block('')), '')
  })

  test('anything beside it, two of them, another kind, or base64 that is written in another way', async () => {
    for (const text of [
      '',
      'hello',
      `text\r\n${block('aGVsbG8=\r\n')}`,
      `${block('aGVsbG8=\r\n')}text`,
      `${block('aGVsbG8=\r\n')}${block('aGVsbG8=\r\n')}`,
      block('aGVsbG8=\r\n', { label: 'SIGNATURE', end: 'SIGNATURE' }),
      block('aGVsbG8=\r\n', { end: 'SIGNATURE' }),
      block('aGVsbG8=\r\n', { headers: 'no header\r\n' }),
      block('aGVsbG8=\r\n', { headers: 'Comment: x\r\n'.repeat(17) }),
      block('aGVsbG8=\r\n').replace('\r\n\r\n', '\r\n'),
      block('aGVsbG8=\r\n').replace('-----END', '----END'),
      block('aGVsbG8=\r\n').replace('BEGIN PGP', 'BEGIN PGP '),
      block('aGVsbG9=\r\n'),
      block('aGVsbG8\r\n'),
      block('aGVsbG8=\r\nAAAA\r\n'),
      block('aG=Vsb8=\r\n'),
      block('aGVs bG8=\r\n'),
      block('aGVsbG8=\r\n\r\n'),
      block('aGVsb-8=\r\n'),
      block('aGVsbG8=\r\n=AAAA\r\n=AAAA\r\n'),
      block('aGVsbG8=\r\n=AAAA\r\nAAAA\r\n'),
      '-----BEGIN PGP MESSAGE-----\r\n\r\naGVsbG8=\r\n',
    ])
      await assert.rejects(read(text), { code: 'ERR_MAIL_FORM' }, JSON.stringify(text))
    for (const pieceOctets of [100, 10_000])
      await assert.rejects(read(block(`${'AAAA'.repeat(1000)}\r\n`), pieceOctets), { code: 'ERR_MAIL_BUDGET' })
  })

  const written = async (octets: Buffer, checksum: boolean, pieceOctets = 1000) =>
    Buffer.from(await collect(writeArmor(streamOf(octets, pieceOctets), 'MESSAGE', { checksum }), 1_000_000)).toString(
      'latin1',
    )

  test('what is written is read', async () => {
    for (const checksum of [true, false])
      for (const length of [0, 1, 2, 3, 47, 48, 49, 100_000]) {
        const octets = Buffer.alloc(length, 'octets')
        const text = await written(octets, checksum)
        assert.equal(await read(text, 1000), octets.toString('latin1'))
        assert.ok(text.split('\r\n').every((line) => line.length <= 64))
        assert.doesNotMatch(text, /[^\r]\n/)
      }
  })

  test('the checksum is CRC-24/OPENPGP, by the check value of its catalogue, whatever the pieces; none where it must not be', async () => {
    for (const pieceOctets of [1, 4, 9])
      assert.match(await written(Buffer.from('123456789'), true, pieceOctets), /\r\nMTIzNDU2Nzg5\r\n=Ic8C\r\n-----END/)
    assert.match(await written(Buffer.from('123456789'), false), /\r\nMTIzNDU2Nzg5\r\n-----END/)
  })
})

suite('packets, RFC 9580 §4.2', () => {
  const packetsOf = async (hex: string): Promise<string[]> => {
    const reader = new OctetReader(streamOf(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 3))
    const found: string[] = []
    for (let packet = await readPacket(reader); packet; packet = await readPacket(reader))
      found.push(`${packet.type}:${(await collect(packet.body, 100_000)).length}`)
    return found
  }

  test('every form of length', async () => {
    assert.deepEqual(await packetsOf('cb 02 aa bb  8c 01 cc'), ['11:2', '3:1'])
    assert.deepEqual(await packetsOf(`cb c0 00 ${'00'.repeat(192)}`), ['11:192'])
    assert.deepEqual(await packetsOf(`cb ff 00 00 00 01 00 8c 00`), ['11:1', '3:0'])
    assert.deepEqual(await packetsOf(`b9 00 02 00 00 ba 00 00 00 01 ff`), ['14:2', '14:1'])
    assert.deepEqual(await packetsOf(`cb e9 ${'00'.repeat(512)} e0 ff 01 aa cd 00`), ['11:514', '13:0'])
    assert.deepEqual(await packetsOf(`a3 01 02 03`), ['8:3'])
    assert.deepEqual(await packetsOf(''), [])
  })

  test('what ends early, begins as no packet, or comes in pieces where it may not', async () => {
    for (const hex of [
      '00',
      '7f',
      'cb',
      'cb 05 00',
      'cb ff 00 00',
      'cb c0',
      `cb e9 ${'00'.repeat(512)}`,
      `cb e9 ${'00'.repeat(511)}`,
      `cb e8 ${'00'.repeat(256)} 00`,
      `c2 e9 ${'00'.repeat(512)} 00`,
      '8b 00 00',
      'b7 01 02',
    ])
      await assert.rejects(packetsOf(hex), MailError, hex)
  })
})
