import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Side } from '@countersign/protocol'
import { replaceableAccess, steadyAccess } from '../../src/gate/access.ts'
import type { Access, AccessQuestion, SessionKey } from '../../src/model.ts'
import { allowList } from '../../src/server/allow-list.ts'

const side: Side = { name: 'alice', party: 'alice', identities: [] }
const question: AccessQuestion = {
  caller: side,
  callee: side,
  proofs: [],
  now: Temporal.Instant.fromEpochMilliseconds(0),
}

suite('rules that are replaced', () => {
  test('the next ones decide at once, and everybody who listens is told that anyone may be concerned', () => {
    const access = replaceableAccess(allowList(['alice']))
    const told: unknown[] = []
    const leave = access.onChange((affected) => told.push(affected))
    assert.equal(access.decide(question).ok, true)
    access.replace(allowList(['bob']))
    assert.equal(access.decide(question).ok, false)
    assert.deepEqual(told, [undefined])
    leave()
    access.replace(allowList(['alice']))
    assert.equal(told.length, 1)
  })

  test('what the present ones say of their own changes goes on, and of those before nothing more', () => {
    const listeners: ((affected?: readonly SessionKey[]) => void)[] = []
    const moving: Access = {
      ...steadyAccess(() => ({ ok: true, rule: 'any' })),
      onChange(listener) {
        listeners.push(listener)
        return () => void listeners.splice(listeners.indexOf(listener), 1)
      },
    }
    const access = replaceableAccess(moving)
    const told: unknown[] = []
    access.onChange((affected) => told.push(affected))
    for (const listener of listeners) listener(['party:alice'])
    assert.deepEqual(told, [['party:alice']])
    access.replace(allowList(['alice']))
    assert.equal(listeners.length, 0)
  })
})
