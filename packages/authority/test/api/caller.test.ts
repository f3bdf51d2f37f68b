// What a certificate may administer is asked of the store at each request: nothing that this process has heard so far counts.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Caller, decideRole } from '../../src/api/caller.ts'
import { openStore } from '../../src/store/store.ts'
import { START, temporaryDirectory } from '../support/core.ts'
import { row } from '../support/stores.ts'

suite('what a caller may administer', () => {
  test('nothing while its party is locked, and what it might before when that is over', async (t) => {
    const store = await openStore(join(temporaryDirectory(t), 'store.db'), () => undefined)
    t.after(() => store.close())
    const certificate = row('ops/ann', { profile: 'admin', notAfter: START.add({ hours: 48 }) })
    await store.commit(async (tx) => {
      await tx.parties.ensure('ops/ann', START)
      await tx.parties.change('ops/ann', { role: 'operator' })
      await tx.certificates.add(certificate)
    })
    const met = { caller: { certificate: { sha256: certificate.sha256.toHex() } } }
    const decide = (hours: number) =>
      decideRole({ kind: 'met', meeting: met } as unknown as Caller, store, START.add({ hours }))
    assert.equal(await decide(0), 'operator')
    await store.commit((tx) => tx.parties.lock('ops/ann', { at: START, until: START.add({ hours: 1 }) }))
    assert.deepEqual(await decide(0), { code: 'ERR_POLICY_LOCKED' })
    assert.equal(await decide(1), 'operator')
    assert.deepEqual(await decide(48), { code: 'ERR_ADMIN_FORBIDDEN' })
  })
})
