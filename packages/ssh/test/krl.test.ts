import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  type HashOctets,
  type NewKeyRevocationList,
  readKeyRevocationList,
  readSshCertificate,
  readSshPublicKey,
  revocationOf,
  type SerialRange,
  writeKeyRevocationList,
} from '@countersign/ssh'
import { numbersFrom } from '../../../tools/testing/mutations.ts'
import { certificateOf, certificates, ed25519, joined, krlOf, octets, p256, rsa, section, str, u64 } from './frames.ts'

const generatedAt = Temporal.Instant.from('2023-11-14T22:13:20Z')
const header = { version: 3n, generatedAt, comment: 'a list' }
const ofNode: HashOctets = (name, of) => new Uint8Array(hash(name === 'SHA-1' ? 'sha1' : 'sha256', of, 'buffer'))
const serial = (n: bigint): SerialRange => ({ first: n, last: n })
const max = 0xffff_ffff_ffff_ffffn

suite('a list is written', () => {
  const ofSerials = (...serials: readonly SerialRange[]): Partial<NewKeyRevocationList> => ({
    certificates: [{ authority: ed25519, serials, keyIds: [] }],
  })
  // Left: octets put together by hand from PROTOCOL.krl. Right: the values.
  for (const [what, sections, values] of [
    ['of nothing', octets(''), {}],
    ['of nothing of an authority', octets(''), ofSerials()],
    [
      'of numbers apart',
      certificates(ed25519, section(0x20, u64(1n), u64(1000n))),
      ofSerials(serial(1000n), serial(1n)),
    ],
    ['of the largest number', certificates(ed25519, section(0x20, u64(max))), ofSerials(serial(max))],
    ['of all numbers', certificates(ed25519, section(0x21, u64(1n), u64(max))), ofSerials({ first: 1n, last: max })],
    [
      'of ranges that touch, joined',
      certificates(ed25519, section(0x21, u64(5n), u64(3000n))),
      ofSerials({ first: 9n, last: 2999n }, serial(3000n), { first: 5n, last: 10n }),
    ],
    [
      'of many numbers near each other, as a bitmap',
      // 16, 18, 20, 22, 24 and 26: bits 0, 2, 4, 6, 8 and 10.
      certificates(ed25519, section(0x22, u64(16n), str(octets('0555')))),
      ofSerials(...[16n, 18n, 20n, 22n, 24n, 26n].map(serial)),
    ],
    [
      'of a bitmap whose last bit would be a sign',
      certificates(ed25519, section(0x22, u64(16n), str(octets('00aaab')))),
      ofSerials(...[16n, 17n, 19n, 21n, 23n, 25n, 27n, 29n, 31n].map(serial)),
    ],
    [
      'of an identifier of all authorities',
      certificates(undefined, section(0x23, str('alice'))),
      { certificates: [{ serials: [], keyIds: ['alice'] }] },
    ],
    ['of keys, in order, each once', section(2, str(ed25519), str(p256)), { keys: [p256, ed25519, p256] }],
    [
      'of hashes',
      joined(
        section(3, str(octets('02'.repeat(20)))),
        section(5, str(octets('01'.repeat(32))), str(octets('03'.repeat(32)))),
      ),
      {
        sha1: [octets('02'.repeat(20))],
        sha256: [octets('03'.repeat(32)), octets('01'.repeat(32))],
      },
    ],
  ] as const satisfies readonly (readonly [string, Uint8Array, Partial<NewKeyRevocationList>])[])
    test(what, () => assert.equal(writeKeyRevocationList({ ...header, ...values }).toHex(), krlOf(sections).toHex()))
})

suite('a list is read', () => {
  const read = (sections: Uint8Array) => readKeyRevocationList(krlOf(sections))

  test('whole', () => {
    const { version, generatedAt: at, comment, ...rest } = read(octets(''))
    assert.deepEqual({ version, generatedAt: String(at), comment }, { ...header, generatedAt: String(generatedAt) })
    const { certificates: of, keys, sha1, sha256 } = rest
    assert.deepEqual({ of, keys, sha1, sha256 }, { of: [], keys: [], sha1: [], sha256: [] })
  })

  test('with the three forms of serial numbers as one, over several sections of an authority', () => {
    const list = read(
      joined(
        certificates(ed25519, section(0x22, u64(8n), str(octets('41'))), section(0x21, u64(9n), u64(10n))),
        certificates(p256, section(0x20, u64(1n))),
        certificates(ed25519, section(0x20, u64(11n), u64(8n), u64(99n)), section(0x23, str('bob'), str('alice'))),
      ),
    )
    assert.deepEqual(list.certificates, [
      { authority: ed25519, serials: [{ first: 8n, last: 11n }, serial(14n), serial(99n)], keyIds: ['alice', 'bob'] },
      { authority: p256, serials: [serial(1n)], keyIds: [] },
    ])
  })

  test('with keys that we would not read: whoever revokes them must be understood', () => {
    const weak = rsa(1024)
    const dsa = joined(str('ssh-dss'), str(), str(), str(), str())
    const list = read(joined(section(2, str(dsa), str(weak)), certificates(weak, section(0x20, u64(1n)))))
    assert.deepEqual(list.keys, [dsa, weak])
    assert.deepEqual(list.certificates[0]?.authority, weak)
  })

  test('with extensions that are not critical, which are ignored', () => {
    const extension = (type: number) => section(type, str('a@example.com'), octets('00'), str('b'))
    const list = read(joined(extension(255), certificates(ed25519, extension(0x39), section(0x20, u64(1n)))))
    assert.deepEqual(list.certificates, [{ authority: ed25519, serials: [serial(1n)], keyIds: [] }])
  })

  test('with a bitmap of the most bits that there may be', () => {
    const list = read(certificates(ed25519, section(0x22, u64(1n), str(octets(`0080${'00'.repeat(2047)}`)))))
    assert.deepEqual(list.certificates[0]?.serials, [serial(16_384n)])
  })
})

