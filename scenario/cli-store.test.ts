// `countersign authority store --move-to`: a house that began on a file goes on in PostgreSQL, and forgets nothing.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startPostgresql, withPostgresql } from '../interop/postgresql.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'
import { runCommand } from './support/run-command.ts'

const DOOR = { name: 'gate', kind: 'web', host: ['gate.localhost'], listen: '127.0.0.1:0', allow: ['alice', 'bob'] }
const UPSTREAM = { upstream: 'demo' }

/** All but what meetings change. */
const listed = async (house: RunningHouse): Promise<readonly object[]> =>
  (await house.run(['list', '--json'])).stdout
    .trimEnd()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), lastSeen: undefined }))

test('a house goes on in PostgreSQL where its file left off', withPostgresql, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-store-'))
  t.after(() => rm(directory, { recursive: true }))
  await using database = await startPostgresql()
  const url = database.url('postgres')
  const configured = (authority: object) => ({
    authority: { listen: '127.0.0.1:0', ...authority },
    doors: [{ ...DOOR, ...UPSTREAM }],
  })
  const move = (...more: readonly string[]) =>
    runCommand(['authority', 'store', '--move-to', url, ...more], { cwd: directory })
  let list: readonly object[]
  {
    await using house = await startHouse({ directory, config: configured({}) })
    await enrolled(house, 'alice')
    await enrolled(house, 'bob')
    assert.equal((await house.run(['revoke', 'bob', '--reason', 'superseded'])).code, 0)
    const held = await move()
    assert.equal(held.code, 3)
    assert.match(held.stderr, /another process uses this data directory \[ERR_AUTHORITY_IN_USE\]/)
    list = await listed(house)
    assert.ok(list.some((each) => 'party' in each && each.party === 'alice'))
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
  }
  {
    // The database is named before anything was moved there.
    const config = configured({ store: url })
    await assert.rejects(startHouse({ directory, config }), /countersign authority store --move-to/)
  }
  const moved = await move()
  assert.equal(moved.code, 0, moved.stderr)
  assert.match(moved.stdout, /^certificate +\d+ rows +sha256:[0-9a-f]{64}$/m)
  assert.match(moved.stdout, /\nnext: authority\.store: postgres:/)
  await assert.rejects(startHouse({ directory, config: configured({}) }), /set authority\.store in countersign\.yaml/)
  const again = await move('--json')
  assert.equal(again.code, 3)
  assert.match(again.stderr, /moved already/)
  {
    await using house = await startHouse({ directory, config: configured({ store: url }) })
    assert.deepEqual(await listed(house), list)
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    const meet = (party: string) =>
      house.run(['meet', `https://gate.localhost:${port}`, '--identity', join('parties', party), '--json'])
    const alice = await meet('alice')
    assert.equal(alice.code, 0, alice.stdout + alice.stderr)
    const bob = await meet('bob')
    assert.equal(bob.code, 1)
    assert.match(bob.stdout, /ERR_CALLER_REVOKED/)
    await enrolled(house, 'carol')
    assert.match((await house.run(['list', '--json'])).stdout, /"carol"/)
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
    const key = (await readFile(join(house.data, 'ledger.vkey'), 'utf8')).trim()
    const verified = await house.run(['ledger', 'verify', join(house.data, 'ledger'), '--key', key])
    assert.equal(verified.code, 0, verified.stdout)
  }
})
