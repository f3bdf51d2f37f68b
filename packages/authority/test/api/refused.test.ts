// What the API decides by itself: who is an administrator, and what of a refusal is told.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'
import { type Caller, decideAdministrator } from '../../src/api/caller.ts'
import { problemOf } from '../../src/api/problem.ts'
import { openCore } from '../support/core.ts'

const FORBIDDEN = 'ERR_ADMIN_FORBIDDEN'

/** Whoever presented a certificate of that digest, on a connection that stays open. */
function met(sha256?: string): Caller {
  const caller = { name: 'x', identities: [], ...(sha256 !== undefined && { certificate: { sha256 } }) }
  return { kind: 'met', meeting: { caller } } as unknown as Caller
}

suite('decideAdministrator', () => {
  test('an administrator is one until the certificate is revoked or ends, on open connections too', async (t) => {
    const { store, certify, clock, revoke } = await openCore(t)
    const { credential, recordId } = await certify('root/ops', { profile: 'admin' })
    const sha256 = (await store.certificates.byId(recordId))?.sha256.toHex() ?? assert.fail('it is not recorded')
    assert.ok(credential.length > 0)
    assert.equal(await decideAdministrator(met(sha256), store, clock()), undefined)
    assert.equal((await decideAdministrator(met(sha256), store, clock().add({ hours: 24 * 31 })))?.code, FORBIDDEN)
    await revoke(recordId, 'superseded')
    assert.equal((await decideAdministrator(met(sha256), store, clock()))?.code, FORBIDDEN)
  })

  test('nobody else is: another profile, another authority, no certificate', async (t) => {
    const { store, certify, clock } = await openCore(t)
    const { recordId } = await certify('alice', { profile: 'service' })
    const sha256 = (await store.certificates.byId(recordId))?.sha256.toHex()
    for (const caller of [met(sha256), met('00'.repeat(32)), met()])
      assert.equal((await decideAdministrator(caller, store, clock()))?.code, FORBIDDEN)
    assert.equal(await decideAdministrator({ kind: 'local' }, store, clock()), undefined)
  })
})

suite('problemOf', () => {
  const note = 'for the operator: /var/lib/countersign is full'
  const told = (Object.keys(REFUSALS) as RefusalCode[]).filter((code) => problemOf({ code, note }).detail !== undefined)

  test('a note is told only where it speaks of the caller’s own request', () => {
    for (const code of told) assert.match(code, /^ERR_(?:ADMIN|ENROLL)_/)
    for (const code of ['ERR_ENROLL_PROOF', 'ERR_ENROLL_TOKEN_UNKNOWN', 'ERR_ADMIN_FORBIDDEN'] as const)
      assert.ok(!told.includes(code), code)
    assert.equal(problemOf({ code: 'ERR_AUTHORITY_STORE_FULL', note }).detail, undefined)
    assert.equal(problemOf({ code: 'ERR_ENROLL_NAME', note }).detail, note)
  })
})
