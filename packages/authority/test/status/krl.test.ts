// The list of SSH, asked by ssh-keygen.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { formatKeyLine, readKeyRevocationList, type SshCertificate, writeSshPublicKey } from '@countersign/ssh'
import { file, runSshKeygen, sshKeygen, withSshKeygen } from '../../../../interop/ssh.ts'
import { newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import { createKrlPublisher, sshIssuerLines } from '../../src/status/krl.ts'
import { type Core, openCore, testClock } from '../support/core.ts'
import { askLocally, openHouse } from '../support/house.ts'

/** Certified for SSH, as the file that ssh-keygen reads. */
async function certified(core: Core, party: string): Promise<{ path: string; recordId: number }> {
  const issued = await core.issue(
    {
      kind: 'ssh',
      publicKey: writeSshPublicKey(newSshKey('Ed25519').key),
      names: [{ kind: 'sshPrincipal', value: 'deploy' }],
      profile: 'ssh-user',
    },
    { method: 'local', party, evidence: 'test' },
  )
  assert.ok(issued.ok)
  return { path: lineFile(party, issued.credential), recordId: issued.recordId }
}

const lineFile = (name: string, { blob }: SshCertificate) => file(`${name}-cert.pub`, formatKeyLine({ blob }))

/** Whether ssh-keygen finds it on the list. */
function isRevoked(krl: Uint8Array, path: string): boolean {
  const { status, stdout, stderr } = runSshKeygen('-Q', '-f', file('revoked.krl', krl), path)
  assert.equal(/REVOKED/.test(stdout), status !== 0, `${stdout}${stderr}`)
  return status !== 0
}

const opened = async (t: TestContext) => {
  const core = await openCore(t, { clock: testClock(Temporal.Now.instant()) })
  const krl = createKrlPublisher({ store: core.store, clock: core.clock, failpoint: () => undefined })
  return { core, krl }
}

suite('the revocation list of SSH', withSshKeygen, () => {
  test('names what is revoked, and nothing else', async (t) => {
    const { core, krl } = await opened(t)
    await krl.refresh()
    const [alice, bob] = [await certified(core, 'alice'), await certified(core, 'bob')]
    for (const { path } of [alice, bob]) assert.equal(isRevoked(krl.current(), path), false)
    await core.revoke(alice.recordId)
    await krl.refresh()
    assert.equal(isRevoked(krl.current(), alice.path), true)
    assert.equal(isRevoked(krl.current(), bob.path), false)
    assert.equal(readKeyRevocationList(krl.current()).version, 2n)
    await krl.refresh()
    assert.equal(readKeyRevocationList(krl.current()).version, 2n, 'nothing is new')
    core.clock.advance({ hours: 17 })
    await krl.publish()
    assert.equal(isRevoked(krl.current(), alice.path), false, 'it has ended by itself')
  })

  test('an issuer that is retired is on it with all that it has signed; the next one is not', async (t) => {
    const { core, krl } = await opened(t)
    const alice = await certified(core, 'alice')
    await krl.refresh()
    assert.equal(isRevoked(krl.current(), alice.path), false)
    const row = (await core.store.issuers.byName('ssh')) ?? assert.fail()
    await core.store.commit(({ issuers }) => issuers.change('ssh', { state: 'retired' }))
    await krl.refresh()
    assert.equal(isRevoked(krl.current(), alice.path), true)
    const other = file('other.pub', sshIssuerLines([row]))
    assert.match(sshKeygen('-l', '-f', other), /ssh \(ED25519\)/)
    assert.equal(isRevoked(krl.current(), other), true)
  })

  test('is served with the keys of the issuers, to anybody', async (t) => {
    const { directory } = await openHouse(t)
    const keys = await askLocally(directory, 'GET', '/ssh/ca.pub')
    assert.equal(keys.status, 200)
    const shown = sshKeygen('-l', '-f', file('ca.pub', String(keys.body)))
    assert.match(shown, /^256 SHA256:\S+ ssh \(ED25519\)\n$/)
    const list = await askLocally(directory, 'GET', '/ssh/revoked.krl')
    assert.equal(list.status, 200)
    assert.match(sshKeygen('-Q', '-l', '-f', file('served.krl', list.octets)), /# KRL version 1/)
    // Rolled over: both are believed, and then the next one alone.
    const ask = (path: string, body: object) => askLocally(directory, 'POST', path, body)
    assert.equal((await ask('/v1/issuers', { name: 'ssh-2', kind: 'ssh' })).status, 201)
    assert.equal((await ask('/v1/issuers/ssh-2/state', { state: 'active' })).status, 200)
    const both = String((await askLocally(directory, 'GET', '/ssh/ca.pub')).body)
    assert.equal(both.trim().split('\n').length, 2)
    const retired = await ask('/v1/issuers/ssh/state', { state: 'retired' })
    assert.equal(retired.body.state, 'retired', JSON.stringify(retired.body))
    const one = String((await askLocally(directory, 'GET', '/ssh/ca.pub')).body)
    assert.match(one, / ssh-2\n$/)
    const after = await askLocally(directory, 'GET', '/ssh/revoked.krl')
    assert.equal(isRevoked(Uint8Array.from(after.octets), file('old.pub', String(keys.body))), true)
  })
})
