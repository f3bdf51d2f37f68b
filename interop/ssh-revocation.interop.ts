// Key revocation lists: ours asked by ssh-keygen, its by us, and both decide alike.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  formatKeyLine,
  type HashOctets,
  type NewKeyRevocationList,
  parseKeyLine,
  readKeyRevocationList,
  readSshCertificate,
  readSshPublicKey,
  revocationOf,
  type SerialRange,
  writeKeyRevocationList,
  writeSshCertificate,
  writeSshPublicKey,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { numbersFrom } from '../tools/testing/mutations.ts'
import { newSshKey } from '../tools/testing/ssh-keys.ts'
import { file, generateSshKey, runSshKeygen, sshKeygen, withSshKeygen } from './ssh.ts'

const hash: HashOctets = (name, octets) =>
  new Uint8Array(
    createHash(name === 'SHA-1' ? 'sha1' : 'sha256')
      .update(octets)
      .digest(),
  )
const serial = (n: bigint): SerialRange => ({ first: n, last: n })
const max = 0xffff_ffff_ffff_ffffn

const authority = newSshKey('P-256')
const other = newSshKey('Ed25519')
const alice = newSshKey('Ed25519').key
const bob = newSshKey('RSA-2048').key
const keyOfAuthority = writeSshPublicKey(authority.key)

/** A line of a certificate for alice, and of what else is asked about. */
function certificate(number: bigint, keyId = 'alice', by = authority): string {
  const tbs = writeSshTbsCertificate({
    nonce: new Uint8Array(32),
    key: alice,
    serial: number,
    role: 'user',
    keyId,
    principals: ['alice'],
    validAfter: 'always',
    validBefore: 'forever',
    criticalOptions: [],
    extensions: [],
    signatureKey: by.key,
  })
  return formatKeyLine({ blob: writeSshCertificate(tbs, by.sign(tbs)) })
}
const lineOf = (key: typeof alice) => formatKeyLine({ blob: writeSshPublicKey(key) })

/** Whether `list` revokes what stands in `line`: as ssh-keygen decides it, where we decide the same. */
function isRevoked(list: Uint8Array, line: string): boolean {
  const { status, stdout } = runSshKeygen('-Q', '-f', file('asked.krl', list), file('asked.pub', `${line}\n`))
  assert.match(stdout, status === 0 ? /: ok$/m : /: REVOKED$/m)
  const { type, blob } = parseKeyLine(line)
  const subject = type.includes('-cert') ? readSshCertificate(blob) : readSshPublicKey(blob)
  assert.equal(
    revocationOf(readKeyRevocationList(list), subject, hash) !== undefined,
    status !== 0,
    'we decide otherwise',
  )
  return status !== 0
}

const ofSerials = (serials: readonly SerialRange[], keyIds: readonly string[] = []) => ({
  certificates: [{ authority: keyOfAuthority, serials, keyIds }],
})
/** In one list, all three forms: numbers, a range, and a bitmap. */
const many = [2n, max - 1n, 5000n, 5002n, 5005n, 5009n, 5011n, 5012n, 5020n]
  .map(serial)
  .concat({ first: 100n, last: 4000n })

