// Key revocation lists that are not read or not written.
import { KRL_LIMITS, type NewKeyRevocationList, readKeyRevocationList, writeKeyRevocationList } from '@countersign/ssh'
import { certificateOf, certificates, ed25519, joined, krlOf, octets, section, str, u32, u64 } from '../frames.ts'
import type { Refusal } from './model.ts'

const read =
  (...parts: Parameters<typeof krlOf>) =>
  () =>
    readKeyRevocationList(krlOf(...parts))
const ofAll = (...sections: readonly Uint8Array[]) => read(certificates(undefined, ...sections))
const write = (list: Partial<NewKeyRevocationList>) => () =>
  writeKeyRevocationList({ version: 1n, generatedAt: Temporal.Instant.from('2026-01-01T00:00:00Z'), ...list })
const nothing = new Uint8Array()
const hash = (length: number, fill: number) => str(new Uint8Array(length).fill(fill))
const range = (first: bigint, last: bigint) => write({ certificates: [{ serials: [{ first, last }], keyIds: [] }] })
const bitmap = (offset: bigint, hex: string) => section(0x22, u64(offset), str(octets(hex)))
const extension = (type: number, critical: string) => section(type, str('a@example.com'), octets(critical), str('b'))
const three = section(0x20, u64(1n), u64(3n), u64(5n))
const max = 0xffff_ffff_ffff_ffffn