test('any set of serial numbers is read as it was written, in no more octets than as numbers', () => {
  const below = numbersFrom(20_261_127)
  for (let round = 0; round < 60; round++) {
    const set = new Set<bigint>()
    for (
      let at = 1n + BigInt(below(50));
      set.size < 300;
      at += BigInt(1 + below([2, 3, 20, 200, 20_000][round % 5] as number))
    )
      set.add(at)
    const serials = [...set].map(serial)
    const written = writeKeyRevocationList({ ...header, certificates: [{ authority: ed25519, serials, keyIds: [] }] })
    const [found] = readKeyRevocationList(written).certificates
    const numbers = found?.serials.flatMap(({ first, last }) =>
      Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i)),
    )
    assert.deepEqual(numbers, [...set], `round ${round}`)
    const asNumbers = krlOf(certificates(ed25519, section(0x20, ...[...set].map(u64)))).length
    assert.ok(written.length <= asNumbers, `round ${round}: ${written.length} octets, ${asNumbers} as numbers`)
  }
})

test('100,000 random serial numbers, in time in proportion', () => {
  const below = numbersFrom(7)
  const random = () => (BigInt(below(2 ** 31)) << 32n) | BigInt(1 + below(2 ** 31))
  const serials = Array.from({ length: 100_000 }, () => serial(random()))
  const start = performance.now()
  const list = readKeyRevocationList(
    writeKeyRevocationList({ ...header, certificates: [{ authority: ed25519, serials, keyIds: [] }] }),
  )
  // Some 300 ms here; a quadratic one would need minutes.
  assert.ok(performance.now() - start < 10_000)
  assert.equal(list.certificates[0]?.serials.length, new Set(serials.map(({ first }) => first)).size)
})

suite('what a list revokes', () => {
  const subject = (serialNumber: bigint, keyId = 'alice') =>
    readSshCertificate(
      certificateOf({
        serial: u64(serialNumber),
        keyId: str(keyId),
        signatureKey: str(p256),
        signature: str(str('ecdsa-sha2-nistp256'), str(str(octets('01')), str(octets('01')))),
      }),
    )
  const by = (values: Partial<NewKeyRevocationList>, of: Parameters<typeof revocationOf>[1]) =>
    revocationOf(readKeyRevocationList(writeKeyRevocationList({ ...header, ...values })), of, ofNode)
  const key = readSshPublicKey(ed25519)
  const ofAuthority = (
    authority: Uint8Array | undefined,
    serials: readonly SerialRange[],
    keyIds: readonly string[] = [],
  ) => ({
    certificates: [{ ...(authority && { authority }), serials, keyIds }],
  })
  const ranges = [serial(3n), { first: 10n, last: 20n }, serial(max)]

  for (const [what, values, of, expected] of [
    ['a key', { keys: [p256, ed25519] }, key, 'key'],
    ['a key by its SHA-256', { sha256: [ofNode('SHA-256', ed25519)] }, key, 'key'],
    ['a key by its SHA-1', { sha1: [ofNode('SHA-1', ed25519)] }, key, 'key'],
    ['a certificate by its key', { keys: [ed25519] }, subject(1n), 'key'],
    ['a certificate by the hash of its key', { sha256: [ofNode('SHA-256', ed25519)] }, subject(1n), 'key'],
    ['a certificate by the key of its authority', { keys: [p256] }, subject(1n), 'authority key'],
    ['a certificate by its number', ofAuthority(p256, ranges), subject(3n), 'serial'],
    ['the first of a range', ofAuthority(p256, ranges), subject(10n), 'serial'],
    ['the last of a range', ofAuthority(p256, ranges), subject(20n), 'serial'],
    ['the largest number', ofAuthority(p256, ranges), subject(max), 'serial'],
    ['a number of every authority', ofAuthority(undefined, ranges), subject(15n), 'serial'],
    ['a certificate by its identifier', ofAuthority(p256, [], ['zoe', 'alice', 'bob']), subject(1n), 'key id'],
    ['an identifier of every authority', ofAuthority(undefined, [], ['alice']), subject(1n), 'key id'],
  ] as const)
    test(what, () => assert.equal(by(values, of), expected))

  for (const [what, values, of] of [
    ['anything, where nothing is revoked', {}, subject(1n)],
    ['another key', { keys: [p256], sha256: [ofNode('SHA-256', p256)], sha1: [ofNode('SHA-1', p256)] }, key],
    ['a key by the number of a certificate for it', ofAuthority(p256, [{ first: 1n, last: max }]), key],
    ['a number below all', ofAuthority(p256, ranges), subject(2n)],
    ['a number between', ofAuthority(p256, ranges), subject(9n)],
    ['a number behind a range', ofAuthority(p256, ranges), subject(21n)],
    ['the same number of another authority', ofAuthority(ed25519, ranges), subject(3n)],
    ['number 0, which says that there is none', ofAuthority(p256, [{ first: 1n, last: max }]), subject(0n)],
    ['an identifier that begins alike', ofAuthority(p256, [], ['alice', 'alicea']), subject(1n, 'alic')],
    ['the same identifier of another authority', ofAuthority(ed25519, [], ['alice']), subject(1n)],
  ] as const)
    test(`not ${what}`, () => assert.equal(by(values, of), undefined))
})
