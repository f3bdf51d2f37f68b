// Whose a request is: by its cookie, and by what it proves beside.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { RefusalCode } from '@countersign/protocol'
import { AUTHORITY, newDevice, ORIGIN } from '../support/device.ts'
import {
  answer,
  kindOf,
  laptop,
  POST,
  person,
  phone,
  prove,
  refusal,
  refused,
  renew,
  signIn,
  start,
} from '../support/person.ts'

const CERTIFICATE = 'ab'.repeat(32)

suite('whose a request is', () => {
  test('is not asked for ever: of one account 1,200 proofs a minute, each of which is a row; what needs none goes on', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const { cookie } = browser
    const proofs = await Promise.all(Array.from({ length: 1_200 }, () => prove(at, browser)))
    for (const proof of proofs) assert.equal(await kindOf(at.find({ ...POST, cookie, proof })), 'person')
    const count = () => at.store.database.prepare('SELECT count(*) AS n FROM login_used').get()?.['n']
    const before = count()
    const proof = await prove(at, browser)
    refused(await at.find({ ...POST, cookie, proof }), 'ERR_PERSON_TOO_OFTEN')
    assert.equal(count(), before)
    assert.equal(await kindOf(at.find({ cookie })), 'person')
    at.time.pass({ seconds: 1 })
    assert.equal(await kindOf(at.find({ ...POST, cookie, proof })), 'person')
  })

  test('nobody’s: without the cookie, with another’s form, twice, unknown, over its budget, or of another door', async (t) => {
    const at = await start(t)
    const { cookie } = await signIn(at)
    const [name, value = ''] = cookie.split('=')
    for (const field of [
      undefined,
      '',
      'other=1',
      `${name}=`,
      `${name}=${value}x`,
      `${name}=${value.slice(1)}`,
      `x${cookie}`,
      `${cookie}; ${cookie}`,
      `${cookie}; a=${'x'.repeat(8192)}`,
      `${name}=${'A'.repeat(22)}.${'A'.repeat(43)}`,
    ])
      assert.equal(await kindOf(at.find({ cookie: field })), 'nobody', `${field}`)
    assert.equal(await kindOf(at.find({ cookie: `a=b; ${cookie};c=d` })), 'person')
    at.store.database.exec("UPDATE login_session SET door = 'other'")
    assert.equal(await kindOf(at.find({ cookie })), 'nobody')
  })

  test('a page load rides on the cookie for five minutes, then the device proves itself', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    at.time.pass({ seconds: 299 })
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
    at.time.pass({ seconds: 1 })
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'renew')
    await renew(at, browser)
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
  })

  test('what changes something needs a proof by the key of the session, for this very request, once', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const { cookie } = browser
    const thief = { ...browser, device: await newDevice() }
    const other = await signIn(at, phone)
    for (const [why, request] of [
      ['none', {}],
      ['by a key of its own', { proof: await prove(at, thief) }],
      ['for another address', { proof: await prove(at, browser, `${ORIGIN}/other`) }],
      ['for another method', { proof: await prove(at, browser), method: 'DELETE' }],
      ['of another session', { proof: await prove(at, other) }],
      ['of this device for another session', { proof: await prove(at, { ...browser, id: other.id }) }],
    ] as const)
      refused(await at.find({ ...POST, cookie, ...request }), 'ERR_PERSON_PROOF') ?? assert.fail(why)
    const proof = await prove(at, browser)
    assert.equal(await kindOf(at.find({ ...POST, cookie, proof })), 'person')
    refused(await at.find({ ...POST, cookie, proof }), 'ERR_PERSON_PROOF')
    for (const method of ['PUT', 'DELETE', 'PATCH', 'CONNECT', 'get', 'PROPFIND'])
      refused(await at.find({ cookie, method }), 'ERR_PERSON_PROOF')
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      assert.equal(await kindOf(at.find({ cookie, method })), 'person', method)
  })

  test('a proof is fresher than a cookie: what changes something goes on after the five minutes', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    at.time.pass({ minutes: 20 })
    const { cookie } = browser
    assert.equal(await kindOf(at.find({ ...POST, cookie, proof: await prove(at, browser) })), 'person')
  })

  test('one proof, raced by eight at two processes, counts once', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const browser = await signIn(one)
    const proof = await prove(one, browser)
    const { cookie } = browser
    const raced = await Promise.all(
      Array.from({ length: 8 }, (_, i) => kindOf([one, two][i % 2]!.find({ ...POST, cookie, proof }))),
    )
    assert.deepEqual(raced.toSorted(), ['person', ...Array.from({ length: 7 }, () => 'refused')])
  })

  test('a WebSocket is opened by a proof for it, from a page of the door itself, and by no cookie alone', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const socket = { cookie: browser.cookie, isUpgrade: true, origin: ORIGIN, target: '/ws?room=1' } as const
    const address = `${ORIGIN}/ws`
    const fresh = () => prove(at, browser, address, 'GET')
    for (const [proof, why] of [
      [undefined, 'a cookie alone'],
      [await prove(at, browser, address, 'POST'), 'of a form'],
      [await prove(at, browser, address, 'CONNECT'), 'of what HTTP/2 makes of it'],
      [await prove(at, browser, `${ORIGIN}/other`, 'GET'), 'of another socket'],
      [await prove(at, { ...browser, device: phone }, address, 'GET'), 'of another device'],
      [await prove(at, { ...browser, id: 'another' }, address, 'GET'), 'of another session'],
      [`${await fresh()},${await fresh()}`, 'two'],
    ] as const)
      refused(await at.find({ ...socket, ...(proof !== undefined && { proof }) }), 'ERR_PERSON_PROOF') ??
        assert.fail(why)
    for (const origin of [undefined, 'null', 'https://evil.example', 'https://bank.example', `http://${AUTHORITY}`])
      refused(await at.find({ ...socket, proof: await fresh(), origin }), 'ERR_PERSON_PROOF')
    const evil = { origin: 'https://evil.example', authority: 'evil.example' }
    refused(await at.find({ ...socket, ...evil, proof: await fresh() }), 'ERR_PERSON_PROOF')

    const proof = await fresh()
    assert.equal(await kindOf(at.find({ ...socket, proof })), 'person')
    refused(await at.find({ ...socket, proof }), 'ERR_PERSON_PROOF')
    // In HTTP/2.
    assert.equal(await kindOf(at.find({ ...socket, proof: await fresh(), method: 'CONNECT' })), 'person')
    at.time.pass({ minutes: 5 })
    refused(await at.find(socket), 'ERR_PERSON_PROOF')
    assert.equal(await kindOf(at.find({ ...socket, proof: await fresh() })), 'person')
  })
})

