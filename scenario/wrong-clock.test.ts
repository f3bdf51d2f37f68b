// A clock that is a day off, on either side: what is refused says so, and once the clock is right everything works.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { listed } from './support/crash.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { makeStandingHouse, type StandingHouse } from './support/standing-house.ts'
import { clockOff } from './support/wrong-clock.ts'

const DAYS = ['+1d', '-1d'] as const

suite('a clock that is a day off', needs('faketime', 'faketime'), () => {
  let standing: StandingHouse
  before(async () => {
    // Certificates of a moment ago: a day before, they are not valid yet.
    standing = await makeStandingHouse(74, async (house) => {
      for (const party of ['alice', 'rita']) {
        const { stdout } = await house.run(['invite', party])
        assert.equal((await house.run(['enroll', stdout.trim()])).code, 0)
      }
    })
  })
  after(() => standing[Symbol.asyncDispose]())

  const meet = (house: RunningHouse, party: string, env = {}) =>
    house.run(['meet', house.ready.doors[0]?.url ?? '', '--identity', party], { env })

  /** What a house does for people, all of it. */
  async function assertWorks(house: RunningHouse): Promise<void> {
    const { stdout } = await house.run(['invite', 'bob'])
    const enrolled = await house.run(['enroll', stdout.trim()])
    assert.equal(enrolled.code, 0, enrolled.stderr)
    assert.equal((await meet(house, 'bob')).code, 0)
    assert.equal((await house.run(['revoke', 'bob'])).code, 0)
    assert.match((await meet(house, 'bob')).stdout, /ERR_CALLER_REVOKED/)
  }

  for (const day of DAYS)
    test(`the house's, ${day}: it starts, revokes, and the revocation holds when the clock is right`, async () => {
      await using copy = await standing.copy()
      const { directory } = copy
      const { config } = standing
      {
        await using house = await startHouse({ directory, config, env: clockOff(day) })
        const met = await meet(house, 'alice')
        if (day === '+1d') assert.equal(met.code, 0, met.stdout)
        else {
          assert.equal(met.code, 1)
          assert.match(met.stdout, /alice's certificate is not valid yet/)
          assert.match(met.stdout, /next: check the clocks on both sides/)
          assert.match(met.stdout, /ERR_CALLER_NOT_YET_VALID/)
        }
        assert.equal((await house.run(['revoke', 'rita'])).code, 0)
        assert.deepEqual(await house.stop(), { code: 0, signal: null })
      }
      await using house = await startHouse({ directory, config })
      assert.equal((await meet(house, 'alice')).code, 0)
      const rita = await meet(house, 'rita')
      assert.equal(rita.code, 1)
      assert.match(rita.stdout, /ERR_CALLER_REVOKED/)
      await assertWorks(house)
    })

  test('that of who meets: each says so, exit 1, and with the right time the same identity meets', async () => {
    await using copy = await standing.copy()
    await using house = await startHouse({ directory: copy.directory, config: standing.config })
    const ahead = await meet(house, 'alice', clockOff('+1d'))
    assert.equal(ahead.code, 1, ahead.stdout)
    assert.match(ahead.stdout, /ERR_CALLEE_STATUS_UNKNOWN/)
    assert.match(ahead.stderr, /lists that came just now have run out already: check the clock of this machine/)
    const behind = await meet(house, 'alice', clockOff('-1d'))
    assert.equal(behind.code, 1, behind.stdout)
    assert.match(behind.stdout, /ERR_CALLEE_NOT_YET_VALID/)
    assert.match(behind.stdout, /next: check the clocks on both sides/)
    const met = await meet(house, 'alice')
    assert.equal(met.code, 0, met.stdout + met.stderr)
  })

  test('that of a newcomer: each says so, exit 1, nobody believes what came, and the token stays good', async () => {
    await using copy = await standing.copy()
    await using house = await startHouse({ directory: copy.directory, config: standing.config })
    for (const [day, code] of [
      ['+1d', 'ERR_ENROLL_ANSWER_STATUS'],
      ['-1d', 'ERR_CALLEE_NOT_YET_VALID'],
    ] as const) {
      const party = day === '+1d' ? 'ahead' : 'behind'
      const { stdout: token } = await house.run(['invite', party])
      const refused = await house.run(['enroll', token.trim()], { env: clockOff(day) })
      assert.equal(refused.code, 1, refused.stdout + refused.stderr)
      assert.match(refused.stderr, new RegExp(`\\[${code}\\]`))
      assert.match(refused.stderr, /clock/)
      const enrolled = await house.run(['enroll', token.trim()])
      assert.equal(enrolled.code, 0, enrolled.stderr)
      assert.equal((await listed(house)).filter((row) => row.party === party).length, 1)
      assert.equal((await meet(house, party)).code, 0)
    }
  })

  test('a house made a day ahead says, once the clock is right, from when on it works; and then it does', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-clock-'))
    try {
      const { config } = standing
      const env = clockOff('+1d')
      await (await startHouse({ directory, config, env }))[Symbol.asyncDispose]()
      {
        await using house = await startHouse({ directory, config })
        assert.match(house.stderr(), /certificates begin at \S+, and it is \S+: check the clock of this machine/)
        assert.deepEqual(await house.stop(), { code: 0, signal: null })
      }
      await using house = await startHouse({ directory, config, env })
      assert.equal(house.stderr(), '')
      assert.ok((await listed(house)).length > 0)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
