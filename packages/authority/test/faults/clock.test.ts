// The clock of an authority that runs goes forward by a day and back, and back by a day and forward: what was said while it was
// wrong is what it said then, and once it is right all is right. Its minute is short here.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type CertificateList, readCertificateList } from '@countersign/x509'
import { checkLedger, checkStore } from '../crash/check.ts'
import { nothingSeen } from '../crash/load.ts'
import { testClock } from '../support/core.ts'
import {
  type Answer,
  askLocally,
  enrollmentBody,
  enrollParty,
  type Held,
  type House,
  meet,
  openHouse,
  placeOf,
} from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'
import { shortMinute } from '../support/short-minute.ts'

const MINUTE_MS = 200

const listOf = async ({ directory }: House): Promise<CertificateList> => {
  const { body } = await askLocally(directory, 'GET', '/status')
  return readCertificateList(Uint8Array.fromBase64(body.crls[0]))
}

/** Turns the clock, and waits for the list that says so. */
async function turn(house: House, hours: number): Promise<CertificateList> {
  const before = await listOf(house)
  house.clock.advance({ hours })
  for (const end = performance.now() + 5_000; ; await delay(20)) {
    const list = await listOf(house)
    if (list.cRLNumber !== before.cRLNumber) {
      const age = house.clock().epochMilliseconds - list.thisUpdate.epochMilliseconds
      assert.ok(age >= 0 && age < 3_600_000, `the list is of ${list.thisUpdate}`)
      assert.ok((list.cRLNumber ?? 0n) > (before.cRLNumber ?? 0n), 'numbers never go back')
      return list
    }
    assert.ok(performance.now() < end, 'no list came')
  }
}

async function ask(t: TestContext, house: House, held: Held): Promise<Answer['body']> {
  const { ask: through } = await meet(t, placeOf(house.authority), held)
  return (await through('GET', '/v1/ready')).body
}

async function enrollWith(t: TestContext, house: House, token: string): Promise<Answer> {
  const caller = await meet(t, placeOf(house.authority))
  return caller.ask('POST', '/enroll', enrollmentBody(token, requestFor(newKey()), caller.exporter))
}

suite('a clock that steps by a day under an authority that runs', () => {
  test('lists, invitations, answers that are kept, sessions and the ledger are right when it is', async (t) => {
    shortMinute(t, MINUTE_MS)
    const house = await openHouse(t, { clock: testClock(Temporal.Now.instant()) })
    const { directory } = house
    const [alice, bob] = [await enrollParty(t, house, 'alice'), await enrollParty(t, house, 'bob')]
    const session = await meet(t, placeOf(house.authority), alice)
    const works = async () => assert.equal((await session.ask('GET', '/v1/ready')).body.ready, true)
    await works()
    const key = { 'idempotency-key': '"the invitation of carol"' }
    const invite = () => askLocally(directory, 'POST', '/v1/invitations', { party: 'carol' }, key)
    const invited = await invite()
    assert.equal(invited.status, 201, JSON.stringify(invited.body))
    const revoke = (subject: string) => askLocally(directory, 'POST', '/v1/revocations', { subject })

    // Ahead by a day.
    await turn(house, 24)
    await delay(3 * MINUTE_MS)
    assert.equal((await enrollWith(t, house, invited.body.token)).body.code, 'ERR_ENROLL_TOKEN_EXPIRED')
    assert.equal((await invite()).body.token, invited.body.token, 'the first answer, still')
    await works()
    const dave = await enrollParty(t, house, 'dave')
    assert.equal((await revoke('bob')).status, 200)

    // And right again.
    const right = await turn(house, -24)
    await delay(3 * MINUTE_MS)
    assert.equal(right.revokedCertificates.length, 1, 'what was revoked is')
    assert.equal((await ask(t, house, bob)).code, 'ERR_CALLER_REVOKED')
    assert.equal((await ask(t, house, dave)).code, 'ERR_CALLER_NOT_YET_VALID')
    await works()
    assert.equal((await ask(t, house, alice)).ready, true)
    assert.equal((await invite()).body.token, invited.body.token)
    assert.equal((await enrollWith(t, house, invited.body.token)).status, 201, 'its ten minutes are not over')
    assert.equal((await enrollWith(t, house, invited.body.token)).body.code, 'ERR_ENROLL_TOKEN_SPENT')
    assert.equal((await revoke('dave')).status, 200)

    // Behind by a day, and right again.
    const behind = await turn(house, -24)
    assert.equal(behind.revokedCertificates.length, 2)
    assert.equal((await ask(t, house, alice)).code, 'ERR_CALLER_NOT_YET_VALID')
    assert.match((await ask(t, house, bob)).code, /^ERR_CALLER_(?:REVOKED|NOT_YET_VALID)$/)
    assert.ok(session.socket.destroyed, 'by that clock her certificate does not hold, and her session ends')
    const last = await turn(house, 24)
    assert.equal(last.revokedCertificates.length, 2)
    assert.equal((await ask(t, house, alice)).ready, true)
    assert.equal((await ask(t, house, bob)).code, 'ERR_CALLER_REVOKED')
    await enrollParty(t, house, 'erin')
    assert.deepEqual(
      house.events.filter(([event]) => /failed$/.test(event)),
      [],
    )

    await house.authority.close()
    const seen = nothingSeen()
    await checkLedger(directory, seen)
    await checkStore({ t, directory, seen })
    t.diagnostic(`4 steps of a day: lists ${right.cRLNumber} to ${last.cRLNumber}, ${seen.kept?.size} entries verified`)
  })
})
