// A policy decides at a door: one rule of each kind, allowed and refused; and it changes while sessions are open.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import { connect } from 'node:tls'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

/** Hours that hold now, or do not, whatever the time is. */
function hours(open: boolean): string {
  const { hour } = Temporal.Now.zonedDateTimeISO('UTC')
  const at = (offset: number) => `${String((hour + offset + 24) % 24).padStart(2, '0')}:00`
  return open ? `hours ${at(-1)}-${at(3)}` : `hours ${at(6)}-${at(8)}`
}

const RULES = `
meet:
  - rule: ops reach the database
    who: group:ops & !device:lost
    what: service:labels
  - rule: by day
    who: any
    what: service:day
    while: ${hours(true)}
  - rule: by night
    who: any
    what: service:night
    while: ${hours(false)}
  - rule: with a passkey
    who: group:ops
    what: service:passkey
    proof: [certificate, passkey < 15m]
  - rule: what it must see
    who: any
    what: service:seen
    sees: seen.localhost
  - rule: what it does not see
    who: any
    what: service:unseen
    sees: spiffe://house.localhost/db
lock:
  - {who: party:mallory, reason: lost on the train}
expect:
  - group:ops can meet service:labels
  - group:guests cannot meet service:labels
`

suite('a policy at the door', needs('curl', 'curl'), () => {
  let directory: string
  let house: RunningHouse
  const people: Record<string, PartyFiles> = {}
  const DOORS = ['labels', 'day', 'night', 'passkey', 'seen', 'unseen', 'listed']

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-policy-'))
    await writeFile(join(directory, 'policy.yaml'), RULES)
    house = await startHouse({
      directory,
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: 'policy.yaml',
        parties: {
          alice: { kind: 'person', labels: ['group:ops'] },
          bob: { kind: 'person', labels: ['group:ops', 'device:lost'] },
          carol: { labels: ['group:guests'] },
          mallory: { labels: ['group:ops'] },
        },
        doors: DOORS.map((name) => ({
          name,
          kind: 'web',
          host: [`${name}.localhost`],
          listen: '127.0.0.1:0',
          upstream: 'demo',
          ...(name === 'listed' && { allow: ['alice'] }),
        })),
      },
    })
    for (const party of ['alice', 'bob', 'carol', 'mallory']) people[party] = await enrolled(house, party)
  })
  after(async () => {
    await house?.stop('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  })

  const portOf = (door: string) => Number(new URL(house.ready.doors.find(({ name }) => name === door)?.url ?? '').port)
  /** The code of the refusal; `in` where there is none. */
  async function visit(party: string, door: string): Promise<string> {
    const port = portOf(door)
    const seen = await curl(people[party] as PartyFiles, ['--resolve', `${door}.localhost:${port}:127.0.0.1`], {
      url: `https://${door}.localhost:${port}/`,
    })
    if (seen.status === 200) return 'in'
    const { code, reference } = JSON.parse(seen.body) as { code: string; reference: string }
    // The house has it under the same reference.
    await house.event((event) => event['reference'] === reference && event['code'] === code)
    return code
  }

  const cases = [
    ['alice', 'labels', 'in'],
    ['bob', 'labels', 'ERR_POLICY_NOT_ALLOWED'],
    ['carol', 'labels', 'ERR_POLICY_NOT_ALLOWED'],
    ['mallory', 'labels', 'ERR_POLICY_LOCKED'],
    ['carol', 'day', 'in'],
    ['mallory', 'day', 'ERR_POLICY_LOCKED'],
    ['carol', 'night', 'ERR_POLICY_HOURS'],
    ['alice', 'passkey', 'ERR_POLICY_PROOF'],
    ['carol', 'seen', 'in'],
    ['carol', 'unseen', 'ERR_POLICY_CALLEE'],
  ] as const
  for (const [party, door, expected] of cases)
    test(`${party} at ${door}: ${expected}`, async () => assert.equal(await visit(party, door), expected))

  test('the questions answer as the doors do', async () => {
    const run = async (...args: string[]) => {
      const ran = await house.run([...args, '--json'])
      return { code: ran.code, answer: JSON.parse(ran.stdout) as Record<string, unknown> }
    }
    const why = await run('why', 'alice', 'service:labels')
    assert.equal(why.code, 0)
    // By what the door proves to her, as at the door itself.
    assert.equal((await run('why', 'carol', 'seen')).code, 0)
    assert.equal((await run('why', 'carol', 'unseen')).code, 1)
    // A door with a list does not ask the rules.
    const listed = await run('who-can', 'listed')
    assert.deepEqual(listed.answer['who'], [{ who: 'alice', rule: 'allow alice', conditions: [] }])
    const whyNot = await run('why', 'bob', 'labels')
    assert.equal(whyNot.code, 1)
    assert.deepEqual(whyNot.answer['changes'], [
      { kind: 'remove label', label: 'device:lost', rule: 'ops reach the database' },
    ])
    const who = await run('who-can', 'service:labels')
    assert.deepEqual(
      (who.answer['who'] as { who: string }[]).map((each) => each.who),
      ['alice'],
    )
    assert.equal((await run('who-can', 'night')).code, 0)
    await writeFile(join(directory, 'wider.yaml'), RULES.replace('group:ops & !device:lost', 'group:ops'))
    const whatIf = await run('what-if', 'wider.yaml')
    assert.equal(whatIf.code, 1)
    assert.deepEqual(
      (whatIf.answer['gains'] as { who: string }[]).map((each) => each.who),
      ['bob'],
    )
    assert.deepEqual(whatIf.answer['losses'], [])
    const check = await run('config', 'check')
    assert.equal(check.code, 1, 'bob is of the group ops, and cannot')
    const { stdout } = await house.run(['config', 'check'])
    assert.match(stdout, /^\d+ doors?, \d+ rules?, \d+ locks?; \d+ of \d+ expectations hold$/m)
    assert.equal((check.answer['unexpected'] as { line: number }[])[0]?.line, 29)
  })

  for (const [what, rules, cause] of [
    [
      'with faults',
      RULES.replace('who: group:ops & !device:lost', 'who: group:ops &'),
      /policy\.yaml:4:\d+: who: a label is missing/,
    ],
    // As an editor leaves it for a moment, or a full disk for good.
    ['that was cut off', '', /policy\.yaml:1:1: the policy is empty/],
  ] as const)
    test(`a policy ${what} changes nothing, and says where it fails`, async () => {
      await writeFile(join(directory, 'policy.yaml'), rules)
      house.process.kill('SIGHUP')
      const failed = await house.event(
        (event) => event['event'] === 'config.reload-failed' && cause.test(String(event['cause'])),
      )
      assert.match(String(failed['cause']), cause)
      assert.equal(await visit('alice', 'labels'), 'in')
      const checked = await house.run(['config', 'check'])
      assert.equal(checked.code, 3)
      assert.match(checked.stderr, cause)
    })

  test('a lock that is added ends what is open, and what is left in stays', async () => {
    const open = async (party: string) => {
      const { key, certificate, trust } = people[party] as PartyFiles
      const socket = connect({
        host: '127.0.0.1',
        port: portOf('day'),
        servername: 'day.localhost',
        key: readFileSync(key),
        cert: readFileSync(certificate),
        ca: readFileSync(trust),
      })
      socket.on('error', () => socket.destroy())
      await new Promise((resolve) => socket.once('secureConnect', resolve))
      return socket
    }
    const [alice, carol] = [await open('alice'), await open('carol')]
    const ended = new Promise((resolve) => alice.once('close', resolve))
    await writeFile(
      join(directory, 'policy.yaml'),
      RULES.replace('lock:', 'lock:\n  - {who: party:alice, reason: on leave}'),
    )
    house.process.kill('SIGHUP')
    const replaced = await house.event(({ event }) => event === 'policy.replaced')
    assert.equal(replaced['gains'], 0)
    assert.ok(Number(replaced['losses']) > 0)
    await ended
    assert.equal(await visit('alice', 'labels'), 'ERR_POLICY_LOCKED')
    // Whatever was to be cut is cut by now: she still gets an answer on what she opened before.
    carol.write('GET / HTTP/1.1\r\nHost: day.localhost\r\nConnection: close\r\n\r\n')
    assert.match(await text(carol), /^HTTP\/1\.1 200 /)
  })

  test('why tells what is in the way beside the rules: a lock by command, and certificates that are in force no more', async () => {
    const why = async (...args: string[]) => {
      const { code, stdout } = await house.run(['why', ...args])
      return { code, stdout }
    }
    const free = await why('carol', 'day')
    assert.equal(free.code, 0)
    assert.doesNotMatch(free.stdout, /✘|of the rules alone|certificate to show/)
    await house.run(['lock', 'carol', '--reason', 'on leave'])
    const locked = await why('carol', 'day')
    assert.equal(locked.code, 1)
    assert.match(locked.stdout, /^✔ carol can meet service:day, by “by day”$/m)
    assert.match(
      locked.stdout,
      /^✘ whatever the rules say, no door lets it in: .*locked.*: by countersign lock: on leave, /m,
    )
    assert.match(locked.stdout, /ERR_POLICY_LOCKED/)
    assert.equal(await visit('carol', 'day'), 'ERR_POLICY_LOCKED')
    await house.run(['unlock', 'carol'])
    assert.equal((await why('carol', 'day')).code, 0)

    await house.run(['revoke', 'bob', '--reason', 'keyCompromise'])
    const revoked = await why('bob', 'day')
    assert.equal(revoked.code, 1)
    assert.match(revoked.stdout, /none of its certificates is in force; revoked for keyCompromise, /)
    assert.match(revoked.stdout, /ERR_CALLER_REVOKED/)
    const { standing } = JSON.parse((await why('bob', 'day', '--json')).stdout)
    assert.deepEqual([standing.known, standing.obstacle.code], [true, 'ERR_CALLER_REVOKED'])

    // Who is to come is asked about before: the rules answer, and what is to be done next stands beside it.
    const newcomer = await why('dora', 'day')
    assert.equal(newcomer.code, 0)
    assert.match(newcomer.stdout, /it has no certificate to show there yet: countersign invite dora/)
    // Another authority's party is none of this one's.
    assert.doesNotMatch((await why('spiffe://partner.example/dora', 'day')).stdout, /certificate|no authority/)

    await house.stop()
    const alone = await why('bob', 'day')
    assert.equal(alone.code, 0)
    assert.match(alone.stdout, /of the rules alone: no authority answers here/)
  })
})
