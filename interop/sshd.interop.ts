// What sshd and ssh do with certificates and revocation lists of ours: whom they accept, and whom they refuse.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  type AuthorizedKeyOption,
  extensionOption,
  forceCommandOption,
  formatAuthorizedKey,
  formatKeyLine,
  type NewKeyRevocationList,
  type SshTbsCertificate,
  sourceAddressOption,
  writeKeyRevocationList,
  writeSshCertificate,
  writeSshPublicKey,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { newSshKey, type SshKey } from '../tools/testing/ssh-keys.ts'
import { file, fingerprintOf, generateSshKey } from './ssh.ts'
import { meetSshd, type SshdMeeting, username, withSshd } from './sshd.ts'

const users = newSshKey('P-256')
const hosts = newSshKey('Ed25519')
const [alice, host] =
  withSshd.skip === undefined ? [generateSshKey('alice', 'ed25519'), generateSshKey('host', 'ed25519')] : []
const now = Temporal.Now.instant().round('second')

/** The file of a certificate, of which only what is `changed` is not sound. */
function certificateFile(name: string, changed: Partial<SshTbsCertificate>, authority: SshKey): string {
  const tbs = writeSshTbsCertificate({
    nonce: new Uint8Array(randomBytes(32)),
    key: alice?.key ?? assert.fail(),
    serial: 4711n,
    role: 'user',
    keyId: 'alice at her laptop',
    principals: [username],
    validAfter: now.subtract({ minutes: 5 }),
    validBefore: now.add({ hours: 1 }),
    criticalOptions: [],
    extensions: [],
    signatureKey: authority.key,
    ...changed,
  })
  return file(name, `${formatKeyLine({ blob: writeSshCertificate(tbs, authority.sign(tbs)) })}\n`)
}

const userCertificate = (changed: Partial<SshTbsCertificate> = {}, authority = users) =>
  certificateFile('alice-cert.pub', changed, authority)
const hostCertificate = (changed: Partial<SshTbsCertificate> = {}, authority = hosts) =>
  certificateFile(
    'host-cert.pub',
    { key: host?.key ?? assert.fail(), role: 'host', principals: ['127.0.0.1'], ...changed },
    authority,
  )
const listOf = (values: Partial<NewKeyRevocationList>) =>
  file('revoked.krl', writeKeyRevocationList({ version: 1n, generatedAt: now, ...values }))
const ofUsers = (serials: readonly bigint[], keyIds: readonly string[] = []) => ({
  certificates: [
    { authority: writeSshPublicKey(users.key), serials: serials.map((n) => ({ first: n, last: n })), keyIds },
  ],
})

const server = (more: Readonly<Record<string, string>> = {}) => ({
  HostKey: host?.path ?? '',
  TrustedUserCAKeys: file('users.pub', `${formatAuthorizedKey({ key: users.key })}\n`),
  ...more,
})
const client = (more: Readonly<Record<string, string>> = {}) => ({
  BatchMode: 'yes',
  IdentitiesOnly: 'yes',
  // The quickest: what keys are agreed by is not asked here.
  KexAlgorithms: 'curve25519-sha256',
  IdentityAgent: 'none',
  IdentityFile: alice?.path ?? '',
  GlobalKnownHostsFile: 'none',
  StrictHostKeyChecking: 'yes',
  UserKnownHostsFile: file('known_hosts', `* ${formatAuthorizedKey({ key: host?.key ?? assert.fail() })}\n`),
  ...more,
})

/** Alice asks for a word. */
const meet = (certificate: string, more: Readonly<Record<string, string>> = {}): Promise<SshdMeeting> =>
  meetSshd(server(more), client({ CertificateFile: certificate }), 'echo', 'hello')

