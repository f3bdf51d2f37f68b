// The token with the issuing key is gone under load and comes back: each request is answered, with a certificate or with a
// code; nothing that could not be signed is spent; lists and certificates go on without a restart.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { readCertificateList } from '@countersign/x509'
import { softToken, withToken } from '../../../../tools/testing/soft-token.ts'
import { askLocally, type Caller, enrollmentBody, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'
import { shortMinute } from '../support/short-minute.ts'

const AWAY_MS = Number(process.env['COUNTERSIGN_SOAK_SECONDS'] ?? 1.5) * 1_000
/** A token that could not be opened is not asked for this long again. */
const PAUSE_MS = 1_000

suite('a token that is taken away under load, and brought back', withToken, () => {
  test('requests are signed or refused by a code, and all is as before when it is back', async (t) => {
    shortMinute(t, 500)
    const token = softToken(t)
    token.tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'issuing', '--id', '01')
    const house = await openHouse(t, { custody: { issuingKey: token.uri('object=issuing') } })
    const { directory, authority } = house
    const invited = async (party: string) => {
      const made = await authority.invite({ party })
      assert.ok(made.ok, 'an invitation needs no signature')
      return made.token
    }
    const ask = async (caller: Caller, secret: string, request: Uint8Array) =>
      caller.ask('POST', '/enroll', enrollmentBody(secret, request, caller.exporter))
    let goesOn = true
    const counts = { signed: 0, refused: 0, again: 0 }
    /** Each party asks with its token until it has its certificate. */
    const load = async (name: string) => {
      for (let i = 0; goesOn; i++) {
        const caller = await meet(t, placeOf(authority))
        const [secret, request] = [await invited(`${name}-${i}`), requestFor(newKey())]
        for (let attempts = 1; ; attempts++) {
          const { status, body } = await ask(caller, secret, request)
          if (status === 201) {
            counts.signed++
            if (attempts > 1) counts.again++
            break
          }
          assert.equal(status, 503)
          assert.equal(body.code, 'ERR_AUTHORITY_KEY')
          counts.refused++
          await delay(50)
        }
        caller.socket.destroy()
      }
    }
    await enrollParty(t, house, 'alice')
    const loads = ['a', 'b', 'c'].map(load)
    const signed = async (atLeast: number) => {
      for (const end = performance.now() + 10_000; counts.signed < atLeast; await delay(20))
        assert.ok(performance.now() < end, `${counts.signed} were signed, and not ${atLeast}`)
    }
    await signed(5)
    token.takeAway()
    const away = delay(AWAY_MS)
    while (counts.refused === 0) await delay(10)
    const [revoked] = await Promise.all([
      askLocally(directory, 'POST', '/v1/revocations', { subject: 'alice', reason: 'superseded' }),
      away,
    ])
    assert.equal(revoked.status, 200, 'it holds without a list')
    const before = counts.signed
    token.bringBack()
    const back = performance.now()
    await signed(before + 5)
    const again = Math.round(performance.now() - back)
    goesOn = false
    await Promise.all(loads)
    assert.ok(again < 8 * PAUSE_MS, `${again} ms`)
    assert.ok(counts.again > 0, 'what was refused has not spent its token')
    // By itself, within its minute.
    for (const end = performance.now() + 5_000; ; await delay(50)) {
      const { body } = await askLocally(directory, 'GET', '/status')
      const list = readCertificateList(Uint8Array.fromBase64(body.crls[0]))
      if (list.revokedCertificates.length === 1) break
      assert.ok(performance.now() < end, 'no list with the revocation')
    }
    assert.ok(!house.events.some(([event]) => event === 'api.failed'))
    t.diagnostic(
      `away for ${AWAY_MS} ms: ${counts.signed} signed, ${counts.refused} refused and ${counts.again} of these signed later, with the same tokens; it went on within ${again} ms`,
    )
  })
})