suite('a cookie changes', () => {
  test('the one before is good for what was on its way; later it ends the session, and the customer is told', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const before = browser.cookie
    at.time.pass({ minutes: 4 })
    await renew(at, browser)
    assert.notEqual(browser.cookie, before)
    assert.equal(await kindOf(at.find({ cookie: before })), 'person')
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
    at.time.pass({ seconds: 29 })
    assert.equal(await kindOf(at.find({ cookie: before })), 'person')
    at.time.pass({ seconds: 1 })
    const causes: RefusalCode[] = []
    person(await at.find({ cookie: browser.cookie })).follow((cause) => causes.push(cause))
    refused(await at.find({ cookie: before }), 'ERR_PERSON_COOKIE')
    assert.deepEqual(at.thefts, ['carol'])
    assert.deepEqual(causes, ['ERR_PERSON_COOKIE'])
    // Whoever has the right cookie is told why; whoever has the other one, nothing.
    refused(await at.find({ cookie: browser.cookie }), 'ERR_PERSON_COOKIE')
    assert.equal(await kindOf(at.find({ cookie: before })), 'nobody')
    assert.equal(at.index.size, 0)
  })

  test('a cookie of two changes ago ends the session too', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const stolen = browser.cookie
    for (let i = 0; i < 2; i++) {
      at.time.pass({ minutes: 5 })
      await renew(at, browser)
    }
    refused(await at.find({ cookie: stolen }), 'ERR_PERSON_COOKIE')
    assert.deepEqual(at.thefts, ['carol'])
  })

  test('even by a right proof: a thief of cookies may have a proof that was kept back', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    const stolen = browser.cookie
    at.time.pass({ minutes: 5 })
    await renew(at, browser)
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
    at.time.pass({ minutes: 1 })
    refused(await at.find({ ...POST, cookie: stolen, proof: await prove(at, browser) }), 'ERR_PERSON_COOKIE')
    await assert.rejects(at.sessionOf(browser.cookie), refusal('ERR_PERSON_COOKIE'))
  })

  test('an answer that was lost costs a proof, and no session', async (t) => {
    const at = await start(t)
    const browser = await signIn(at)
    at.time.pass({ minutes: 5 })
    await renew(at, { ...browser })
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
    at.time.pass({ minutes: 10 })
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'renew')
    await renew(at, browser)
    assert.equal(await kindOf(at.find({ cookie: browser.cookie })), 'person')
    assert.deepEqual(at.thefts, [])
  })

  test('two tabs that renew at once are one browser: the second gets no cookie of its own', async (t) => {
    const one = await start(t)
    const two = await start(t, one)
    const browser = await signIn(one)
    one.time.pass({ minutes: 5 })
    const tabs = await Promise.all([one, two].map(async (at) => ({ at, session: await at.sessionOf(browser.cookie) })))
    const sent = await Promise.all(
      tabs.map(async ({ at, session }) => {
        const fields = answer(at)
        await at.sessions.renew(session!, fields)
        return fields.fields.get('set-cookie')
      }),
    )
    assert.equal(sent.filter((field) => field !== undefined).length, 1)
    await renew(two, browser)
    assert.match(browser.cookie, /^__Host-countersign=/)
    assert.equal(await kindOf(two.find({ cookie: browser.cookie })), 'person')
  })
})

suite('a session and the certificate of the connection', () => {
  test('where it was met by one, that stands for the proofs; on another connection the device proves', async (t) => {
    const at = await start(t)
    const browser = await signIn(at, laptop, { certificateSha256: CERTIFICATE })
    const { cookie } = browser
    const met = { cookie, certificateSha256: CERTIFICATE }
    assert.equal(await kindOf(at.find({ ...POST, ...met })), 'person')
    at.time.pass({ minutes: 30 })
    assert.equal(await kindOf(at.find(met)), 'person')
    assert.equal(await kindOf(at.find({ ...met, isUpgrade: true, origin: ORIGIN })), 'person')
    // A page elsewhere rides on the same connection.
    for (const origin of [undefined, 'null', 'https://evil.example'])
      refused(await at.find({ ...POST, ...met, origin }), 'ERR_PERSON_PROOF')
    refused(await at.find({ ...met, isUpgrade: true }), 'ERR_PERSON_PROOF')
    for (const certificateSha256 of [undefined, 'cd'.repeat(32)]) {
      refused(await at.find({ ...POST, cookie, certificateSha256 }), 'ERR_PERSON_PROOF')
      assert.equal(await kindOf(at.find({ cookie, certificateSha256 })), 'renew')
      const proof = await prove(at, browser)
      assert.equal(await kindOf(at.find({ ...POST, cookie, certificateSha256, proof })), 'person')
    }
  })
})
