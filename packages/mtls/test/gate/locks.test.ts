// A lock is stronger than every access, for whom it names and as long as it lasts.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLocks, steadyAccess } from '@countersign/mtls'
import type { AccessQuestion } from '../../src/model.ts'
import { NOW } from '../support/pki.ts'

const everyone = steadyAccess(() => ({ ok: true, rule: 'everyone' }))
const asked = (party: string | undefined, now = NOW, authority?: string): AccessQuestion => ({
  caller: { name: 'x', identities: [], ...(party !== undefined && { party }), ...(authority && { authority }) },
  callee: { name: 'door', identities: [] },
  proofs: [],
  now,
})

suite('locks', () => {
  test('deny whom they name, with their reason, and nobody else', () => {
    const locks = createLocks()
    const access = locks.over(everyone)
    assert.equal(access.decide(asked('alice')).ok, true)
    assert.deepEqual(locks.replace([{ party: 'alice', reason: 'lost' }, { party: 'bob' }], 1n), [
      'party:alice',
      'party:bob',
    ])
    assert.deepEqual(access.decide(asked('alice')), { ok: false, code: 'ERR_POLICY_LOCKED', lock: 'lost', missing: [] })
    const bob = access.decide(asked('bob'))
    assert.ok(!bob.ok && bob.code === 'ERR_POLICY_LOCKED' && bob.lock !== undefined)
    for (const other of ['alic', 'alice/phone', 'Alice', undefined])
      assert.equal(access.decide(asked(other)).ok, true, String(other))
    assert.deepEqual(locks.replace([], 2n), [])
    assert.equal(access.decide(asked('alice')).ok, true)
  })

  test('do not let in whom the rules keep out', () => {
    const nobody = steadyAccess(() => ({ ok: false, code: 'ERR_POLICY_NOT_ALLOWED', missing: [] }))
    const locks = createLocks()
    locks.replace([{ party: 'bob' }], 1n)
    const decision = locks.over(nobody).decide(asked('alice'))
    assert.ok(!decision.ok && decision.code === 'ERR_POLICY_NOT_ALLOWED')
  })

  test('end at their moment, and not before', () => {
    const locks = createLocks()
    const until = NOW.add({ seconds: 10 })
    locks.replace([{ party: 'alice', until }], 1n)
    const access = locks.over(everyone)
    assert.equal(access.decide(asked('alice', until.subtract({ nanoseconds: 1 }))).ok, false)
    assert.equal(access.decide(asked('alice', until)).ok, true)
  })

  test('of before do not replace those of now, in whatever order they are told', () => {
    const locks = createLocks()
    const access = locks.over(everyone)
    locks.replace([{ party: 'alice' }], 5n)
    assert.deepEqual(locks.replace([], 4n), [])
    assert.equal(access.decide(asked('alice')).ok, false)
    locks.replace([], 6n)
    assert.equal(access.decide(asked('alice')).ok, true)
  })

  test('have the sessions of whom they name judged anew, and tell nobody who has left', () => {
    const locks = createLocks()
    const told: unknown[] = []
    const leave = locks.over(everyone).onChange((keys) => told.push(keys))
    locks.replace([{ party: 'alice' }], 1n)
    locks.replace([], 2n)
    assert.deepEqual(told, [['party:alice']], 'who is unlocked loses nothing')
    leave()
    locks.replace([{ party: 'bob' }], 3n)
    assert.equal(told.length, 1)
  })
})