suite('lists of ours, asked by ssh-keygen', withSshKeygen, () => {
  const written = (values: Partial<NewKeyRevocationList>) =>
    writeKeyRevocationList({
      version: 7n,
      generatedAt: Temporal.Instant.from('2026-01-02T03:04:05Z'),
      comment: 'ours',
      ...values,
    })

  for (const [what, values, revoked, others] of [
    ['nothing', {}, [], [certificate(1n), lineOf(alice)]],
    [
      'a key',
      { keys: [writeSshPublicKey(alice)] },
      [lineOf(alice), certificate(1n)],
      [lineOf(bob), lineOf(authority.key)],
    ],
    [
      'a key by its SHA-256',
      { sha256: [hash('SHA-256', writeSshPublicKey(bob)), hash('SHA-256', writeSshPublicKey(alice))] },
      [lineOf(alice), lineOf(bob), certificate(1n)],
      [lineOf(authority.key)],
    ],
    [
      'a key by its SHA-1',
      { sha1: [hash('SHA-1', writeSshPublicKey(alice))] },
      [lineOf(alice), certificate(1n)],
      [lineOf(bob)],
    ],
    [
      'an authority',
      { keys: [keyOfAuthority] },
      [lineOf(authority.key), certificate(1n)],
      [lineOf(alice), certificate(1n, 'alice', other)],
    ],
    [
      'an identifier',
      ofSerials([], ['alice', 'zoe']),
      [certificate(1n)],
      [certificate(1n, 'alic'), certificate(1n, 'alice', other), lineOf(alice)],
    ],
    [
      'an identifier of all authorities',
      { certificates: [{ serials: [], keyIds: ['alice'] }] },
      [certificate(1n), certificate(1n, 'alice', other)],
      [certificate(1n, 'bob')],
    ],
    [
      'numbers, a range and a bitmap',
      ofSerials(many),
      [2n, 100n, 4000n, 2000n, 5000n, 5011n, 5012n, 5020n, max - 1n].map((n) => certificate(n)),
      [
        ...[1n, 3n, 99n, 4001n, 4999n, 5001n, 5013n, 5021n, max].map((n) => certificate(n)),
        certificate(2n, 'alice', other),
      ],
    ],
    [
      'every number',
      ofSerials([{ first: 1n, last: max }]),
      [certificate(1n), certificate(max)],
      [certificate(1n, 'alice', other)],
    ],
  ] as const)
    test(what, () => {
      const list = written(values)
      for (const line of revoked) assert.equal(isRevoked(list, line), true, line)
      for (const line of others) assert.equal(isRevoked(list, line), false, line)
    })

  test('is told by ssh-keygen as we tell it', () => {
    const text = sshKeygen('-Q', '-l', '-f', file('told.krl', written(ofSerials(many, ['alice']))))
    assert.match(text, /^# KRL version 7$/m)
    assert.match(text, /^# Generated at 20260102T030405$/m)
    const told = [...text.matchAll(/^serial: (\d+)(?:-(\d+))?$/gm)].map(
      ([, first = '', last = first]) => `${first}-${last}`,
    )
    const ours = readKeyRevocationList(written(ofSerials(many))).certificates[0]?.serials
    assert.deepEqual(
      told,
      ours?.map(({ first, last }) => `${first}-${last}`),
    )
    assert.match(text, /^id: alice$/m)
  })

  test('of random numbers near each other, is told by ssh-keygen whole', () => {
    const below = numbersFrom(20_261_127)
    for (const spread of [2, 5, 40, 3000]) {
      const numbers: bigint[] = []
      for (let at = 1n; numbers.length < 400; at += BigInt(1 + below(spread))) numbers.push(at)
      const text = sshKeygen('-Q', '-l', '-f', file('random.krl', written(ofSerials(numbers.map(serial)))))
      const told = [...text.matchAll(/^serial: (\d+)(?:-(\d+))?$/gm)].flatMap(([, first = '', last = first]) =>
        Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => BigInt(first) + BigInt(i)),
      )
      assert.deepEqual(told, numbers, `numbers up to ${spread} apart`)
    }
  })
})

suite('lists of ssh-keygen, read by us', withSshKeygen, () => {
  /** Makes a list by what `ssh-keygen -k` is told. */
  const made = (specification: string, ...args: string[]) => {
    const path = file('theirs.krl')
    sshKeygen('-q', '-k', '-f', path, ...args, file('specification', specification))
    return new Uint8Array(readFileSync(path))
  }
  const ofAuthority = () => ['-s', file('authority.pub', `${lineOf(authority.key)}\n`)]

  test('with serial numbers in all forms, and identifiers', () => {
    const specification = [
      ...many.map(({ first, last }) => `serial: ${first === last ? first : `${first}-${last}`}`),
      'id: zoe',
      'id: alice',
    ].join('\n')
    const list = readKeyRevocationList(made(`${specification}\n`, ...ofAuthority(), '-z', '9'))
    assert.equal(list.version, 9n)
    const ranges = [
      serial(2n),
      { first: 100n, last: 4000n },
      ...[5000n, 5002n, 5005n, 5009n].map(serial),
      { first: 5011n, last: 5012n },
      serial(5020n),
      serial(max - 1n),
    ]
    assert.deepEqual(list.certificates, [{ authority: keyOfAuthority, serials: ranges, keyIds: ['alice', 'zoe'] }])
  })

  test('with serial numbers that it writes as bitmaps', () => {
    const numbers = Array.from({ length: 200 }, (_, i) => BigInt(1000 + 2 * i))
    const octets = made(`${numbers.map((n) => `serial: ${n}`).join('\n')}\n`, ...ofAuthority())
    // 200 numbers of 8 octets each would not fit.
    assert.ok(octets.length < 500, `${octets.length}`)
    assert.deepEqual(readKeyRevocationList(octets).certificates[0]?.serials, numbers.map(serial))
  })

  test('with keys and hashes', () => {
    const lines = `key: ${lineOf(bob)}\nsha256: ${lineOf(alice)}\nsha256: ${lineOf(bob)}\nsha1: ${lineOf(alice)}\n`
    const octets = made(lines)
    const list = readKeyRevocationList(octets)
    assert.deepEqual(list.keys, [writeSshPublicKey(bob)])
    const sorted = [alice, bob].map((key) => hash('SHA-256', writeSshPublicKey(key)).toHex()).toSorted()
    assert.deepEqual(
      list.sha256.map((value) => value.toHex()),
      sorted,
    )
    assert.deepEqual(list.sha1, [hash('SHA-1', writeSshPublicKey(alice))])
    for (const [line, revoked] of [
      [lineOf(alice), true],
      [lineOf(bob), true],
      [certificate(1n), true],
      [lineOf(authority.key), false],
    ] as const)
      assert.equal(isRevoked(octets, line), revoked, line)
  })

  test('with a key that we would not read', () => {
    const { path } = generateSshKey('strong', 'ed25519')
    sshKeygen('-q', '-t', 'rsa', '-b', '1024', '-N', '', '-f', file('weak'))
    const weak = parseKeyLine(readFileSync(file('weak.pub'), 'utf8').trimEnd()).blob
    assert.throws(() => readSshPublicKey(weak), { code: 'ERR_SSH_KEY_RSA_SIZE' })
    sshKeygen('-q', '-k', '-f', file('weak.krl'), file('weak.pub'), `${path}.pub`)
    const { keys } = readKeyRevocationList(new Uint8Array(readFileSync(file('weak.krl'))))
    assert.deepEqual(
      keys.map((key) => key.toHex()).toSorted(),
      [parseKeyLine(readFileSync(`${path}.pub`, 'utf8').trimEnd()).blob, weak].map((key) => key.toHex()).toSorted(),
    )
  })

  test('of nothing', () => {
    const { certificates, keys } = readKeyRevocationList(made(''))
    assert.deepEqual([certificates, keys], [[], []])
  })

  test('and it refuses what we refuse', () => {
    const list = made('serial: 5\n', ...ofAuthority())
    for (const [what, octets] of [
      ['another format', list.with(11, 2)],
      ['a section of no type', Uint8Array.of(...list, 9, 0, 0, 0, 0)],
      ['a list that ends early', list.subarray(0, -1)],
      ['serial number 0', list.with(-1, 0)],
    ] as const) {
      const { status } = runSshKeygen('-Q', '-f', file('refused.krl', octets), file('asked.pub', `${lineOf(alice)}\n`))
      assert.equal(status, 255, what)
      assert.throws(() => readKeyRevocationList(octets), { name: 'SshError' }, what)
    }
  })
})
