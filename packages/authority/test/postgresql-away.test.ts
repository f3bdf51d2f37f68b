// PostgreSQL that crashes and comes back beneath an authority that runs: nothing is said to be done that is not, nothing that
// was said is lost, and no restart is needed.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startPostgresql, withPostgresql } from '../../../interop/postgresql.ts'
import { follow } from './support/follow.ts'
import { askLocally, enrollParty, openHouse } from './support/house.ts'

suite('an authority whose PostgreSQL goes away', withPostgresql, () => {
  test('says so, and goes on when it is back, with all that it said it has done', async (t) => {
    await using server = await startPostgresql()
    const house = await openHouse(t, { store: server.url('postgres') })
    await enrollParty(t, house, 'alice')
    const door = await follow(t, house, await enrollParty(t, house, 'door/gate-1', { profile: 'service' }))
    const invite = (party: string) => askLocally(house.directory, 'POST', '/v1/invitations', { party })
    const invited = await invite('bob')
    assert.equal(invited.status, 201)

    // A load that goes on through all of it: each answer is kept.
    let goesOn = true
    const done: string[] = []
    let refused = 0
    const load = (async () => {
      for (let i = 0; goesOn; i++) {
        const answer = await invite(`p${i}`)
        if (answer.status === 201) done.push(`p${i}`)
        else {
          refused++
          assert.equal(answer.body.code, 'ERR_AUTHORITY_STORE')
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
    })()
    while (done.length < 5) await new Promise((resolve) => setTimeout(resolve, 10))
    const start = await server.crash()
    const revoking = await askLocally(house.directory, 'POST', '/v1/revocations', {
      subject: 'alice',
      reason: 'superseded',
    })
    assert.equal(revoking.body.code, 'ERR_AUTHORITY_STORE')
    assert.match(revoking.body.next ?? '', /./)
    while (refused < 3) await new Promise((resolve) => setTimeout(resolve, 10))
    const before = done.length
    await start()
    while (done.length < before + 5) await new Promise((resolve) => setTimeout(resolve, 10))
    goesOn = false
    await load

    // Each that was said to be invited is: it can be revoked, and what was refused was not done.
    // At once: each waits a second for the door, which confirms nothing here.
    const answers = await Promise.all(
      done.map((party) =>
        askLocally(house.directory, 'POST', '/v1/revocations', { subject: party, reason: 'unspecified' }),
      ),
    )
    for (const { status } of answers) assert.equal(status, 200)
    const revoked = await askLocally(house.directory, 'POST', '/v1/revocations', {
      subject: 'alice',
      reason: 'superseded',
    })
    assert.equal(revoked.status, 200)
    // Who follows was not let go, and hears of it.
    await door.until((message) => message.event?.sequence === revoked.body.sequence)
    t.diagnostic(`${done.length} invitations said, ${refused} refused meanwhile`)
  })
})