suite('sshd and certificates of users', withSshd, () => {
  test('one of ours is accepted, and the log has what stands in it', async () => {
    const { code, stdout, log } = await meet(userCertificate())
    assert.deepEqual([code, stdout], [0, 'hello\n'], log)
    const [key, authority] = [fingerprintOf(alice?.key ?? assert.fail()), fingerprintOf(users.key)]
    const words = `ED25519-CERT ${key} ID alice at her laptop (serial 4711) CA ECDSA ${authority}`
    assert.ok(log.includes(words), log)
  })

  test('a command that is forced runs, whatever is asked for', async () => {
    const { code, stdout, log } = await meet(userCertificate({ criticalOptions: [forceCommandOption('echo forced')] }))
    assert.deepEqual([code, stdout], [0, 'forced\n'], log)
  })

  for (const [what, permissions, ended, said] of [
    ['a terminal that is permitted is given', ['permit-pty'], 0, /^$/],
    ['a terminal that is not permitted is not given', [], 255, /PTY allocation request failed/],
  ] as const)
    test(what, async () => {
      const certificate = userCertificate({ extensions: permissions.map((name) => extensionOption(name)) })
      const { code, stderr } = await meetSshd(
        server(),
        client({ CertificateFile: certificate, RequestTTY: 'force', LogLevel: 'ERROR' }),
        'true',
      )
      assert.equal(code, ended, stderr)
      assert.match(stderr.trim(), said)
    })

  test('from an address that it names it is accepted', async () => {
    const { code, log } = await meet(
      userCertificate({ criticalOptions: [sourceAddressOption(['192.0.2.1', '127.0.0.0/8'])] }),
    )
    assert.equal(code, 0, log)
  })

  test('a list of ours that revokes others lets it pass', async () => {
    const { code, log } = await meet(userCertificate(), { RevokedKeys: listOf(ofUsers([4710n, 4712n], ['bob'])) })
    assert.equal(code, 0, log)
  })

  for (const [what, changed, reason] of [
    ['for another principal', { principals: ['somebody-else'] }, /name is not a listed principal/],
    ['that ran out', { validBefore: now.subtract({ minutes: 1 }) }, /Certificate invalid: expired/],
    ['that is not yet in force', { validAfter: now.add({ minutes: 30 }) }, /Certificate invalid: not yet valid/],
    // ssh itself does not offer it: it tries the bare key.
    ['of a host', { role: 'host' }, /Failed publickey .* ED25519 SHA256/],
    [
      'for another place',
      { criticalOptions: [sourceAddressOption(['192.0.2.0/24'])] },
      /not from a permitted source address/,
    ],
  ] as const satisfies readonly (readonly [string, Partial<SshTbsCertificate>, RegExp])[])
    test(`one ${what} is refused`, async () => refused(await meet(userCertificate(changed)), reason))

  test('one of another authority is refused', async () => {
    refused(
      await meet(userCertificate({}, newSshKey('P-256'))),
      /Failed publickey|Connection closed by authenticating user/,
    )
  })

  for (const [what, values] of [
    ['its number', ofUsers([4711n])],
    ['its identifier', ofUsers([], ['alice at her laptop'])],
    ['its authority', { keys: [writeSshPublicKey(users.key)] }],
  ] as const)
    test(`one that a list of ours revokes by ${what} is refused`, async () =>
      refused(await meet(userCertificate(), { RevokedKeys: listOf(values) }), /revoked by file/))

  test('an authority in a line of authorized_keys counts for the principals that it names', async () => {
    const options: readonly AuthorizedKeyOption[] = [
      { name: 'cert-authority' },
      { name: 'principals', value: 'deploy' },
      { name: 'command', value: 'echo "a, b"' },
    ]
    const AuthorizedKeysFile = file(
      'authorized_keys',
      `${formatAuthorizedKey({ options, key: users.key, comment: 'users' })}\n`,
    )
    const { code, stdout, log } = await meet(userCertificate({ principals: ['deploy'] }), {
      TrustedUserCAKeys: 'none',
      AuthorizedKeysFile,
    })
    assert.deepEqual([code, stdout], [0, 'a, b\n'], log)
    refused(
      await meet(userCertificate(), { TrustedUserCAKeys: 'none', AuthorizedKeysFile }),
      /Certificate (?:invalid|does not contain)/,
    )
  })
})

function refused({ code, stdout, stderr, log }: SshdMeeting, reason: RegExp): void {
  assert.deepEqual([code, stdout], [255, ''], log)
  assert.match(stderr, /Permission denied \(publickey/)
  assert.match(log, reason)
}

suite('ssh and certificates of hosts', withSshd, () => {
  /** Alice knows the authority of hosts, and no host. */
  const meetHost = (certificate: string, more: Readonly<Record<string, string>> = {}) =>
    meetSshd(
      server({ HostCertificate: certificate }),
      client({
        CertificateFile: userCertificate(),
        UserKnownHostsFile: file('authorities', `@cert-authority * ${formatAuthorizedKey({ key: hosts.key })}\n`),
        ...more,
      }),
      'echo',
      'hello',
    )

  test('one of ours is accepted', async () => {
    const { code, stdout, stderr } = await meetHost(hostCertificate())
    assert.deepEqual([code, stdout], [0, 'hello\n'], stderr)
  })

  for (const [what, changed, reason] of [
    ['for another host', { principals: ['a.example'] }, /name is not a listed principal/],
    ['that ran out', { validBefore: now.subtract({ minutes: 1 }) }, /Certificate invalid: expired/],
    ['of a user', { role: 'user' }, /not a host certificate/],
  ] as const satisfies readonly (readonly [string, Partial<SshTbsCertificate>, RegExp])[])
    test(`one ${what} is refused`, async () => {
      const { code, stdout, stderr } = await meetHost(hostCertificate(changed))
      assert.deepEqual([code, stdout], [255, ''])
      assert.match(stderr, reason)
    })

  test('one of another authority is refused', async () => {
    const { code, stderr } = await meetHost(hostCertificate({}, users))
    assert.equal(code, 255)
    assert.match(stderr, /Host key verification failed/)
  })

  test('one that a list of ours revokes is refused', async () => {
    const revoked = {
      certificates: [{ authority: writeSshPublicKey(hosts.key), serials: [{ first: 4711n, last: 4711n }], keyIds: [] }],
    }
    const { code, stderr } = await meetHost(hostCertificate(), { RevokedHostKeys: listOf(revoked) })
    assert.equal(code, 255)
    assert.match(stderr, /is marked as revoked|revoked by file|REVOKED/i)
  })
})
