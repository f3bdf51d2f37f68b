import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createIdentity } from '../../src/identity/create.ts'
import { createRoot, issueLeaf } from '../support/pki.ts'

const root = createRoot('root')
const alice = issueLeaf(root, 'alice')
const renewed = issueLeaf(root, 'alice')

suite('createIdentity', () => {
  test('replaces its credential and tells who listens', () => {
    const identity = createIdentity(alice)
    let changes = 0
    const stop = identity.onChange(() => changes++)
    identity.replace(renewed)
    assert.equal(identity.current(), renewed)
    stop()
    identity.replace(alice)
    assert.equal(changes, 1)
  })

  test('refuses a key that is another’s or public, and keeps what it has', () => {
    const wrong = { certificates: alice.certificates, privateKey: renewed.privateKey }
    assert.throws(() => createIdentity(wrong), /do not fit/)
    const identity = createIdentity(alice)
    assert.throws(() => identity.replace(wrong), /do not fit/)
    assert.equal(identity.current(), alice)
  })
})