export const LIST_REFUSALS: readonly Refusal[] = [
  ['nothing at all', () => readKeyRevocationList(nothing), 'ERR_SSH_KRL_MAGIC'],
  ['a key', () => readKeyRevocationList(ed25519), 'ERR_SSH_KRL_MAGIC'],
  ['a list by another name', read(nothing, { magic: octets('5353484b524c0a01') }), 'ERR_SSH_KRL_MAGIC'],
  ['a list of format 2', read(nothing, { format: u32(2) }), 'ERR_SSH_KRL_VERSION'],
  ['a list with a flag', read(nothing, { flags: u64(1n) }), 'ERR_SSH_KRL_FLAGS'],
  ['a list made after all times', read(nothing, { date: u64(max) }), 'ERR_SSH_TIME'],
  ['a list that ends in its header', () => readKeyRevocationList(krlOf(nothing).subarray(0, 30)), 'ERR_SSH_TRUNCATED'],
  [
    'a list that ends in a section',
    () => readKeyRevocationList(krlOf(section(2, str(ed25519))).subarray(0, -1)),
    'ERR_SSH_TRUNCATED',
  ],
  ['a list with an octet behind it', read(octets('01')), 'ERR_SSH_TRUNCATED'],
  ['a section of type 6', read(section(6, str(ed25519))), 'ERR_SSH_KRL_SECTION'],
  ['a section of certificates of type 0x24', ofAll(section(0x24, u64(1n))), 'ERR_SSH_KRL_SECTION'],
  ['a signature', read(joined(octets('04'), str(ed25519), str(nothing))), 'ERR_SSH_KRL_SIGNATURE'],
  ['a critical extension', read(extension(255, '01')), 'ERR_SSH_KRL_EXTENSION'],
  ['a critical extension, by another value of TRUE', read(extension(255, '02')), 'ERR_SSH_KRL_EXTENSION'],
  ['a critical extension for certificates', ofAll(extension(0x39, '01')), 'ERR_SSH_KRL_EXTENSION'],
  [
    'an extension with more behind it',
    read(section(255, str('a'), octets('00'), str(), octets('00'))),
    'ERR_SSH_TRAILING',
  ],
  ['a section of certificates without one', ofAll(), 'ERR_SSH_KRL_SECTION_EMPTY'],
  ['a section of keys without one', read(section(2)), 'ERR_SSH_KRL_SECTION_EMPTY'],
  ['a section of hashes without one', read(section(5)), 'ERR_SSH_KRL_SECTION_EMPTY'],
  ['a section of identifiers without one', ofAll(section(0x23)), 'ERR_SSH_KRL_SECTION_EMPTY'],
  ['an identifier with a NUL', ofAll(section(0x23, str('a\0'))), 'ERR_SSH_TEXT'],
  ['a list of serial numbers without one', ofAll(section(0x20)), 'ERR_SSH_TRUNCATED'],
  ['a serial number of 7 octets', ofAll(section(0x20, u64(1n), new Uint8Array(7))), 'ERR_SSH_TRUNCATED'],
  ['serial number 0', ofAll(section(0x20, u64(0n))), 'ERR_SSH_KRL_SERIAL'],
  ['a range from 0', ofAll(section(0x21, u64(0n), u64(9n))), 'ERR_SSH_KRL_SERIAL'],
  ['a range that ends before it begins', ofAll(section(0x21, u64(2n), u64(1n))), 'ERR_SSH_KRL_SERIAL'],
  ['a range of three numbers', ofAll(section(0x21, u64(1n), u64(2n), u64(3n))), 'ERR_SSH_TRAILING'],
  ['a bitmap with a bit for 0', ofAll(bitmap(0n, '03')), 'ERR_SSH_KRL_SERIAL'],
  ['a bitmap beyond 2^64 - 1', ofAll(bitmap(max, '03')), 'ERR_SSH_KRL_SERIAL'],
  ['a bitmap below zero', ofAll(bitmap(1n, '80')), 'ERR_SSH_MPINT_NEGATIVE'],
  ['a bitmap with a leading zero', ofAll(bitmap(1n, '0001')), 'ERR_SSH_MPINT'],
  ['a bitmap of 16392 bits', ofAll(bitmap(1n, `01${'00'.repeat(2048)}`)), 'ERR_SSH_MPINT_LIMIT'],
  ['a key that is a certificate', read(section(2, str(certificateOf()))), 'ERR_SSH_KRL_KEY'],
  ['a key of no type', read(section(2, str(octets('00')))), 'ERR_SSH_KRL_KEY'],
  ['an authority that is a certificate', read(certificates(certificateOf(), three)), 'ERR_SSH_KRL_KEY'],
  ['a hash of SHA-256 with 31 octets', read(section(5, hash(31, 1))), 'ERR_SSH_KRL_HASH'],
  ['a hash of SHA-1 with 32 octets', read(section(3, hash(32, 1))), 'ERR_SSH_KRL_HASH'],
  ['hashes out of order', read(section(5, hash(32, 2), hash(32, 1))), 'ERR_SSH_KRL_HASH_ORDER'],
  ['a hash that stands twice', read(section(3, hash(20, 1), hash(20, 1))), 'ERR_SSH_KRL_HASH_ORDER'],
  [
    'a list over the octets of its caller',
    () => readKeyRevocationList(krlOf(nothing), { ...KRL_LIMITS, maxOctets: 10 }),
    'ERR_SSH_OCTETS_LIMIT',
  ],
  [
    'a list over the elements of its caller',
    () => readKeyRevocationList(krlOf(certificates(undefined, three)), { ...KRL_LIMITS, maxElements: 2 }),
    'ERR_SSH_ELEMENTS_LIMIT',
  ],
  [
    'bitmaps over the elements of their caller',
    () => readKeyRevocationList(krlOf(certificates(undefined, bitmap(1n, '55'))), { ...KRL_LIMITS, maxElements: 3 }),
    'ERR_SSH_ELEMENTS_LIMIT',
  ],
  ['to write serial number 0', range(0n, 0n), 'ERR_SSH_KRL_SERIAL'],
  ['to write a range that ends before it begins', range(2n, 1n), 'ERR_SSH_KRL_SERIAL'],
  ['to write a serial number of 65 bits', range(1n, max + 1n), 'ERR_SSH_KRL_SERIAL'],
  ['to write a key that is a certificate', write({ keys: [certificateOf()] }), 'ERR_SSH_KRL_KEY'],
  ['to write a hash of SHA-256 with 20 octets', write({ sha256: [new Uint8Array(20)] }), 'ERR_SSH_KRL_HASH'],
  ['to write a comment with a NUL', write({ comment: '\0' }), 'ERR_SSH_TEXT'],
]
