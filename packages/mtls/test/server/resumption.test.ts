// What a ticket opens, to a caller on bare `node:tls` that keeps it: nothing that its certificate would not open now.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { needs } from '../../../../interop/peer.ts'
import { steadyAccess } from '../../src/gate/access.ts'
import type { Access } from '../../src/model.ts'
import { createTickets } from '../../src/tickets/tickets.ts'
import { alice, type DoorSetting, issuing, openDoor, outcomeOf, root, type TestDoor, visit } from '../support/door.ts'
import { createRoot, issueLeaf, NOW, spkiSha256, uri } from '../support/pki.ts'

const bob = issueLeaf(issuing, 'bob', { names: [uri('spiffe://acme.example/bob')], purposes: ['clientAuth'] })
const foreign = issueLeaf(createRoot('Elsewhere Root'), 'alice', {
  names: [uri('spiffe://acme.example/alice')],
  purposes: ['clientAuth'],
})
const onlyAlice: Access['decide'] = ({ caller: { party } }) =>
  party === 'alice'
    ? { ok: true, rule: 'allow alice' }
    : { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: ['an entry'] }

/** Visits, and answers the first ticket that the door gave, accepted or not. */
async function ticketFrom({ port }: TestDoor, credential = alice): Promise<Buffer> {
  const { socket, said } = await visit(port, credential)
  const [session] = await once(socket, 'session')
  await said
  return session
}

/** How the door judged the last of its meetings. */
function last({ records }: TestDoor): { readonly resumed: boolean; readonly outcome: string } {
  const meeting = records.at(-1) ?? assert.fail('nobody was met')
  return { resumed: meeting.resumed, outcome: outcomeOf(meeting) }
}

async function resumeAt(door: TestDoor, session: Buffer, options: Parameters<typeof visit>[2] = {}): Promise<void> {
  const { said } = await visit(door.port, alice, { session, ...options })
  await said
}

suite('a ticket', () => {
  test('of an accepted meeting resumes it, judged by the leaf and the issuers that were learned', async () => {
    await using door = await openDoor()
    await resumeAt(door, await ticketFrom(door))
    assert.deepEqual(last(door), { resumed: true, outcome: 'accepted' })
  })

  test('of before a revocation is resumed and refused', async () => {
    await using door = await openDoor()
    const session = await ticketFrom(door)
    const { serialNumber } = alice.certificates[0]
    const issuerSpkiSha256 = spkiSha256(issuing.certificate)
    door.trust.announce([{ issuerSpkiSha256, serialNumber, party: 'alice', at: NOW, reason: 'keyCompromise' }], NOW)
    await resumeAt(door, session)
    assert.deepEqual(last(door), { resumed: true, outcome: 'ERR_CALLER_REVOKED' })
  })

  test('outlives no certificate', async () => {
    let now = NOW
    await using door = await openDoor({ clock: () => now })
    const names = [uri('spiffe://acme.example/alice')]
    const brief = issueLeaf(issuing, 'alice', { names, notAfter: NOW.add({ hours: 1 }) })
    const session = await ticketFrom(door, brief)
    now = NOW.add({ hours: 1, seconds: 1 })
    await resumeAt(door, session)
    assert.deepEqual(last(door), { resumed: true, outcome: 'ERR_CALLER_EXPIRED' })
  })

  test('of who is not let in gives the same reason again, and lets in whom the policy allows meanwhile', async () => {
    let decide = onlyAlice
    await using door = await openDoor({ access: steadyAccess((question) => decide(question)) })
    const [session, again] = [await ticketFrom(door, bob), await ticketFrom(door, bob)]
    await resumeAt(door, session)
    assert.deepEqual(last(door), { resumed: true, outcome: 'ERR_CALLER_NOT_ALLOWED' })
    assert.equal(door.records.at(-1)?.caller.party, 'bob')
    decide = () => ({ ok: true, rule: 'everyone' })
    await resumeAt(door, again)
    assert.deepEqual(last(door), { resumed: true, outcome: 'accepted' })
  })

  test('of a stranger opens nothing, and teaches no issuer', async () => {
    const tickets = createTickets(() => NOW)
    await using door = await openDoor({ access: steadyAccess(onlyAlice), tickets })
    await resumeAt(door, await ticketFrom(door, foreign))
    assert.deepEqual(last(door), { resumed: true, outcome: 'ERR_CALLER_UNKNOWN_ISSUER' })
    assert.deepEqual(tickets.current().issuers(), [])
  })

  test('of an earlier epoch leads to a full handshake: after eight hours, and after too many issuers', async () => {
    let now = NOW
    const tickets = createTickets(() => now)
    await using door = await openDoor({ tickets })
    const session = await ticketFrom(door)
    for (let i = 0; i < 256; i++) tickets.learn([{ ...issuing.certificate, der: Uint8Array.of(i) }])
    await resumeAt(door, session)
    assert.deepEqual(last(door), { resumed: false, outcome: 'accepted' })
    const later = await ticketFrom(door)
    now = now.add({ hours: 8 })
    await resumeAt(door, later)
    assert.deepEqual(last(door), { resumed: false, outcome: 'accepted' })
    await resumeAt(door, await ticketFrom(door))
    assert.deepEqual(last(door), { resumed: true, outcome: 'accepted' })
  })

  test('of another door, of other anchors or under another server name leads to a full handshake', async () => {
    await using door = await openDoor()
    const session = await ticketFrom(door)
    await using another = await openDoor({ door: 'another' })
    await using wider = await openDoor({ trusting: { anchors: [root.certificate, createRoot('x').certificate] } })
    for (const other of [another, wider]) {
      await resumeAt(other, session)
      assert.deepEqual(last(other), { resumed: false, outcome: 'accepted' })
    }
    await resumeAt(door, session, { servername: 'other.acme.example' })
    assert.deepEqual(last(door), { resumed: false, outcome: 'accepted' })
  })
  test(
    'carries its door and its anchors, as OpenSSL reads it: shared ticket keys would not make it valid elsewhere',
    needs('openssl', 'openssl'),
    async () => {
      const contextOf = async (setting: DoorSetting): Promise<string> => {
        const { promise, resolve } = Promise.withResolvers<Buffer>()
        const onAccepted = (socket: TLSSocket) => resolve(socket.getSession() ?? assert.fail('no session'))
        await using door = await openDoor({ ...setting, onAccepted })
        const { socket } = await visit(door.port, alice)
        const input = await promise
        socket.destroy()
        const text = execFileSync('openssl', ['sess_id', '-inform', 'DER', '-noout', '-text'], {
          input,
          encoding: 'utf8',
        })
        return /Session-ID-ctx: ([0-9A-F]+)/.exec(text)?.[1] ?? assert.fail(text)
      }
      const here = await contextOf({ door: 'here' })
      assert.equal(await contextOf({ door: 'here' }), here)
      assert.notEqual(await contextOf({ door: 'there' }), here)
      const anchors = [root.certificate, createRoot('x').certificate]
      assert.notEqual(await contextOf({ door: 'here', trusting: { anchors } }), here)
    },
  )
})
