// What ends a session that was let in, and what does not: met through a real door, by callers on bare `node:tls`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import type { Decision } from '@countersign/protocol'
import type { Access, AccessQuestion, CallerSession, Credential } from '../../src/model.ts'
import { SessionCutError } from '../../src/sessions/session.ts'
import { revokedKey } from '../../src/sessions/session-keys.ts'
import { createTrust } from '../../src/trust/trust.ts'
import { type DoorSetting, issuing, openDoor, root, visit } from '../support/door.ts'
import { announcement, issueCrl, issueLeaf, NOW, uri } from '../support/pki.ts'

const [alice, bob] = ['alice', 'bob'].map((name) =>
  issueLeaf(issuing, name, { names: [uri(`spiffe://acme.example/${name}`)], purposes: ['clientAuth'] }),
) as [Credential, Credential]
const YES: Decision = { ok: true, rule: 'everyone' }
const NO: Decision = { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: [] }

/** Rules that a test changes; `asked` are the questions since it did. */
function changing(first: (question: AccessQuestion) => Decision = () => YES) {
  let decide = first
  const listeners = new Set<Parameters<Access['onChange']>[0]>()
  const asked: AccessQuestion[] = []
  const access: Access = {
    decide(question) {
      asked.push(question)
      return decide(question)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    access,
    asked,
    listeners,
    change(next: typeof decide, affected?: readonly string[]) {
      decide = next
      asked.length = 0
      for (const listener of listeners) listener(affected)
    },
  }
}

/** A door whose sessions stay open, each with what ended it. */
async function openHall(setting: DoorSetting = {}) {
  const ended: string[] = []
  const sessions: CallerSession[] = []
  const door = await openDoor({
    ...setting,
    onAccepted: (socket: TLSSocket, meeting, session) => {
      sessions.push(session)
      socket.on('error', (error) => {
        if (error instanceof SessionCutError) ended.push(`${meeting.caller.party} ${error.code}`)
      })
      socket.write('welcome')
    },
  })
  const enter = async (credential: Credential): Promise<TLSSocket> => {
    const { socket } = await visit(door.port, credential)
    await once(socket, 'data')
    return socket
  }
  /** Until so many have ended, and a turn more, in which nobody else shall. */
  const until = async (count: number) => {
    while (ended.length < count) await new Promise((resolve) => setTimeout(resolve, 2))
    await nextTurn()
    return ended.toSorted()
  }
  return { door, ended, sessions, enter, until, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() }
}

/** Long enough for all that is done in the turns after a change. */
async function settle() {
  for (let i = 0; i < 5; i++) await nextTurn()
}

suite('a change of the rules', () => {
  test('ends whom they do not allow any more, and asks once for those who are the same', async () => {
    const { access, asked, change } = changing()
    await using hall = await openHall({ access })
    for (const who of [alice, bob, alice, bob, alice]) await hall.enter(who)
    change(({ caller: { party } }) => (party === 'bob' ? NO : YES))
    assert.deepEqual(await hall.until(2), ['bob ERR_CALLER_NOT_ALLOWED', 'bob ERR_CALLER_NOT_ALLOWED'])
    assert.deepEqual(
      asked.map(({ caller: { party } }) => party),
      ['alice', 'bob'],
    )
    assert.equal(hall.door.sessions.size, 3)
    assert.deepEqual(hall.door.ended, ['ERR_CALLER_NOT_ALLOWED', 'ERR_CALLER_NOT_ALLOWED'])
  })

  test('that names whom it affects visits nobody else', async () => {
    const { access, asked, change } = changing()
    await using hall = await openHall({ access })
    for (const who of [alice, bob]) await hall.enter(who)
    change(() => NO, ['party:bob', 'party:carol'])
    assert.deepEqual(await hall.until(1), ['bob ERR_CALLER_NOT_ALLOWED'])
    assert.equal(asked.length, 1)
  })

  test('that lets them stay by another rule: they are found by that one', async () => {
    const { access, change } = changing(() => ({ ok: true, rule: 'old', labels: ['group:ops'] }))
    await using hall = await openHall({ access })
    await hall.enter(alice)
    const { sessions } = hall.door
    assert.equal(sessions.find('label:group:ops').length, 1)
    change(() => ({ ok: true, rule: 'new', labels: ['group:dev'] }))
    await settle()
    assert.deepEqual(
      ['rule:old', 'label:group:ops', 'rule:new', 'label:group:dev', 'party:alice'].map((k) => sessions.find(k).length),
      [0, 0, 1, 1, 1],
    )
    assert.equal(sessions.size, 1)
    assert.deepEqual(hall.ended, [])
  })

  test('that throws ends every session: nobody stays because the policy broke', async () => {
    const { access, change } = changing()
    await using hall = await openHall({ access })
    await hall.enter(alice)
    change(() => {
      throw new Error('a bug of the policy')
    })
    assert.deepEqual(await hall.until(1), ['alice ERR_GATE_FAULT'])
    assert.deepEqual(hall.door.faults.map(String), ['Error: a bug of the policy'])
  })

  test('is not listened to where nobody is here', async () => {
    const { access, listeners } = changing()
    await using hall = await openHall({ access })
    const socket = await hall.enter(alice)
    assert.equal(listeners.size, 1)
    socket.destroy()
    while (hall.door.sessions.size > 0) await nextTurn()
    assert.equal(listeners.size, 0)
  })
})

suite('a service beside the door’s own', () => {
  test('is asked for with the proofs of the meeting, and ends alone', async () => {
    const { access, asked, change } = changing()
    await using hall = await openHall({ access })
    await hall.enter(alice)
    const [session] = hall.sessions
    const causes: string[] = []
    const given = session!.ask('service:db', (cause) => causes.push(cause))
    assert.deepEqual(given.decision, YES)
    const released = session!.ask('service:db', (cause) => causes.push(`released ${cause}`))
    released.release()
    const { what, proofs } = asked.at(-1)!
    assert.equal(what, 'service:db')
    assert.deepEqual(
      proofs.map(({ kind, subject, binding }) => [kind, subject.value, binding]),
      [['certificate', 'spiffe://acme.example/alice', 'channel']],
    )
    change((question) => (question.what === undefined ? YES : NO))
    await settle()
    change((question) => (question.what === undefined ? YES : NO))
    await settle()
    assert.deepEqual(causes, ['ERR_CALLER_NOT_ALLOWED'])
    assert.equal(asked.length, 1)
    assert.deepEqual(hall.ended, [])
  })

  test('that is not given is not followed', async () => {
    const { access, asked, change } = changing(({ what }) => (what === undefined ? YES : NO))
    await using hall = await openHall({ access })
    await hall.enter(alice)
    const { decision } = hall.sessions[0]!.ask('service:db', () => assert.fail('it was never given'))
    assert.deepEqual(decision, NO)
    change(() => NO, ['party:alice'])
    assert.deepEqual(await hall.until(1), ['alice ERR_CALLER_NOT_ALLOWED'])
    assert.equal(asked.length, 1)
  })
})

suite('time', { concurrency: true }, () => {
  const soon = NOW.add({ milliseconds: 40 })

  test('a decision that ends ends the session, another that is asked for again may go on', async () => {
    let now = NOW
    const { access, asked } = changing(({ caller: { party } }) =>
      party === 'alice' ? { ok: true, rule: 'until', until: soon } : { ok: true, rule: 'recheck', recheckAt: soon },
    )
    await using hall = await openHall({ access, clock: () => now })
    for (const who of [alice, bob]) await hall.enter(who)
    asked.length = 0
    now = soon.add({ milliseconds: 1 })
    assert.deepEqual(await hall.until(1), ['alice ERR_SESSION_OVER'])
    assert.deepEqual(
      asked.map(({ caller: { party } }) => party),
      ['bob'],
    )
    assert.equal(hall.door.sessions.size, 1)
  })

  test('hours that are over end the session, with what the rules say then', async () => {
    let now = NOW
    const { access } = changing((question) =>
      Temporal.Instant.compare(question.now, soon) > 0 ? NO : { ok: true, rule: 'hours', recheckAt: soon },
    )
    await using hall = await openHall({ access, clock: () => now })
    await hall.enter(alice)
    now = soon.add({ milliseconds: 1 })
    assert.deepEqual(await hall.until(1), ['alice ERR_CALLER_NOT_ALLOWED'])
  })

  const names = [uri('spiffe://acme.example/brief')]
  const brief = issueLeaf(issuing, 'brief', { names, purposes: ['clientAuth'], notAfter: NOW.add({ seconds: 1 }) })

  test('a session ends with its certificate', async () => {
    let now = NOW
    await using hall = await openHall({ clock: () => now })
    for (const who of [brief, alice]) await hall.enter(who)
    now = NOW.add({ seconds: 2 })
    assert.deepEqual(await hall.until(1), ['brief ERR_CALLER_EXPIRED'])
    assert.equal(hall.door.sessions.size, 1)
  })

  for (const [revocation, ends] of [
    ['require', ['alice ERR_CALLER_STATUS_UNKNOWN']],
    ['prefer', []],
  ] as const)
    test(`a list that ends, where status is to ${revocation}, ends ${ends.length} session`, async () => {
      let now = NOW
      const crls = [issueCrl(root), issueCrl(issuing, [], { nextUpdate: NOW.add({ seconds: 1 }) })]
      await using hall = await openHall({ clock: () => now, trusting: { crls, revocation } })
      await hall.enter(alice)
      now = NOW.add({ seconds: 2 })
      await new Promise((resolve) => setTimeout(resolve, 1_050))
      assert.deepEqual(await hall.until(ends.length), ends)
    })

  test('a clock that goes back a day ends whose certificate is then not in force', async () => {
    let now = NOW
    const { access } = changing(() => ({ ok: true, rule: 'recheck', recheckAt: soon }))
    const notBefore = NOW.subtract({ hours: 1 })
    const fresh = issueLeaf(issuing, 'fresh', { names: [uri('spiffe://acme.example/fresh')], notBefore })
    await using hall = await openHall({ access, clock: () => now })
    for (const who of [fresh, alice]) await hall.enter(who)
    now = NOW.subtract({ hours: 24 })
    assert.deepEqual(await hall.until(1), ['fresh ERR_CALLER_NOT_YET_VALID'])
    assert.equal(hall.door.sessions.size, 1)
  })
})

suite('what becomes known', () => {
  test('a list ends whom it revokes', async () => {
    await using hall = await openHall()
    for (const who of [alice, bob]) await hall.enter(who)
    hall.door.trust.replaceCrls([issueCrl(issuing, [bob.certificates[0]])], NOW)
    assert.deepEqual(await hall.until(1), ['bob ERR_CALLER_REVOKED'])
  })

  test('an announcement ends the sessions that it names, and visits no other', async () => {
    const { access, asked } = changing()
    await using hall = await openHall({ access })
    for (const who of [alice, bob]) await hall.enter(who)
    asked.length = 0
    hall.door.trust.announce([announcement(issuing, bob.certificates[0])], NOW)
    assert.deepEqual(await hall.until(1), ['bob ERR_CALLER_REVOKED'])
    assert.equal(asked.length, 0)
    hall.door.trust.announce([announcement(root, issuing.certificate)], NOW)
    assert.deepEqual(await hall.until(2), ['alice ERR_CALLER_REVOKED', 'bob ERR_CALLER_REVOKED'])
  })

  test('whoever announces and cuts in one turn has every cut in hand', async () => {
    await using hall = await openHall()
    for (const who of [alice, alice, bob]) await hall.enter(who)
    const revoked = announcement(issuing, alice.certificates[0])
    hall.door.trust.announce([revoked], NOW)
    const cuts = await hall.door.sessions.cut([revokedKey(revoked)], 'ERR_CALLER_REVOKED')
    assert.deepEqual(
      cuts.map(({ party }) => party),
      ['alice', 'alice'],
    )
  })

  test('two doors on one trust, and an index that both share: each ends its own', async () => {
    const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: NOW })
    await using one = await openHall({ trust })
    await using other = await openHall({ trust, sessions: one.door.sessions, door: 'other' })
    await one.enter(alice)
    await other.enter(alice)
    trust.replaceCrls([issueCrl(issuing, [alice.certificates[0]])], NOW)
    await one.until(1)
    await other.until(1)
    while (one.door.sessions.size > 0) await nextTurn()
  })
})
