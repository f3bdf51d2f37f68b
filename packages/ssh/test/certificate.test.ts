import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  extensionOption,
  forceCommandOption,
  inOrder,
  readSshCertificate,
  readSshTbsCertificate,
  SSH_EXTENSIONS,
  type SshTbsCertificate,
  sourceAddressOption,
  verifyRequiredOption,
  writeSshCertificate,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { checkSshSignature, newSshKey, type SshKeyKind } from '../../../tools/testing/ssh-keys.ts'
import { certificateOf, octets, options, skEd25519, str, tbsOf, u32, u64 } from './frames.ts'
import { SOUND } from './sound.ts'

const write = (changed: Partial<SshTbsCertificate>) => writeSshTbsCertificate({ ...SOUND, ...changed })

suite('what is to be signed', () => {
  // Left: octets put together by hand. Right: the values.
  for (const [what, expected, values] of [
    ['a user', tbsOf(), {}],
    [
      'a host',
      tbsOf({ role: u32(2), principals: str(str('a.example'), str('192.0.2.1')) }),
      { role: 'host', principals: ['a.example', '192.0.2.1'] },
    ],
    ['the largest serial number', tbsOf({ serial: u64(0xffff_ffff_ffff_ffffn) }), { serial: 0xffff_ffff_ffff_ffffn }],
    ['no beginning', tbsOf({ validAfter: u64(0n) }), { validAfter: 'always' }],
    ['no end', tbsOf({ validBefore: u64(0xffff_ffff_ffff_ffffn) }), { validBefore: 'forever' }],
    ['a fraction of a second, cut off', tbsOf(), { validBefore: Temporal.Instant.from('2027-01-15T08:00:00.9Z') }],
    ['an identifier in other letters', tbsOf({ keyId: str('Ärztin 李') }), { keyId: 'Ärztin 李' }],
    ['a user with a star', tbsOf({ principals: str(str('a*')) }), { principals: ['a*'] }],
    [
      'a command and sources',
      tbsOf({
        criticalOptions: options(['force-command', str('ls -l')], ['source-address', str('192.0.2.0/24,2001:db8::1')]),
      }),
      { criticalOptions: [forceCommandOption('ls -l'), sourceAddressOption(['192.0.2.0/24', '2001:db8::1'])] },
    ],
    [
      'permissions, put in order',
      tbsOf({ extensions: options(['permit-X11-forwarding'], ['permit-agent-forwarding'], ['permit-pty']) }),
      {
        extensions: inOrder([
          extensionOption('permit-pty'),
          extensionOption('permit-agent-forwarding'),
          extensionOption('permit-X11-forwarding'),
        ]),
      },
    ],
    [
      "an extension of somebody's own",
      tbsOf({ extensions: options(['a@example.com', octets('01')]) }),
      { extensions: [{ name: 'a@example.com', data: octets('01') }] },
    ],
    [
      'a key in hardware whose user is verified',
      tbsOf({
        type: str('sk-ssh-ed25519-cert-v01@openssh.com'),
        key: skEd25519.subarray(30),
        criticalOptions: options(['verify-required']),
        extensions: options(['no-touch-required']),
      }),
      {
        key: { kind: 'sk-Ed25519', key: new Uint8Array(32).fill(7), application: 'ssh:' },
        criticalOptions: [verifyRequiredOption()],
        extensions: [extensionOption('no-touch-required')],
      },
    ],
  ] as const satisfies readonly (readonly [string, Uint8Array, Partial<SshTbsCertificate>])[])
    test(what, () => assert.equal(write(values).toHex(), expected.toHex()))

  test('every extension of the draft stands in its order', () => {
    assert.deepEqual(
      inOrder(SSH_EXTENSIONS.toReversed().map(extensionOption)).map(({ name }) => name),
      SSH_EXTENSIONS,
    )
  })
})

suite('what is read, and not written', () => {
  test('no principals', () => {
    assert.deepEqual(readSshCertificate(certificateOf({ principals: str() })).principals, [])
  })
  test('serial number 0', () => {
    assert.equal(readSshCertificate(certificateOf({ serial: u64(0n) })).serial, 0n)
  })
  test('an end before its beginning', () => {
    const { validAfter, validBefore } = readSshCertificate(certificateOf({ validBefore: u64(1n) }))
    assert.deepEqual([String(validAfter), String(validBefore)], ['2023-11-14T22:13:20Z', '1970-01-01T00:00:01Z'])
  })
  test('a reserved field that is not empty', () => {
    assert.equal(readSshCertificate(certificateOf({ reserved: str('later') })).reserved.toHex(), '6c61746572')
  })
  test('critical options that are not known, by their names', () => {
    const criticalOptions = options(['a@example.com', octets('01')], ['force-command', str('ls')])
    const certificate = readSshCertificate(certificateOf({ criticalOptions }))
    assert.deepEqual(certificate.unknownCriticalOptions, ['a@example.com'])
    assert.equal(certificate.forceCommand, 'ls')
  })
  test('for a host no critical option is known', () => {
    const criticalOptions = options(['force-command', str('ls')])
    const certificate = readSshCertificate(certificateOf({ role: u32(2), criticalOptions }))
    assert.deepEqual(certificate.unknownCriticalOptions, ['force-command'])
    assert.equal(certificate.forceCommand, undefined)
  })
  test('an extension that is not known, with a value', () => {
    const extensions = options(['permit-everything', str('all')])
    assert.equal(readSshCertificate(certificateOf({ extensions })).extensions[0]?.name, 'permit-everything')
  })
})

suite('signed', () => {
  const kinds: readonly SshKeyKind[] = ['Ed25519', 'P-256', 'P-384', 'P-521', 'RSA-2048']
  for (const kind of kinds)
    test(`by ${kind}`, () => {
      const authority = newSshKey(kind)
      const tbs = write({ signatureKey: authority.key })
      const certificate = readSshCertificate(writeSshCertificate(tbs, authority.sign(tbs)))
      assert.equal(checkSshSignature(certificate.signatureKey, certificate.signature, certificate.tbs), true)
      assert.deepEqual(readSshTbsCertificate(tbs).signatureKey, authority.key)
    })
  test('by RSA with SHA-256', () => {
    const authority = newSshKey('RSA-2048')
    const tbs = write({ signatureKey: authority.key })
    const { signature } = readSshCertificate(writeSshCertificate(tbs, authority.sign(tbs, 'rsa-sha2-256')))
    assert.equal(signature.algorithm, 'rsa-sha2-256')
    assert.equal(checkSshSignature(authority.key, signature, tbs), true)
    assert.equal(checkSshSignature(authority.key, { ...signature, algorithm: 'rsa-sha2-512' }, tbs), false)
  })
})
