// The shortest server: who comes in, who does not, and what ends an open session.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import type { Meeting } from '@countersign/protocol'
import { IdentityError } from '../../src/identity/error.ts'
import { createServer } from '../../src/server/create-server.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { issueCrl } from '../support/crls.ts'
import { alice, issuing, outcomeOf, portOf, root, shop, steady, visit } from '../support/door.ts'
import { announcement, dns, issueLeaf, NOW, uri } from '../support/pki.ts'

const bob = issueLeaf(issuing, 'bob', { names: [uri('spiffe://acme.example/bob')], purposes: ['clientAuth'] })

async function serve(allow: readonly string[]) {
  const trust = createTrust({
    anchors: [root.certificate],
    crls: [issueCrl(root), issueCrl(issuing)],
    revocation: 'require',
    asOf: NOW,
  })
  const records: Meeting[] = []
  const identity = { ...steady(shop), trust }
  const server = createServer(
    { identity, allow, clock: () => NOW, record: (meeting) => records.push(meeting) },
    (socket, { peer, self }) => socket.write(`hello ${peer.name}, this is ${self.name}`),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    trust,
    records,
    sessions: server.sessions,
    port: portOf(server),
    async [Symbol.asyncDispose]() {
      server.close()
      await Promise.all(server.sessions.list().map((session) => session.cut('ERR_DOOR_DRAINING')))
      await once(server, 'close')
    },
  }
}

suite('createServer', () => {
  test('does not begin with a certificate that is not for servers, and says what to do', () => {
    const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: NOW })
    assert.throws(
      () => createServer({ identity: { ...steady(bob), trust }, allow: ['alice'] }, () => undefined),
      (error: unknown) =>
        error instanceof IdentityError && error.code === 'ERR_IDENTITY_PURPOSE' && /--profile server/.test(error.next),
    )
    for (const leaf of [shop, issueLeaf(issuing, 'shop', { names: [dns('shop.acme.example')] })])
      createServer({ identity: { ...steady(leaf), trust }, allow: ['alice'] }, () => undefined)
  })

  test('lets in whom the list names, and closes before others without a word', async () => {
    await using server = await serve(['alice'])
    const inside = await visit(server.port, alice)
    const [greeting] = (await once(inside.socket, 'data')) as [Buffer]
    assert.equal(String(greeting), 'hello alice, this is shop.acme.example')
    assert.equal(await (await visit(server.port, bob)).said, '')
    assert.equal(await (await visit(server.port)).said, '')
    assert.deepEqual(server.records.map(outcomeOf), ['accepted', 'ERR_CALLER_NOT_ALLOWED', 'ERR_CALLER_NO_CERTIFICATE'])
    assert.equal(server.sessions.size, 1)
  })

  for (const [how, tell] of [
    [
      'a new CRL',
      ({ trust }) => trust.replaceCrls([issueCrl(issuing, { number: 2n, revoked: [alice.certificates[0]] })], NOW),
    ],
    ['an announcement', ({ trust }) => trust.announce([announcement(issuing, alice.certificates[0])], NOW)],
  ] as const satisfies readonly (readonly [string, (server: Awaited<ReturnType<typeof serve>>) => void])[])
    test(`${how} ends the session of whom it revokes, and no other`, async () => {
      await using server = await serve(['*'])
      const hers = await visit(server.port, alice)
      await once(hers.socket, 'data')
      const his = await visit(server.port, bob)
      await once(his.socket, 'data')
      assert.equal(server.sessions.size, 2)
      tell(server)
      assert.equal((await hers.error)?.code, 'ECONNRESET')
      assert.deepEqual(
        server.sessions.list().map(({ meeting }) => meeting.caller.party),
        ['bob'],
      )
      assert.equal(his.socket.destroyed, false)
    })
})
