// The attack suite in small numbers: every row as the table has it, every control found vulnerable. What waits more than it
// works is in waiting.test.ts, beside this.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ATTACKS } from './attacks.ts'
import { openPlainDoor } from './controls/plain-door.ts'
import { DEFECTS, EXPECTED } from './expected.ts'
import { runElsewhere } from './run-all.ts'
import { assertAsExpected } from './support/assert-as-expected.ts'
import { doorElsewhere, meetFirst, ownAttackers } from './support/elsewhere.ts'
import { type AttackedHouse, recordsIn, startAttackedHouse } from './support/house.ts'

suite('the attack suite', () => {
  let house: AttackedHouse
  before(async () => {
    house = await startAttackedHouse()
  })
  after(() => house?.[Symbol.asyncDispose]())

  for (const { name } of ATTACKS.filter(({ concurrent }) => !concurrent))
    test(name, () => assertAsExpected(house, name))

  test('a door that somebody else runs is compared by what it says alone', async () => {
    const doors = house.targets.filter(({ kind }) => kind === 'web' || kind === 'tcp')
    const { results } = await runElsewhere(
      doors.map((door) => ({ ...door, isElsewhere: true as const })),
      { only: 'old TLS' },
    )
    // At a TCP door nothing tells of 0-RTT whether anybody came through.
    assert.equal(results.length, 13)
    for (const { ok, seen, control } of results) {
      assert.ok(ok)
      assert.equal(seen[1], 'not asked')
      assert.ok(control === 'found' || control.startsWith('impossible: '))
    }
  })

  test('a door that somebody else runs is compared on both sides where its house can be asked', async () => {
    const records = recordsIn(house.data)
    const doors = house.targets.filter(({ kind }) => kind === 'web' || kind === 'tcp')
    const elsewhere = doors.map((door) => ({ ...door, name: '', isElsewhere: true as const }))
    for (const door of elsewhere) await meetFirst(door, records)
    const { results } = await runElsewhere(elsewhere, { only: 'odd ClientHellos', records })
    assert.equal(results.length, 16)
    for (const { ok, seen, expected } of results) {
      assert.ok(ok)
      assert.deepEqual(seen, expected)
    }
  })

  test('nothing is compared with the records of another house, or of none', async () => {
    const { attackers } = house.targets[0] ?? assert.fail()
    await using foreign = await openPlainDoor(attackers, {})
    await meetFirst(foreign)
    await assert.rejects(meetFirst(foreign, recordsIn(house.data)), { exitCode: 1, message: /is another's door/ })
    const [door = assert.fail()] = house.targets
    await assert.rejects(meetFirst(door, recordsIn('/nowhere')), { exitCode: 4, message: /ENOENT/ })
  })

  test('a TCP door that says nothing and lets everybody stay is found out', async () => {
    const attackers = ownAttackers()
    const unguarded = { requestCert: false, rejectUnauthorized: false }
    await using door = await openPlainDoor(attackers, unguarded, () => undefined)
    const { results } = await runElsewhere([{ ...door, kind: 'tcp', isElsewhere: true }], { only: 'odd ClientHellos' })
    const seen = results.map(({ ok, seen: [peer] }) => [ok, peer])
    assert.deepEqual(seen, Array(8).fill([false, 'open']))
  })

  test('nothing is tried at a door that lets the identity not in, or is not there', async () => {
    for (const door of house.targets.filter(({ kind }) => kind === 'web' || kind === 'tcp')) {
      await meetFirst(door)
      const { attackers } = door
      const refused = { ...door, attackers: { ...attackers, alice: attackers.bob } }
      await assert.rejects(meetFirst(refused), { exitCode: 1 })
      await assert.rejects(meetFirst({ ...door, port: 1 }), { exitCode: 4 })
    }
  })

  for (const [how, args, code] of [
    ['no identity is named', ['--against', 'https://hello.localhost:1'], 2],
    ['the address is none', ['--against', 'hello.localhost', '--identity', '.'], 2],
    ['the directory holds no identity', ['--against', 'tcp://127.0.0.1:1', '--identity', 'none'], 3],
  ] as const)
    test(`ends with ${code} where ${how}`, () => {
      const program = fileURLToPath(new URL('attack.ts', import.meta.url))
      const ran = spawnSync(process.execPath, ['--conditions=source', program, ...args], { encoding: 'utf8' })
      assert.equal(ran.status, code, ran.stderr)
      assert.equal(ran.stderr.trim().split('\n').length, 1)
    })

  test('what is no address of a door is refused', async () => {
    for (const address of ['hello.localhost', 'http://hello.localhost:1', 'https://hello.localhost', 'tcp://:1'])
      await assert.rejects(doorElsewhere({ address, identity: '.' }), /no address of a door/)
  })

  test('every row of the table has its attack, and every defect its row', () => {
    const rows = Object.entries(EXPECTED).flatMap(([attack, ways]) =>
      Object.keys(ways).map((way) => `${attack}, ${way}`),
    )
    const cases = ATTACKS.flatMap(({ name, cases: ways }) => ways.map((way) => `${name}, ${way.name}`))
    assert.deepEqual(new Set(rows), new Set(cases))
    for (const defect of Object.keys(DEFECTS)) assert.ok(rows.includes(defect), defect)
  })
})
