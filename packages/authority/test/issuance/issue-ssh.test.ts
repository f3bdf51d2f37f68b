import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Identity } from '@countersign/protocol'
import { type SshPublicKey, writeSshPublicKey } from '@countersign/ssh'
import { checkSshSignature, newSshKey, type SshKey, type SshKeyKind } from '../../../../tools/testing/ssh-keys.ts'
import type { SshProfileName } from '../../src/issuance/profiles.ts'
import { type Core, openCore, START } from '../support/core.ts'

const LOGIN: readonly Identity[] = [{ kind: 'sshPrincipal', value: 'deploy' }]
const HOST: readonly Identity[] = [
  { kind: 'dNSName', value: 'db.localhost' },
  { kind: 'iPAddress', value: '10.0.0.7' },
]
const spkiOf = ({ privateKey }: SshKey) =>
  Uint8Array.from(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }))

async function issue(
  { issue }: Core,
  key: SshPublicKey,
  {
    profile = 'ssh-user',
    names = LOGIN,
    party = 'alice',
  }: { profile?: SshProfileName; names?: readonly Identity[]; party?: string } = {},
) {
  return issue(
    { kind: 'ssh', publicKey: writeSshPublicKey(key), names, profile },
    { method: 'local', party, evidence: 'test' },
  )
}

const codeOf = (issued: Awaited<ReturnType<typeof issue>>) => (issued.ok ? 'ok' : issued.refusal.code)

suite('SSH certificates, by the one way', () => {
  for (const kind of ['Ed25519', 'P-256', 'P-384', 'RSA-2048'] as const)
    test(`a user's, for a ${kind} key: as the profile says, signed by the issuing key, recorded`, async (t) => {
      const core = await openCore(t)
      const { key } = newSshKey(kind)
      const issued = await issue(core, key)
      assert.ok(issued.ok)
      const { credential, recordId } = issued
      assert.equal(credential.role, 'user')
      assert.equal(credential.keyId, 'alice')
      assert.deepEqual(credential.principals, ['deploy'])
      assert.deepEqual(
        credential.extensions.map(({ name }) => name),
        ['permit-port-forwarding', 'permit-pty'],
      )
      assert.deepEqual(credential.criticalOptions, [])
      const second = START.round({ smallestUnit: 'second', roundingMode: 'floor' })
      assert.ok(credential.validAfter !== 'always' && credential.validAfter.equals(second.subtract({ minutes: 5 })))
      assert.ok(credential.validBefore !== 'forever' && credential.validBefore.equals(second.add({ hours: 16 })))
      assert.equal(checkSshSignature(credential.signatureKey, credential.signature, credential.tbs), true)
      const row = await core.store.certificates.byId(recordId)
      assert.equal(row?.profile, 'ssh-user')
      assert.deepEqual(row?.names, LOGIN)
      assert.equal(row?.der.toHex(), credential.blob.toHex())
      assert.equal(BigInt(`0x${row?.serial}`), credential.serial)
    })

  test("a host's has its names and its addresses, and permits nothing", async (t) => {
    const issued = await issue(await openCore(t), newSshKey('Ed25519').key, { profile: 'ssh-host', names: HOST })
    assert.ok(issued.ok)
    assert.equal(issued.credential.role, 'host')
    assert.deepEqual(issued.credential.principals, ['db.localhost', '10.0.0.7'])
    assert.deepEqual(issued.credential.extensions, [])
  })

  test('a key in hardware is for users', async (t) => {
    const core = await openCore(t)
    const [inner] = [newSshKey('Ed25519').key]
    assert.ok(inner.kind === 'Ed25519')
    const key: SshPublicKey = { kind: 'sk-Ed25519', key: inner.key, application: 'ssh:' }
    assert.equal(codeOf(await issue(core, key)), 'ok')
    assert.equal(codeOf(await issue(core, key, { profile: 'ssh-host', names: HOST })), 'ERR_ENROLL_KEY')
  })

  for (const [what, options, code] of [
    ['no principals', { names: [] }, 'ERR_ENROLL_NAME_MISSING'],
    ['no names of the host', { profile: 'ssh-host', names: [] }, 'ERR_ENROLL_NAME_MISSING'],
    ['a host name for a user', { names: HOST }, 'ERR_ENROLL_PROFILE'],
    ['a login name for a host', { profile: 'ssh-host', names: LOGIN }, 'ERR_ENROLL_PROFILE'],
    ['a pattern', { names: [{ kind: 'sshPrincipal', value: '*' }] }, 'ERR_ENROLL_PROFILE'],
    ['two principals in one', { names: [{ kind: 'sshPrincipal', value: 'alice,root' }] }, 'ERR_ENROLL_PROFILE'],
    [
      'a wildcard of hosts',
      { profile: 'ssh-host', names: [{ kind: 'dNSName', value: '*.localhost' }] },
      'ERR_ENROLL_PROFILE',
    ],
    [
      'a SPIFFE ID',
      { names: [...LOGIN, { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' }] },
      'ERR_ENROLL_PROFILE',
    ],
  ] as const)
    test(`${what}: refused`, async (t) => {
      assert.equal(codeOf(await issue(await openCore(t), newSshKey('Ed25519').key, options)), code)
    })

  for (const kind of ['P-521'] satisfies SshKeyKind[])
    test(`a ${kind} key is refused`, async (t) => {
      assert.equal(codeOf(await issue(await openCore(t), newSshKey(kind).key)), 'ERR_ENROLL_KEY')
    })

  test('octets that are no key are refused', async (t) => {
    const { issue } = await openCore(t)
    for (const publicKey of [new Uint8Array(), Uint8Array.from([0, 0, 0, 7, 1, 2, 3]), spkiOf(newSshKey('Ed25519'))]) {
      const proof = { method: 'local', party: 'alice', evidence: 'test' } as const
      const issued = await issue({ kind: 'ssh', publicKey, names: LOGIN, profile: 'ssh-user' }, proof)
      assert.ok(!issued.ok && issued.refusal.code === 'ERR_ENROLL_KEY')
    }
  })

  test('a key has one owner, whether it is written as SSH or as X.509', async (t) => {
    const core = await openCore(t)
    const key = newSshKey('P-256')
    await core.certify('bob', { publicKey: spkiOf(key) })
    assert.equal(codeOf(await issue(core, key.key)), 'ERR_ENROLL_KEY_TAKEN')
    assert.equal(codeOf(await issue(core, key.key, { party: 'bob' })), 'ok')
  })

  test('a key that was revoked in an SSH certificate is certified nowhere any more', async (t) => {
    const core = await openCore(t)
    const key = newSshKey('Ed25519')
    const issued = await issue(core, key.key)
    assert.ok(issued.ok)
    await core.revoke(issued.recordId)
    assert.equal((await core.store.certificates.byId(issued.recordId))?.revocation?.reason, 'keyCompromise')
    assert.equal(codeOf(await issue(core, key.key)), 'ERR_ENROLL_KEY_TAKEN')
    await assert.rejects(core.certify('alice', { publicKey: spkiOf(key) }), /ERR_ENROLL_KEY_TAKEN/)
  })

  test('its revocation is not in the list of X.509', async (t) => {
    const core = await openCore(t)
    const issued = await issue(core, newSshKey('Ed25519').key)
    assert.ok(issued.ok)
    await core.revoke(issued.recordId)
    await core.crls.publish()
    assert.equal(core.published.at(-1)?.revokedCertificates.length, 0)
  })
})
