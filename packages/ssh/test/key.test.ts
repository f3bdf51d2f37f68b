import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  formatAuthorizedKey,
  formatFingerprint,
  formatKeyLine,
  parseAuthorizedKey,
  parseFingerprint,
  parseKeyLine,
  readSshPublicKey,
  readSshSignature,
  type SshPublicKey,
  sshKeyTypeOf,
  sshSignatureAlgorithmsOf,
  writeSshPublicKey,
  writeSshSignature,
} from '@countersign/ssh'
import { certificateOf, ed25519, joined, keyOf, octets, p256, point, rsa, skEd25519, str } from './frames.ts'

suite('keys', () => {
  const p384 = keyOf('ecdsa-sha2-nistp384', str('nistp384'), str(point(97)))
  const p521 = keyOf('ecdsa-sha2-nistp521', str('nistp521'), str(point(133)))
  const skP256 = keyOf('sk-ecdsa-sha2-nistp256@openssh.com', str('nistp256'), str(point(65)), str('ssh:'))
  const modulus = Uint8Array.of(0x80, ...new Uint8Array(254), 1)
  for (const [blob, type, key] of [
    [ed25519, 'ssh-ed25519', { kind: 'Ed25519', key: new Uint8Array(32).fill(7) }],
    [p256, 'ecdsa-sha2-nistp256', { kind: 'EC', curve: 'P-256', point: point(65) }],
    [p384, 'ecdsa-sha2-nistp384', { kind: 'EC', curve: 'P-384', point: point(97) }],
    [p521, 'ecdsa-sha2-nistp521', { kind: 'EC', curve: 'P-521', point: point(133) }],
    [rsa(2048), 'ssh-rsa', { kind: 'RSA', modulus, publicExponent: octets('010001') }],
    [rsa(2048, '03'), 'ssh-rsa', { kind: 'RSA', modulus, publicExponent: octets('03') }],
    [
      skEd25519,
      'sk-ssh-ed25519@openssh.com',
      { kind: 'sk-Ed25519', key: new Uint8Array(32).fill(7), application: 'ssh:' },
    ],
    [
      skP256,
      'sk-ecdsa-sha2-nistp256@openssh.com',
      { kind: 'sk-EC', curve: 'P-256', point: point(65), application: 'ssh:' },
    ],
  ] as const satisfies readonly (readonly [Uint8Array, string, SshPublicKey])[])
    test(`${type}, ${blob.length} octets`, () => {
      assert.deepEqual(readSshPublicKey(blob), key)
      assert.deepEqual(writeSshPublicKey(key), blob)
      assert.equal(sshKeyTypeOf(key), type)
    })

  test('a modulus of 2049 bits and one of 16384', () => {
    for (const bits of [2049, 16_384]) assert.deepEqual(writeSshPublicKey(readSshPublicKey(rsa(bits))), rsa(bits))
  })

  test('a security key makes no signature that we read', () => {
    assert.deepEqual(sshSignatureAlgorithmsOf(readSshPublicKey(skEd25519)), [])
  })
})

suite('signatures', () => {
  const halves = (r: string, s: string) => octets(r.padStart(64, '0') + s.padStart(64, '0'))
  for (const [what, blob, signature] of [
    [
      'Ed25519',
      joined(str('ssh-ed25519'), str(new Uint8Array(64).fill(5))),
      { algorithm: 'ssh-ed25519', octets: new Uint8Array(64).fill(5) },
    ],
    [
      'ECDSA with a short r, and an s that would be below zero',
      joined(str('ecdsa-sha2-nistp256'), str(str(octets('01')), str(octets(`00${'ff'.repeat(32)}`)))),
      { algorithm: 'ecdsa-sha2-nistp256', octets: halves('01', 'ff'.repeat(32)) },
    ],
    [
      'RSA that begins with a zero',
      joined(str('rsa-sha2-256'), str(octets('0001'))),
      { algorithm: 'rsa-sha2-256', octets: octets('0001') },
    ],
  ] as const)
    test(what, () => {
      assert.deepEqual(readSshSignature(blob), signature)
      assert.deepEqual(writeSshSignature(signature), blob)
    })
})

suite('lines', () => {
  const base64 = ed25519.toBase64()
  const key = readSshPublicKey(ed25519)
  for (const [what, line, options, comment] of [
    ['a key alone', `ssh-ed25519 ${base64}`, [], ''],
    ['a key with a comment', `ssh-ed25519 ${base64} alice at home`, [], 'alice at home'],
    ['a key with options', `restrict,pty ssh-ed25519 ${base64} a`, [{ name: 'restrict' }, { name: 'pty' }], 'a'],
    [
      'options with values, quotation marks, commas and spaces',
      `command="echo \\"a, b\\" \\n",from="192.0.2.0/24,!192.0.2.1" ssh-ed25519 ${base64}`,
      [
        { name: 'command', value: 'echo "a, b" \\n' },
        { name: 'from', value: '192.0.2.0/24,!192.0.2.1' },
      ],
      '',
    ],
    [
      'an option of no value, and one of an empty one',
      `cert-authority,principals="" ssh-ed25519 ${base64}`,
      [{ name: 'cert-authority' }, { name: 'principals', value: '' }],
      '',
    ],
    [
      'an option that has a key in it',
      `command="ssh-ed25519 ${base64}" ssh-ed25519 ${base64}`,
      [{ name: 'command', value: `ssh-ed25519 ${base64}` }],
      '',
    ],
  ] as const)
    test(what, () => {
      assert.deepEqual(parseAuthorizedKey(line), { options, key, comment })
      assert.equal(formatAuthorizedKey({ options, key, comment }), line)
    })

  test('tabs and more spaces between the parts', () => {
    assert.deepEqual(parseAuthorizedKey(`restrict \tssh-ed25519  ${base64}\t a `), {
      options: [{ name: 'restrict' }],
      key,
      comment: 'a',
    })
  })

  test('a certificate', () => {
    const blob = certificateOf()
    const type = 'ssh-ed25519-cert-v01@openssh.com'
    const line = `${type} ${blob.toBase64()} a`
    assert.deepEqual(parseKeyLine(line), { options: [], type, blob, comment: 'a' })
    assert.equal(formatKeyLine({ blob, comment: 'a' }), line)
  })
})

test('a fingerprint', () => {
  const sha256 = octets('ff'.repeat(32))
  // 255 bits in 42 characters and a half: the last has four bits of the hash.
  assert.equal(formatFingerprint(sha256), `SHA256:${'/'.repeat(42)}8`)
  assert.deepEqual(parseFingerprint(`SHA256:${'/'.repeat(42)}8`), sha256)
})
