// SSH certificates: ours read by ssh-keygen, its by us.
import assert from 'node:assert/strict'
import { randomBytes, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  extensionOption,
  forceCommandOption,
  formatKeyLine,
  inOrder,
  parseKeyLine,
  readSshCertificate,
  SSH_EXTENSIONS,
  SSH_SIGNATURE_ALGORITHMS,
  type SshCertificate,
  type SshPublicKey,
  type SshTbsCertificate,
  sourceAddressOption,
  sshKeyTypeOf,
  verifyRequiredOption,
  writeSshCertificate,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { readEcdsaSignature } from '@countersign/x509'
import { checkSshSignature, newSshKey, type SshKey, type SshKeyKind } from '../tools/testing/ssh-keys.ts'
import { file, fingerprintOf, generateSshKey, runSshKeygen, SSH_TYPES, sshKeygen, withSshKeygen } from './ssh.ts'

/** ssh-keygen's own names of types. */
const SHORT: Readonly<Record<string, string>> = {
  'ssh-ed25519': 'ED25519',
  'ecdsa-sha2-nistp256': 'ECDSA',
  'ecdsa-sha2-nistp384': 'ECDSA',
  'ecdsa-sha2-nistp521': 'ECDSA',
  'ssh-rsa': 'RSA',
  'sk-ssh-ed25519@openssh.com': 'ED25519-SK',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'ECDSA-SK',
}
const KINDS: readonly SshKeyKind[] = ['Ed25519', 'P-256', 'P-384', 'P-521', 'RSA-2048']
const p256 = newSshKey('P-256').key
const inHardware: readonly SshPublicKey[] = [
  { kind: 'sk-Ed25519', key: new Uint8Array(32).fill(1), application: 'ssh:' },
  { kind: 'sk-EC', curve: 'P-256', point: p256.kind === 'EC' ? p256.point : assert.fail(), application: 'ssh:' },
]

const user = {
  nonce: new Uint8Array(randomBytes(32)),
  serial: 0xffff_ffff_ffff_fffen,
  role: 'user',
  keyId: 'alice at her laptop',
  principals: ['alice', 'alice-admin'],
  validAfter: Temporal.Instant.from('2026-01-02T03:04:05Z'),
  validBefore: Temporal.Instant.from('2038-12-31T23:59:59Z'),
  criticalOptions: [forceCommandOption('ls -l "a b"'), sourceAddressOption(['192.0.2.0/24', '2001:db8::1'])],
  extensions: inOrder(
    ['permit-pty', 'permit-X11-forwarding', 'permit-user-rc'].map((name) => extensionOption(name as 'permit-pty')),
  ),
} as const

function signed(
  values: Omit<SshTbsCertificate, 'signatureKey'>,
  authority: SshKey,
  ...algorithm: Parameters<SshKey['sign']> extends [unknown, ...infer Rest] ? Rest : never
): Uint8Array {
  const tbs = writeSshTbsCertificate({ ...values, signatureKey: authority.key })
  return writeSshCertificate(tbs, authority.sign(tbs, ...algorithm))
}

/** What ssh-keygen tells of a certificate, without the name of its file. */
function toldBySshKeygen(blob: Uint8Array): readonly string[] {
  const path = file('ours-cert.pub', `${formatKeyLine({ blob })}\n`)
  return sshKeygen('-L', '-f', path)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
}

suite('certificates of ours, read by ssh-keygen', withSshKeygen, () => {
  const subjects = [...KINDS.map((kind) => newSshKey(kind).key), ...inHardware]
  for (const [i, key] of subjects.entries()) {
    const kind = KINDS[(i + 1) % KINDS.length] as SshKeyKind
    const type = sshKeyTypeOf(key)
    test(`for ${type}, signed by ${kind}`, () => {
      const authority = newSshKey(kind)
      const name = SHORT[sshKeyTypeOf(authority.key)]
      const algorithm = kind === 'RSA-2048' ? 'rsa-sha2-512' : sshKeyTypeOf(authority.key)
      assert.deepEqual(toldBySshKeygen(signed({ ...user, key }, authority)), [
        `Type: ${type.replace('@openssh.com', '')}-cert-v01@openssh.com user certificate`,
        `Public key: ${SHORT[type]}-CERT ${fingerprintOf(key)}`,
        `Signing CA: ${name} ${fingerprintOf(authority.key)} (using ${algorithm})`,
        'Key ID: "alice at her laptop"',
        'Serial: 18446744073709551614',
        'Valid: from 2026-01-02T03:04:05 to 2038-12-31T23:59:59',
        'Principals:',
        'alice',
        'alice-admin',
        'Critical Options:',
        'force-command ls -l "a b"',
        'source-address 192.0.2.0/24,2001:db8::1',
        'Extensions:',
        'permit-X11-forwarding',
        'permit-pty',
        'permit-user-rc',
      ])
    })
  }

  test('of a host, without an end, signed with SHA-256', () => {
    const authority = newSshKey('RSA-2048')
    const host = {
      ...user,
      role: 'host',
      key: p256,
      principals: ['a.example', '192.0.2.1'],
      serial: 1n,
      criticalOptions: [],
      extensions: [],
    } as const
    const blob = signed({ ...host, validAfter: 'always', validBefore: 'forever' }, authority, 'rsa-sha2-256')
    assert.deepEqual(toldBySshKeygen(blob), [
      'Type: ecdsa-sha2-nistp256-cert-v01@openssh.com host certificate',
      `Public key: ECDSA-CERT ${fingerprintOf(p256)}`,
      `Signing CA: RSA ${fingerprintOf(authority.key)} (using rsa-sha2-256)`,
      'Key ID: "alice at her laptop"',
      'Serial: 1',
      'Valid: forever',
      'Principals:',
      'a.example',
      '192.0.2.1',
      'Critical Options: (none)',
      'Extensions: (none)',
    ])
  })

  test('with all extensions, for a key in hardware whose user is verified', () => {
    const [key] = inHardware
    const values = {
      ...user,
      criticalOptions: [verifyRequiredOption()],
      extensions: SSH_EXTENSIONS.map(extensionOption),
    }
    const lines = toldBySshKeygen(signed({ ...values, key: key ?? assert.fail() }, newSshKey('Ed25519')))
    assert.deepEqual(lines.slice(9), ['Critical Options:', 'verify-required', 'Extensions:', ...SSH_EXTENSIONS])
  })

  for (const curve of ['P-256', 'P-384', 'P-521'] as const)
    test(`signed by ${curve} in the form of X.509, which is read first`, () => {
      const { privateKey, key } = newSshKey(curve)
      const tbs = writeSshTbsCertificate({ ...user, key: p256, signatureKey: key })
      const algorithm = `ecdsa-sha2-nist${curve.replace('-', '').toLowerCase() as 'p256' | 'p384' | 'p521'}` as const
      const { hash = '' } = SSH_SIGNATURE_ALGORITHMS[algorithm]
      const der = new Uint8Array(sign(hash.replace('-', ''), tbs, privateKey))
      const blob = writeSshCertificate(tbs, { algorithm, octets: readEcdsaSignature(der, curve) })
      assert.equal(toldBySshKeygen(blob)[2], `Signing CA: ECDSA ${fingerprintOf(key)} (using ${algorithm})`)
    })

  test('one whose signature is of other octets is refused by ssh-keygen, and read by us: we check none', () => {
    const blob = signed({ ...user, key: p256 }, newSshKey('Ed25519'))
    const changed = blob.with(-1, (blob.at(-1) ?? 0) ^ 1)
    const { status, stderr } = runSshKeygen(
      '-L',
      '-f',
      file('changed-cert.pub', `${formatKeyLine({ blob: changed })}\n`),
    )
    assert.notEqual(status, 0)
    assert.match(stderr, /is not a public key file|incorrect signature/)
    const { signatureKey, signature, tbs } = readSshCertificate(changed)
    assert.equal(checkSshSignature(signatureKey, signature, tbs), false)
  })
})

/** Signs by ssh-keygen, and reads what it wrote. */
function signedBySshKeygen(authority: string, subject: string, ...args: string[]): SshCertificate {
  sshKeygen('-q', '-s', authority, ...args, `${subject}.pub`)
  return readSshCertificate(parseKeyLine(readFileSync(`${subject}-cert.pub`, 'utf8').trimEnd()).blob)
}

suite('certificates of ssh-keygen, read by us', withSshKeygen, () => {
  for (const [i, type] of SSH_TYPES.entries())
    test(`for ${type.join(' ')}, to the last field`, () => {
      const subject = generateSshKey(`subject-${i}`, ...type)
      const authority = generateSshKey(`authority-${i}`, ...(SSH_TYPES[(i + 2) % SSH_TYPES.length] as typeof type))
      const options = [
        '-O',
        'clear',
        '-O',
        'permit-pty',
        '-O',
        'force-command=ls "a b"',
        '-O',
        'source-address=192.0.2.0/24,::1',
      ]
      const times = ['-V', '20260102030405:20381231235959', '-z', '18446744073709551615']
      const certificate = signedBySshKeygen(
        authority.path,
        subject.path,
        '-I',
        'Älice, at home',
        '-n',
        'alice,bob',
        ...times,
        ...options,
      )
      const { blob, tbs, signature, nonce, ...values } = certificate
      assert.deepEqual(values, {
        type: `${sshKeyTypeOf(subject.key)}-cert-v01@openssh.com`,
        key: subject.key,
        serial: 18446744073709551615n,
        role: 'user',
        keyId: 'Älice, at home',
        principals: ['alice', 'bob'],
        validAfter: Temporal.Instant.from('2026-01-02T03:04:05Z'),
        validBefore: Temporal.Instant.from('2038-12-31T23:59:59Z'),
        criticalOptions: [forceCommandOption('ls "a b"'), sourceAddressOption(['192.0.2.0/24', '::1'])],
        extensions: [extensionOption('permit-pty')],
        reserved: new Uint8Array(),
        signatureKey: authority.key,
        forceCommand: 'ls "a b"',
        sourceAddress: ['192.0.2.0/24', '::1'],
        verifyRequired: false,
        unknownCriticalOptions: [],
      })
      assert.equal(nonce.length, 32)
      assert.equal(checkSshSignature(authority.key, signature, tbs), true)
      assert.deepEqual(writeSshTbsCertificate(certificate), tbs)
      assert.deepEqual(writeSshCertificate(tbs, signature), blob)
    })

  const authority = withSshKeygen.skip === undefined ? generateSshKey('authority', 'rsa', '-b', '2048').path : ''
  const subject = withSshKeygen.skip === undefined ? generateSshKey('subject', 'ed25519').path : ''

  test('as it makes them unasked: every permission, no number, no end', () => {
    const certificate = signedBySshKeygen(authority, subject, '-I', 'a', '-n', 'alice')
    assert.deepEqual(
      certificate.extensions.map(({ name }) => name),
      SSH_EXTENSIONS.slice(1),
    )
    assert.deepEqual([certificate.serial, certificate.validAfter, certificate.validBefore], [0n, 'always', 'forever'])
    assert.equal(certificate.signature.algorithm, 'rsa-sha2-512')
    assert.throws(() => writeSshTbsCertificate(certificate), { code: 'ERR_SSH_CERT_SERIAL_ZERO' })
  })

  test('of a host, signed with SHA-256', () => {
    const certificate = signedBySshKeygen(
      authority,
      subject,
      '-h',
      '-t',
      'rsa-sha2-256',
      '-I',
      'a',
      '-z',
      '2',
      '-n',
      '*.example,192.0.2.1',
    )
    assert.equal(certificate.role, 'host')
    assert.deepEqual(certificate.principals, ['*.example', '192.0.2.1'])
    assert.deepEqual([certificate.criticalOptions, certificate.extensions], [[], []])
    assert.equal(certificate.signature.algorithm, 'rsa-sha2-256')
    assert.throws(() => writeSshTbsCertificate(certificate), { code: 'ERR_SSH_CERT_PRINCIPAL_PATTERN' })
  })

  test('for nobody by name, which is read and not written', () => {
    const certificate = signedBySshKeygen(authority, subject, '-I', 'a', '-z', '3')
    assert.deepEqual(certificate.principals, [])
    assert.throws(() => writeSshTbsCertificate(certificate), { code: 'ERR_SSH_CERT_PRINCIPALS_EMPTY' })
  })

  test("with somebody's own options", () => {
    const own = ['-O', 'critical:a@example.com=b', '-O', 'extension:c@example.com']
    const certificate = signedBySshKeygen(authority, subject, '-I', 'a', '-z', '4', '-n', 'alice', ...own)
    assert.deepEqual(certificate.unknownCriticalOptions, ['a@example.com'])
    assert.equal(certificate.extensions[0]?.name, 'c@example.com')
  })

  test('signed with SHA-1, which is refused', () => {
    assert.throws(() => signedBySshKeygen(authority, subject, '-t', 'ssh-rsa', '-I', 'a', '-z', '5', '-n', 'alice'), {
      code: 'ERR_SSH_SIGNATURE_SHA1',
    })
  })

  test('for a key of RSA with 1024 bits, which is refused', () => {
    sshKeygen('-q', '-t', 'rsa', '-b', '1024', '-N', '', '-f', file('weak'))
    assert.throws(() => signedBySshKeygen(authority, file('weak'), '-I', 'a', '-n', 'alice'), {
      code: 'ERR_SSH_KEY_RSA_SIZE',
    })
  })
})
