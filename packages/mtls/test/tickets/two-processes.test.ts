// Two processes that share their tickets: each judges whoever the other has met.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { temporaryDirectory } from '../support/directory.ts'
import { root, visit } from '../support/door.ts'
import { announcement, createIntermediate, issueLeaf, uri } from '../support/pki.ts'
import { startDoorProcess } from '../support/start-door-process.ts'

// Its callers alone know this one.
const theirs = createIntermediate(root, 'Acme Issuing 2')
const [alice, bob] = ['alice', 'bob'].map((name) =>
  issueLeaf(theirs, name, { names: [uri(`spiffe://acme.example/${name}`)], purposes: ['clientAuth'] }),
) as [ReturnType<typeof issueLeaf>, ReturnType<typeof issueLeaf>]

suite('a ticket of the one process, at the other', () => {
  test('lets in whose issuer only the first was sent, and nobody who was revoked meanwhile', async () => {
    await using directory = await temporaryDirectory()
    const tickets = `${directory.path}/tickets`
    await using first = await startDoorProcess({ tickets })
    await using second = await startDoorProcess({ tickets })
    const ticketFrom = async (who: typeof alice): Promise<Buffer> => {
      const { socket, said } = await visit(first.port, who)
      const [session] = await once(socket, 'session')
      assert.equal(await said, 'welcome')
      assert.deepEqual(await first.next(), { resumed: false, outcome: 'accepted' })
      return session
    }
    const [hers, his] = [await ticketFrom(alice), await ticketFrom(bob)]
    second.announce(announcement(theirs, bob.certificates[0]))
    assert.deepEqual(await second.next(), { announced: true })

    // The second never saw the issuer: whoever comes in full with the leaf alone is unknown.
    const alone = { certificates: [alice.certificates[0]], privateKey: alice.privateKey } as const
    assert.equal(await (await visit(second.port, alone)).said, 'refused')
    assert.deepEqual(await second.next(), { resumed: false, outcome: 'ERR_CALLER_UNKNOWN_ISSUER' })

    assert.equal(await (await visit(second.port, alice, { session: hers })).said, 'welcome')
    assert.deepEqual(await second.next(), { resumed: true, outcome: 'accepted' })
    assert.equal(await (await visit(second.port, bob, { session: his })).said, 'refused')
    assert.deepEqual(await second.next(), { resumed: true, outcome: 'ERR_CALLER_REVOKED' })
  })
})
