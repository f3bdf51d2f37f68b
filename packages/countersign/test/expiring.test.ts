import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import type { Authority } from '@countersign/authority'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'
import { authorityIn } from './support/authority.ts'

suite('what ends, over the socket of a real authority', () => {
  let directory: string
  let authority: Authority
  const open = async () => {
    authority = await authorityIn(join(directory, 'countersign-data'), Temporal.Now.instant)
  }
  const issue = (party: string) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
    return authority.issueLocal({ party, profile: 'client', publicKey: spki, dnsNames: [`${party}.example`] })
  }
  /** Ages what is stored by `days`, while the authority is away. */
  const age = async (days: number, party: string) => {
    await authority.close()
    using db = new DatabaseSync(join(directory, 'countersign-data', 'store.db'))
    const by = days * 86_400_000
    db.prepare(
      `UPDATE certificate SET not_before = not_before - ?1, not_after = not_after - ?1, overdue = 1 WHERE party = ?2`,
    ).run(by, party)
    db.prepare("UPDATE party SET owner = 'team blue' WHERE name = 'bob'").run()
    db.close()
    await open()
  }
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-expiring-'))
    await open()
    for (const party of ['alice', 'bob', 'carol']) await issue(party)
  })
  after(async () => {
    await authority.close()
    await rm(directory, { recursive: true, force: true })
  })

  const run = async (...words: string[]) => {
    const around = fakeAround({ cwd: directory, clock: () => Temporal.Now.instant() })
    const code = await main(words, around)
    return { code, stdout: around.stdout, stderr: around.stderr }
  }

  test('nothing is overdue: exit 0, and a word to people alone', async () => {
    const { code, stdout, stderr } = await run('expiring', '--within', '60d')
    assert.deepEqual([code, stdout, stderr], [0, [], ['all that ends by then is renewed in time']])
    assert.deepEqual((await run('expiring', '--within', '60d', '--json')).stdout, ['{"certificates":[],"lists":[]}'])
  })

  test('what need not have been renewed yet, where it is asked for', async () => {
    const { code, stdout } = await run('expiring', '--within', '60d', '--all')
    assert.equal(code, 0)
    assert.equal(stdout[0], 'nobody answers for')
    assert.match(stdout.join('\n'), /^ {2}alice +client +in 30 days +due in 22 days +never +[0-9a-f]+$/m)
    const soon = await run('expiring', '--within', '1d', '--all')
    assert.deepEqual([soon.code, soon.stdout], [0, []])
  })

  test('a span that is none: exit 2', async () => {
    for (const span of ['soon', '0d', '-1d', '30'])
      assert.equal((await run('expiring', `--within=${span}`)).code, 2, span)
  })

  test('how long the authority may be away: as long as its list holds', async () => {
    const { code, stdout } = await run('outage-budget')
    assert.equal(code, 0)
    assert.match(stdout[0] ?? '', /^the authority may be away for (23|24) hours, until \d{4}-\d\d-\d\dT/)
    assert.match(stdout[3] ?? '', /^in 1 day +applications +the revocation list of issuing runs out$/)
    const json = JSON.parse((await run('outage-budget', '--json')).stdout.join())
    assert.deepEqual(
      json.failures.map(({ cause, issuer }: Record<string, unknown>) => [cause, issuer]),
      [
        ['list', 'issuing'],
        ['list', 'root'],
      ],
    )
  })

  test('what should have been renewed, by who answers for it: exit 1', async () => {
    await age(25, 'bob')
    await age(26, 'alice')
    const { code, stdout } = await run('expiring')
    assert.equal(code, 1)
    assert.deepEqual(stdout.slice(0, 1), ['team blue'])
    assert.match(stdout[2] ?? '', /^ {2}bob +client +in (4|5) days +overdue \(2 days ago\) +never +[0-9a-f]+$/)
    assert.deepEqual(stdout.slice(3, 5), ['', 'nobody answers for'])
    assert.match(stdout[6] ?? '', /^ {2}alice +client +in (3|4) days +overdue \(3 days ago\)/)
    assert.equal(stdout.length, 7)
    const json = await run('expiring', '--json')
    assert.equal(json.code, 1)
    const { certificates } = JSON.parse(json.stdout.join())
    assert.deepEqual(
      certificates.map(({ party, owner, overdue }: Record<string, unknown>) => [party, owner, overdue]),
      [
        ['alice', undefined, true],
        ['bob', 'team blue', true],
      ],
    )
  })

  test('what its party has another one for is not counted, and shown where it is asked for', async () => {
    for (const party of ['alice', 'bob']) await issue(party)
    const { code, stdout, stderr } = await run('expiring')
    assert.deepEqual([code, stdout], [0, []])
    assert.match(stderr.join(), /2 more: their parties have another certificate/)
    assert.match((await run('expiring', '--all')).stdout.join('\n'), /^ {2}bob .+ replaced +never/m)
  })
})
