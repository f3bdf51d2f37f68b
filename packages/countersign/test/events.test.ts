// `countersign events`: what happened, and what happens over an authority that goes and comes back.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Authority } from '@countersign/authority'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'
import { authorityIn } from './support/authority.ts'

const clock = () => Temporal.Now.instant()

suite('countersign events', () => {
  test('goes on from where it was when the authority is back, each once', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-'))
    const open = () => authorityIn(join(directory, 'countersign-data'), clock)
    let authority = await open()
    t.after(async () => {
      await authority.close()
      await rm(directory, { recursive: true, force: true })
    })
    const issue = (party: string, at: Authority) => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
      return at.issueLocal({ party, profile: 'client', publicKey: spki })
    }
    const until = async (lines: readonly string[], text: string) => {
      for (const end = performance.now() + 20_000; !lines.some((line) => line.includes(text)); await delay(10))
        if (performance.now() > end) throw new Error(`${text} did not come: ${lines.join()}`)
    }

    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
    const follower = fakeAround({ cwd: directory, clock, stopped: () => stopped })
    const following = main(['events', '--follow', '--after', '0', '--json'], follower)
    await issue('alice', authority)
    await until(follower.stdout, '"alice"')
    const newest = fakeAround({ cwd: directory, clock, stopped: () => stopped })
    const newer = main(['events', '--follow'], newest)
    await delay(100)
    await authority.close()
    authority = await open()
    await issue('bob', authority)
    await Promise.all([until(follower.stdout, '"bob"'), until(newest.stdout, 'bob')])
    stop()
    assert.deepEqual(await Promise.all([following, newer]), [0, 0])
    assert.ok(newest.stdout.every((line) => !line.includes('alice')))

    const all = follower.stdout.map((line) => JSON.parse(line))
    assert.deepEqual(
      all.map(({ number }) => number),
      all.map((_, index) => index + 1),
    )
    const past = fakeAround({ cwd: directory, clock })
    assert.equal(await main(['events', '--json'], past), 0)
    assert.deepEqual(past.stdout, follower.stdout)
    const text = fakeAround({ cwd: directory, clock })
    const begun = fakeAround({ cwd: directory, clock })
    assert.equal(await main(['events'], begun), 0)
    assert.ok(
      begun.stdout.some((line) => / {2}issuer {2}issuing {2}active( {2}|$)/.test(line)),
      begun.stdout.join('\n'),
    )
    assert.equal(await main(['events', '--after', String(all.length - 1)], text), 0)
    assert.match(text.stdout.join('\n'), /^\d+ {2}.+ {2}issued {2}bob {2}client {2}[0-9a-f]+ {2}[0-9a-f]{64}$/)
    for (const [after, exit, words] of [
      ['-1', 2, 'needs a value'],
      ['1.5', 2, 'number of an event'],
      ['999999', 3, 'the newest event is'],
    ] as const) {
      const refused = fakeAround({ cwd: directory, clock })
      assert.equal(await main(['events', '--after', after], refused), exit, after)
      assert.match(refused.stderr.join('\n'), new RegExp(words))
    }
    const nowhere = fakeAround({ cwd: directory, clock })
    assert.equal(await main(['events', '--data', 'absent'], nowhere), 4)
  })
})
