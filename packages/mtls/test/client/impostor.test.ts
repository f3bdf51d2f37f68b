// The reason why the client decides inside `secureConnect`: what an impostor gets to see, counted in octets on the wire.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { connect } from '../../src/client/connect.ts'
import { MeetingRefusedError } from '../../src/client/refused.ts'
import { createIdentity } from '../../src/identity/create.ts'
import { startCallee } from '../support/callee.ts'
import { issueCrl } from '../support/crls.ts'
import { createRoot, dns, issueLeaf, uri } from '../support/pki.ts'
import { startRelay } from '../support/relay.ts'
import { door, issuing, optionsFor, root, trustOf } from '../support/world.ts'

const MEETINGS = 50

// Larger than all that a client says before its certificate: with a post-quantum share that is about 1,500 octets.
const names = Array.from({ length: 120 }, (_, i) => dns(`name-${i}.of.a.party.with.many.names.acme.example`))
const large = issueLeaf(issuing, 'large', { names: [uri('spiffe://acme.example/large'), ...names] })
const identity = createIdentity(large)
const [{ der }] = large.certificates

const impostors = {
  'of another root': [issueLeaf(createRoot('Acme Root'), 'door', { names: [dns('door.localhost')] }), trustOf()],
  'of another name': [issueLeaf(issuing, 'evil', { names: [dns('evil.localhost')] }), trustOf()],
  'who was revoked': [
    door,
    trustOf({ crls: [issueCrl(root), issueCrl(issuing, { revoked: [door.certificates[0]] })] }),
  ],
} as const

suite('an impostor never sees our certificate', () => {
  for (const [name, [credential, trust]] of Object.entries(impostors))
    test(`${name}, over ${MEETINGS} meetings`, async () => {
      await using impostor = await startCallee(credential)
      await using relay = await startRelay(impostor.port)
      for (let i = 0; i < MEETINGS; i++)
        await assert.rejects(connect({ ...optionsFor(relay.port), identity, trust }), MeetingRefusedError)
      await relay.drained()

      assert.equal(relay.sent.length, MEETINGS)
      assert.equal(impostor.randoms.length, MEETINGS)
      assert.deepEqual(impostor.seen, [])
      // No handshake came to its end, and what left is smaller than the certificate alone.
      assert.equal(impostor.met.length, 0)
      assert.ok(Math.max(...relay.sent) < der.length, `${Math.max(...relay.sent)} octets left, ${der.length} are ours`)
    })

  test('and the one whom we meant does: the count can tell', async () => {
    await using callee = await startCallee(door)
    await using relay = await startRelay(callee.port)
    const { socket } = await connect({ ...optionsFor(relay.port), identity })
    socket.resume().end()
    await once(socket, 'close')
    await relay.drained()
    assert.deepEqual(callee.seen, [der])
    assert.ok((relay.sent[0] ?? 0) > der.length)
  })

  test('in TLS 1.2 it would: so that is not spoken', async () => {
    await using old = await startCallee(door, { maxVersion: 'TLSv1.2' })
    await using relay = await startRelay(old.port)
    await assert.rejects(connect({ ...optionsFor(relay.port), identity }), { code: 'ERR_GATE_TLS_VERSION' })
    await relay.drained()
    assert.deepEqual(old.seen, [])
    assert.ok((relay.sent[0] ?? 0) < der.length)
  })
})
