import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Identity } from '@countersign/protocol'
import {
  extensionOption,
  forceCommandOption,
  readSshTbsCertificate,
  type SshTbsCertificate,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import { lintSshCertificate } from '../../src/issuance/lint.ts'
import { buildSshCertificate, makeSshSerial } from '../../src/issuance/ssh-certificate.ts'
import { SSH_LINTS, type SshExpectation } from '../../src/issuance/ssh-lints.ts'
import { START } from '../support/core.ts'

const other = newSshKey('Ed25519').key
const expected: SshExpectation = {
  profile: 'ssh-user',
  key: newSshKey('Ed25519').key,
  party: 'alice',
  identities: [
    { kind: 'sshPrincipal', value: 'deploy' },
    { kind: 'sshPrincipal', value: 'alice' },
  ],
  signatureKey: newSshKey('P-256').key,
  now: START,
}
const nonce = Uint8Array.from(randomBytes(32))
const tbs = buildSshCertificate({ ...expected, serial: makeSshSerial(), nonce })
const read = readSshTbsCertificate(tbs)

const broken = (octets: Uint8Array, against = expected) => {
  const linted = lintSshCertificate(octets, against)
  return linted.ok ? [] : linted.findings.map(({ id }) => id)
}

/** For each lint, what it stops, and no other (but those in `also`, which the same change breaks by nature). */
const CASES: readonly {
  readonly lint: string
  readonly what: string
  readonly also?: readonly string[]
  readonly fields?: Partial<SshTbsCertificate>
  readonly against?: SshExpectation
}[] = [
  { lint: 'ssh-nonce', what: 'a short nonce', fields: { nonce: nonce.subarray(0, 16) } },
  { lint: 'ssh-serial', what: 'a small serial number', fields: { serial: 4711n } },
  {
    lint: 'ssh-role',
    what: "a host's certificate for a user",
    also: ['ssh-extensions'],
    fields: { role: 'host', extensions: [] },
  },
  { lint: 'ssh-key', what: 'another key', fields: { key: other } },
  { lint: 'ssh-key-id', what: 'another party', fields: { keyId: 'bob' } },
  { lint: 'ssh-principals', what: 'a principal that was not granted', fields: { principals: ['deploy', 'root'] } },
  { lint: 'ssh-principals', what: 'a principal more', fields: { principals: ['deploy', 'alice', 'root'] } },
  {
    lint: 'ssh-principal-form',
    what: 'a host name for a user, although it was granted',
    fields: { principals: ['db.localhost'] },
    against: { ...expected, identities: [{ kind: 'dNSName', value: 'db.localhost' } satisfies Identity] },
  },
  {
    lint: 'ssh-principal-form',
    what: 'a pattern, although it was granted',
    fields: { principals: ['dep*'] },
    against: { ...expected, identities: [{ kind: 'sshPrincipal', value: 'dep*' } satisfies Identity] },
  },
  { lint: 'ssh-validity', what: 'no end', fields: { validBefore: 'forever' } },
  { lint: 'ssh-validity', what: 'no beginning', fields: { validAfter: 'always' } },
  { lint: 'ssh-validity', what: 'an hour more', fields: { validBefore: START.add({ hours: 17 }) } },
  {
    lint: 'ssh-critical-options',
    what: 'an option that the profile does not have',
    fields: { criticalOptions: [forceCommandOption('true')] },
  },
  { lint: 'ssh-extensions', what: 'a permission less', fields: { extensions: [extensionOption('permit-pty')] } },
  {
    lint: 'ssh-extensions',
    what: 'the agent too',
    fields: { extensions: [extensionOption('permit-agent-forwarding'), ...read.extensions] },
  },
  { lint: 'ssh-signature-key', what: 'another issuer', fields: { signatureKey: other } },
]

suite('lints of SSH certificates', () => {
  test('what we build passes, for a user and for a host', () => {
    const linted = lintSshCertificate(tbs, expected)
    assert.ok(linted.ok, JSON.stringify(linted))
    assert.equal(linted.tbs, tbs, 'the octets themselves, not a copy')
    const host: SshExpectation = {
      ...expected,
      profile: 'ssh-host',
      identities: [
        { kind: 'dNSName', value: 'db.localhost' },
        { kind: 'iPAddress', value: '10.0.0.7' },
      ],
    }
    assert.deepEqual(broken(buildSshCertificate({ ...host, serial: makeSshSerial(), nonce }), host), [])
  })

  for (const { lint, what, also = [], fields = {}, against = expected } of CASES)
    test(`${lint} stops ${what}`, () => {
      assert.deepEqual(broken(writeSshTbsCertificate({ ...read, ...fields }), against).sort(), [lint, ...also].sort())
    })

  // What `writeSshTbsCertificate` does not write stands here as octets.
  test('ssh-to-sign stops a certificate without principals', () => {
    const [name] = expected.identities
    const one = buildSshCertificate({ ...expected, identities: [name!], serial: makeSshSerial(), nonce })
    const principals = Uint8Array.fromHex(`0000000a00000006${Buffer.from('deploy').toString('hex')}`)
    const at = Buffer.from(one).indexOf(principals)
    const none = Uint8Array.from([...one.subarray(0, at), 0, 0, 0, 0, ...one.subarray(at + principals.length)])
    assert.deepEqual(broken(none, { ...expected, identities: [] }), ['ssh-to-sign'])
  })

  test('ssh-reserved stops octets in the reserved field', () => {
    // It lies before the issuer's key: 4 octets of its length, 0, and those of the key, which begins with its own type.
    const key = Buffer.from(tbs).lastIndexOf(Buffer.from('ecdsa-sha2-nistp256')) - 8
    const filled = Uint8Array.from([...tbs.subarray(0, key - 4), 0, 0, 0, 1, 7, ...tbs.subarray(key)])
    assert.deepEqual(broken(filled), ['ssh-reserved'])
  })

  test('octets that are no certificate are stopped before any rule', () => {
    for (const octets of [tbs.subarray(0, tbs.length - 1), Uint8Array.from([...tbs, 0]), new Uint8Array()])
      assert.deepEqual(broken(octets), ['readable'])
  })

  test('every lint stops something here', () => {
    const stopped = new Set([...CASES.map(({ lint }) => lint), 'ssh-to-sign', 'ssh-reserved'])
    assert.deepEqual(
      SSH_LINTS.map(({ id }) => id).filter((id) => !stopped.has(id)),
      [],
    )
  })
})
