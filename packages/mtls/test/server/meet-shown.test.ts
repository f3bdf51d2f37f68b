// Callers by a credential of another format: judged by whoever knows it, asked for, indexed and followed like every caller.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Side } from '@countersign/protocol'
import { allowList } from '../../src/server/allow-list.ts'
import { createShownCallers } from '../../src/server/meet-shown.ts'
import type { ShownCredential } from '../../src/server/shown-credential.ts'
import { createSessionIndex } from '../../src/sessions/session-index.ts'
import { certificateKey } from '../../src/sessions/session-keys.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { outcomeOf, root } from '../support/door.ts'
import { NOW } from '../support/pki.ts'

const identity = { kind: 'sshPrincipal', value: 'alice' } as const
const alice: Side = { name: 'alice', party: 'alice', identities: [identity] }
const KEY = certificateKey('ab', 7n)

function setUp(standing: ShownCredential['standing']['ask'] = () => ({ ok: true, validUntil: NOW.add({ hours: 1 }) })) {
  const sessions = createSessionIndex('web1')
  const trust = createTrust({ anchors: [root.certificate], issuers: [], crls: [], revocation: 'prefer', asOf: NOW })
  const callers = createShownCallers(
    {
      ...{ door: 'web1', trust, sessions, access: allowList(['alice']), clock: () => NOW, engine: 'OpenSSH' },
      callee: () => ({ name: 'web1.localhost', identities: [] }),
    },
    () => undefined,
  )
  const credential: ShownCredential = {
    side: alice,
    keys: [KEY],
    verdict: () => ({ kind: 'verdict', anchor: 'SSH', anchorSpkiSha256: 'ab', status: 'not revoked' }),
    standing: { basis: 'one', ask: standing },
  }
  return { sessions, callers, credential }
}

suite('a caller by a credential of another format', () => {
  test('is let in, found by its keys, and ended when one of them is cut', async () => {
    const { sessions, callers, credential } = setUp()
    const ended: string[] = []
    const met = callers.meet(
      { credential, isProved: true },
      { octetsSent: () => 0, end: (cause) => void ended.push(cause) },
    )
    assert.ok(met.ok)
    assert.deepEqual(sessions.find(KEY), [met.session])
    assert.equal((await sessions.cut([certificateKey('ab', 8n)], 'ERR_CALLER_REVOKED')).length, 0)
    assert.equal((await sessions.cut([KEY], 'ERR_CALLER_REVOKED')).length, 1)
    assert.deepEqual(ended, ['ERR_CALLER_REVOKED'])
    assert.equal(sessions.size, 0)
  })

  test('is cut only when its end is over, where that takes time', async () => {
    const { sessions, callers, credential } = setUp()
    const { promise, resolve } = Promise.withResolvers<void>()
    assert.ok(callers.meet({ credential, isProved: true }, { octetsSent: () => 0, end: () => promise }).ok)
    let isOver = false
    const cut = sessions.cut([KEY], 'ERR_CALLER_REVOKED').then(() => {
      isOver = true
    })
    await new Promise((next) => setImmediate(next))
    assert.equal(isOver, false)
    resolve()
    await cut
  })

  test('is refused where the credential does not stand, or the access says no', () => {
    const revoked = setUp(() => ({ ok: false, code: 'ERR_CALLER_REVOKED' }))
    const holding = { octetsSent: () => 0, end: () => assert.fail('it was never here') }
    const met = revoked.callers.meet({ credential: revoked.credential, isProved: true }, holding)
    assert.ok(!met.ok)
    assert.equal(outcomeOf(met.meeting), 'ERR_CALLER_REVOKED')
    assert.equal(revoked.sessions.size, 0)
    const { callers, credential } = setUp()
    const bob = { ...credential, side: { name: 'bob', party: 'bob', identities: [] } }
    const verdict = callers.judge(bob)
    assert.equal(verdict.ok, false)
    assert.equal(callers.judge(credential).ok, true)
  })

  test('whose key was not proved has shown nothing', () => {
    const { callers, credential } = setUp()
    const { steps } = callers.refuse({ credential, isProved: false }, { code: 'ERR_CALLER_EXPIRED' })
    assert.deepEqual(
      steps.map(({ outcome }) => outcome),
      ['proved', 'not reached', 'not reached', 'not reached', 'refused', 'not reached'],
    )
  })
})
