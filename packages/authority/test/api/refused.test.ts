// What the API decides by itself: who is an administrator, and what of a refusal is told.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'
import { type Caller, decideRole } from '../../src/api/caller.ts'
import { problemOf } from '../../src/api/problem.ts'
import { openCore } from '../support/core.ts'

const FORBIDDEN = 'ERR_ADMIN_FORBIDDEN'

const codeOf = (decided: string | { readonly code: string }) => (typeof decided === 'string' ? undefined : decided.code)

/** Whoever presented a certificate of that digest, on a connection that stays open. */
function met(sha256?: string): Caller {
  const caller = { name: 'x', identities: [], ...(sha256 !== undefined && { certificate: { sha256 } }) }
  return { kind: 'met', meeting: { caller } } as unknown as Caller
}

suite('decideRole', () => {
  test('an administrator is one until the certificate is revoked or ends, on open connections too', async (t) => {
    const { store, certify, clock, revoke } = await openCore(t)
    const { credential, recordId } = await certify('root/ops', { profile: 'admin' })
    const sha256 = (await store.certificates.byId(recordId))?.sha256.toHex() ?? assert.fail('it is not recorded')
    assert.ok(credential.length > 0)
    assert.equal(await decideRole(met(sha256), store, clock()), 'officer')
    await store.commit(({ parties }) => parties.change('root/ops', { role: 'viewer' }))
    assert.equal(await decideRole(met(sha256), store, clock()), 'viewer')
    assert.equal(codeOf(await decideRole(met(sha256), store, clock().add({ hours: 24 * 31 }))), FORBIDDEN)
    await revoke(recordId, 'superseded')
    assert.equal(codeOf(await decideRole(met(sha256), store, clock())), FORBIDDEN)
  })

  test('nobody else is: another profile, another authority, no certificate', async (t) => {
    const { store, certify, clock } = await openCore(t)
    const { recordId } = await certify('alice', { profile: 'service' })
    const sha256 = (await store.certificates.byId(recordId))?.sha256.toHex()
    for (const caller of [met(sha256), met('00'.repeat(32)), met()])
      assert.equal(codeOf(await decideRole(caller, store, clock())), FORBIDDEN)
    assert.equal(await decideRole({ kind: 'local' }, store, clock()), 'officer')
  })
})

suite('problemOf', () => {
  const note = 'for the operator: /var/lib/countersign is full'
  const told = (Object.keys(REFUSALS) as RefusalCode[]).filter((code) => problemOf({ code, note }).detail !== undefined)

  test('a note is told only where it speaks of the caller’s own request', () => {
    for (const code of told) assert.match(code, /^ERR_(?:ADMIN|ENROLL|ISSUER|MAIL)_|^ERR_AUTHORITY_NOT_READY$/)
    for (const code of ['ERR_ENROLL_PROOF', 'ERR_ENROLL_TOKEN_UNKNOWN', 'ERR_ADMIN_FORBIDDEN'] as const)
      assert.ok(!told.includes(code), code)
    assert.equal(problemOf({ code: 'ERR_AUTHORITY_STORE_FULL', note }).detail, undefined)
    assert.equal(problemOf({ code: 'ERR_ENROLL_NAME', note }).detail, note)
  })
})
