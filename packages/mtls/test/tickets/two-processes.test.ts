// Two processes that share their tickets: each judges whoever the other has met.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/directory.ts'
import { root, shop, visit } from '../support/door.ts'
import type { DoorProcessStart, DoorProcessWord } from '../support/door-process.ts'
import { announcement, createIntermediate, issueLeaf, uri } from '../support/pki.ts'

const PROGRAM = fileURLToPath(new URL('../support/door-process.ts', import.meta.url))
// Its callers alone know this one.
const theirs = createIntermediate(root, 'Acme Issuing 2')
const [alice, bob] = ['alice', 'bob'].map((name) =>
  issueLeaf(theirs, name, { names: [uri(`spiffe://acme.example/${name}`)], purposes: ['clientAuth'] }),
) as [ReturnType<typeof issueLeaf>, ReturnType<typeof issueLeaf>]

async function startProcess(tickets: string) {
  const child: ChildProcess = fork(PROGRAM, { serialization: 'advanced' })
  const words: DoorProcessWord[] = []
  const next = async (): Promise<DoorProcessWord> => {
    if (words.length === 0) await once(child, 'message')
    return words.shift() ?? assert.fail('it told nothing')
  }
  child.on('message', (word: DoorProcessWord) => words.push(word))
  child.send({
    tickets,
    root: root.certificate.der,
    certificates: [shop.certificates[0].der, ...shop.certificates.slice(1).map(({ der }) => der)],
    key: shop.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  } satisfies DoorProcessStart)
  const first = await next()
  assert.ok('port' in first)
  return {
    port: first.port,
    next,
    send: (message: object) => child.send(message),
    async [Symbol.asyncDispose]() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

suite('a ticket of the one process, at the other', () => {
  test('lets in whose issuer only the first was sent, and nobody who was revoked meanwhile', async () => {
    await using directory = await temporaryDirectory()
    const tickets = `${directory.path}/tickets`
    await using first = await startProcess(tickets)
    await using second = await startProcess(tickets)
    const ticketFrom = async (who: typeof alice): Promise<Buffer> => {
      const { socket, said } = await visit(first.port, who)
      const [session] = await once(socket, 'session')
      assert.equal(await said, 'welcome')
      assert.deepEqual(await first.next(), { resumed: false, outcome: 'accepted' })
      return session
    }
    const [hers, his] = [await ticketFrom(alice), await ticketFrom(bob)]
    const { at: _, ...revoked } = announcement(theirs, bob.certificates[0])
    second.send(revoked)
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
