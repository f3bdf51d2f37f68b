// PostgreSQL that goes away beneath an authority that runs, and comes back: nothing is said to be done that is not, nothing that
// was said is lost, and no restart is needed. `npm run -s soak` lets it be away for longer.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Postgresql, startPostgresql, withPostgresql } from '../../../interop/postgresql.ts'
import { follow } from './support/follow.ts'
import { askLocally, enrollParty, openHouse } from './support/house.ts'

const AWAY_MS = Number(process.env['COUNTERSIGN_SOAK_SECONDS'] ?? 1) * 1_000
/** Whoever asks while it hangs waits for it, or is refused after this. */
const PATIENCE_MS = 5_000

/** How it goes away, and comes back. */
const WAYS: Readonly<Record<string, (server: Postgresql) => Promise<() => Promise<void>>>> = {
  'crashes, and is started again': (server) => server.crash(),
  'hangs, and goes on': async (server) => {
    const thaw = server.freeze()
    return async () => thaw()
  },
}

suite('an authority whose PostgreSQL goes away', withPostgresql, () => {
  for (const [way, goAway] of Object.entries(WAYS))
    test(`it ${way}: says so, and goes on with all that it said it has done`, async (t) => {
      await using server = await startPostgresql()
      const house = await openHouse(t, { store: server.url('postgres') })
      await enrollParty(t, house, 'alice')
      const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
      const invite = (party: string) => askLocally(house.directory, 'POST', '/v1/invitations', { party })
      const ready = async () => (await askLocally(house.directory, 'GET', '/readyz')).status
      assert.equal(await ready(), 200)

      // A load that goes on through all of it: each answer is kept.
      let goesOn = true
      const done: string[] = []
      let [refused, slowest] = [0, 0]
      const load = async (name: string) => {
        for (let i = 0; goesOn; i++) {
          const began = performance.now()
          const answer = await invite(`${name}-${i}`)
          slowest = Math.max(slowest, performance.now() - began)
          if (answer.status === 201) done.push(`${name}-${i}`)
          else {
            refused++
            assert.equal(answer.body.code, 'ERR_AUTHORITY_STORE')
            assert.match(answer.body.next, /./)
            await delay(20)
          }
        }
      }
      const loads = ['a', 'b', 'c'].map(load)
      while (done.length < 5) await delay(10)
      const comeBack = await goAway(server)
      const revoking = askLocally(house.directory, 'POST', '/v1/revocations', {
        subject: 'alice',
        reason: 'superseded',
      })
      const away = delay(AWAY_MS)
      assert.equal(await ready(), 503)
      await away
      const before = done.length
      await comeBack()
      const back = performance.now()
      while (done.length < before + 5) await delay(10)
      const again = performance.now() - back
      goesOn = false
      await Promise.all(loads)
      assert.equal(await ready(), 200)
      assert.ok(again < 2 * PATIENCE_MS, `${again} ms`)

      // Each that was said to be invited is: it can be revoked, and what was refused was not done.
      const answers = await Promise.all(
        done.map((party) =>
          askLocally(house.directory, 'POST', '/v1/revocations', {
            subject: party,
            reason: 'unspecified',
            dryRun: true,
          }),
        ),
      )
      for (const { status } of answers) assert.equal(status, 200)
      const answered = await revoking
      if (answered.status !== 200) assert.equal(answered.body.code, 'ERR_AUTHORITY_STORE')
      const revoked =
        answered.status === 200
          ? answered
          : await askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice', reason: 'superseded' })
      assert.equal(revoked.status, 200)
      // Who follows was not let go, and hears of it.
      await door.until((message) => message.event?.sequence === revoked.body.sequence)
      t.diagnostic(`away for ${AWAY_MS / 1_000} s: ${done.length} invitations said, all there; ${refused} refused`)
      t.diagnostic(`the slowest answer took ${Math.round(slowest)} ms; back, it went on within ${Math.round(again)} ms`)
    })
})
