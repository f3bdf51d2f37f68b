// A sign-in, with OPAQUE's own client: on a known device, on another, and everything that is refused on the way.
import assert from 'node:assert/strict'
import { hkdfSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { client } from '@serenity-kit/opaque'
import { compactDecrypt } from 'jose'
import { makeNonce } from '../../src/session/nonce.ts'
import { type Browser, newBrowser, RefusedCall, refusedBy, testDoor } from '../support/browser.ts'
import { codeOf, NO_FINISH, pictureOf, provePassword, setUp, signIn } from '../support/customer.ts'
import { AUTHORITY, ORIGIN } from '../support/device.ts'

suite('a known device', () => {
  test('gets its copy first, then that of the password, then a session whose record has the six steps', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const { browser } = carol
    const begun = await browser.ask('begin', { device: browser.device.keys })
    assert.deepEqual([begun.known, begun.account, begun.opaque], [true, 'carol', { server: 'bank.example' }])
    assert.match(begun.ofDevice ?? '', /^ey/)
    const proved = await provePassword(browser, begun.signIn, carol)
    const { next, ofPassword = '' } = await browser.ask('finish', { signIn: begun.signIn, finish: proved!.finish })
    assert.equal(next, 'code')
    const key = hkdfSync('sha256', Buffer.from(proved!.exportKey, 'base64url'), '', 'countersign login picture v1', 32)
    const { plaintext } = await compactDecrypt(ofPassword, new Uint8Array(key))
    assert.deepEqual(new Uint8Array(plaintext), pictureOf('the horse is blue'))

    const code = codeOf(carol.totpSecret, door.time.now())
    assert.deepEqual(await browser.ask('code', { signIn: begun.signIn, code }), { next: 'done' })
    assert.match(browser.cookie ?? '', /^__Host-countersign=/)
    const [meeting] = door.records
    assert.ok(meeting?.outcome.ok)
    assert.deepEqual(
      meeting.steps.map(({ outcome, evidence }) => [outcome, evidence?.kind]),
      [
        ['proved', 'device'],
        ['proved', 'picture'],
        ['proved', 'opaque'],
        ['proved', 'proofs'],
        ['proved', 'proofs'],
        ['proved', 'bound'],
      ],
    )
    assert.equal(door.index.find('party:carol').length, 1)
  })

  test('goes on at another process, between any two messages', async (t) => {
    const one = await testDoor(t)
    const other = await testDoor(t, one)
    const carol = await setUp(one)
    const { browser } = carol
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    browser.at(other)
    const proved = await provePassword(browser, id, carol)
    browser.at(one)
    await browser.ask('finish', { signIn: id, finish: proved!.finish })
    browser.at(other)
    const code = codeOf(carol.totpSecret, one.time.now())
    assert.deepEqual(await browser.ask('code', { signIn: id, code }), { next: 'done' })
  })

  test('with a wrong password, or a wrong code: refused alike, with a record', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const { browser } = carol
    const begun = await browser.ask('begin', { device: browser.device.keys })
    assert.equal(await provePassword(browser, begun.signIn, { ...carol, password: 'a red horse' }), undefined)
    const password = await refusedBy(browser.ask('finish', { signIn: begun.signIn, finish: NO_FINISH }))
    assert.deepEqual([password.status, password.code], [401, 'ERR_PERSON_CREDENTIALS'])
    // It is over.
    assert.equal(
      (await refusedBy(browser.ask('finish', { signIn: begun.signIn, finish: NO_FINISH }))).code,
      'ERR_PERSON_STEP',
    )

    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const proved = await provePassword(browser, id, carol)
    await browser.ask('finish', { signIn: id, finish: proved!.finish })
    const code = await refusedBy(browser.ask('code', { signIn: id, code: '000000' }))
    assert.deepEqual([code.status, code.code, code.detail], [password.status, password.code, password.detail])
    assert.deepEqual(
      door.records.map((meeting) => [meeting.reference, meeting.outcome.ok]),
      [
        [password.reference, false],
        [code.reference, false],
      ],
    )
    // Another try is open still.
    await browser.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
  })

  test('of one account is not heard for another', async (t) => {
    const door = await testDoor(t)
    const { browser } = await setUp(door)
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const refused = await refusedBy(provePassword(browser, id, { account: 'dave', password: 'x' }))
    assert.equal(refused.code, 'ERR_PERSON_STEP')
  })

  test('that was removed is a device like any other', async (t) => {
    const door = await testDoor(t)
    const { browser } = await setUp(door)
    await door.store.db.updateTable('login_device').set({ removed_at: 1 }).execute()
    const begun = await browser.ask('begin', { device: browser.device.keys })
    assert.deepEqual([begun.known, begun.account, begun.ofDevice], [false, undefined, undefined])
  })
})

suite('an unknown device', () => {
  test('is told nothing of the password, and hears no code; known devices and the customer hear of it', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door, 'carol', { email: 'carol@mail.example' })
    const thief = await newBrowser(door, { name: 'Firefox on Windows', address: '198.51.100.7' })
    const answers = []
    for (const password of ['a red horse', carol.password]) {
      const { signIn: id, known, ofDevice } = await thief.ask('begin', { device: thief.device.keys })
      assert.deepEqual([known, ofDevice], [false, undefined])
      const proved = await provePassword(thief, id, { account: 'carol', password })
      const answer = await thief.ask('finish', { signIn: id, finish: proved?.finish ?? NO_FINISH })
      answers.push(answer)
      const code = codeOf(carol.totpSecret, door.time.now())
      assert.equal((await refusedBy(thief.ask('code', { signIn: id, code }))).code, 'ERR_PERSON_STEP')
      assert.equal((await refusedBy(thief.ask('code/send', { signIn: id }))).code, 'ERR_PERSON_STEP')
    }
    for (const answer of answers) {
      assert.deepEqual(Object.keys(answer), ['next', 'number'])
      assert.equal(answer.next, 'confirm')
      assert.match(answer.number ?? '', /^[1-9][0-9]$/)
    }
    const waiting = await door.store.db.selectFrom('login_waiting').selectAll().execute()
    assert.deepEqual(
      waiting.map(({ account, kind, number, matter }) => [account, kind, number, JSON.parse(matter)]),
      [
        [
          'carol',
          'device',
          answers[1]!.number,
          [
            ['Device', 'Firefox on Windows'],
            ['Network address', '198.51.100.7'],
          ],
        ],
      ],
    )
    const notices = await door.store.db.selectFrom('login_notice').select(['kind', 'email']).execute()
    assert.deepEqual(notices.map(({ kind }) => kind).sort(), ['attempt', 'opened'])
    // Nor is the house left to guess: the right password is told of, and the wrong one is not.
    assert.deepEqual(
      door.logged.filter(({ event }) => event === 'login.attempt').map(({ fields }) => fields),
      [{ door: 'bank', account: 'carol', address: '198.51.100.7', device: 'Firefox on Windows' }],
    )
    // The right code was not spent on it.
    await signIn(door, carol)
  })

  test('must bring the keys that it proves', async (t) => {
    const door = await testDoor(t)
    const [one, other] = [await newBrowser(door), await newBrowser(door)]
    for (const body of [{}, { device: other.device.keys }])
      assert.equal((await refusedBy(one.ask('begin', body))).code, 'ERR_PERSON_REQUEST')
  })

  test('without keys gets no further than to be told to confirm', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const bare = await newBrowser(door, { hasKeys: false })
    const { signIn: id } = await bare.ask('begin', {})
    const proved = await provePassword(bare, id, carol)
    assert.equal((await bare.ask('finish', { signIn: id, finish: proved!.finish })).next, 'confirm')
    assert.equal((await refusedBy(bare.ask('code', { signIn: id, code: '000000' }))).code, 'ERR_PERSON_PROOF')
  })
})

suite('a message of a sign-in', () => {
  test('of another step, of another sign-in, of another device, repeated, or too late: refused', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const { browser } = carol
    const step = async (asked: Promise<unknown>) => assert.equal((await refusedBy(asked)).code, 'ERR_PERSON_STEP')
    const begin = async () => (await browser.ask('begin', { device: browser.device.keys })).signIn
    const first = await begin()
    await step(browser.ask('finish', { signIn: first, finish: NO_FINISH }))
    await step(browser.ask('code', { signIn: first, code: '000000' }))
    const stranger = await newBrowser(door)
    await step(stranger.ask('password', { signIn: first, account: 'carol', start: 'AAAA' }))
    await step(browser.ask('finish', { signIn: 'A'.repeat(32), finish: NO_FINISH }))

    const proved = await provePassword(browser, first, carol)
    await step(provePassword(browser, first, carol))
    const second = await begin()
    await provePassword(browser, second, carol)
    // KE3 of the first is none of the second, and a known device's sign-in is over with it.
    assert.equal(
      (await refusedBy(browser.ask('finish', { signIn: second, finish: proved!.finish }))).code,
      'ERR_PERSON_CREDENTIALS',
    )
    await browser.ask('finish', { signIn: first, finish: proved!.finish })
    await step(browser.ask('finish', { signIn: first, finish: proved!.finish }))
    const code = codeOf(carol.totpSecret, door.time.now())
    await browser.ask('code', { signIn: first, code })
    await step(browser.ask('code', { signIn: first, code }))

    const late = await begin()
    door.time.pass({ minutes: 5 })
    await step(provePassword(browser, late, carol))
    const early = await begin()
    // A clock that was stepped back makes nothing last longer.
    door.time.pass({ hours: -24 })
    await step(provePassword(browser, early, carol))
  })

  test('raced by eight: one is heard', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const { browser } = carol
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const proved = await provePassword(browser, id, carol)
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => browser.send('finish', { signIn: id, finish: proved!.finish })),
    )
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array(7).fill(409)])
  })

  test('that is no message of OPAQUE: refused, and nothing is counted', async (t) => {
    const door = await testDoor(t)
    const { browser } = await setUp(door)
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    for (const start of ['AAAA', Buffer.alloc(96, 255).toString('base64url')])
      assert.equal(
        (await refusedBy(browser.ask('password', { signIn: id, account: 'carol', start }))).code,
        'ERR_PERSON_REQUEST',
      )
    assert.equal((await door.store.db.selectFrom('login_failure').selectAll().execute()).length, 0)
  })

  test('by a proof that was used, or is for another call, does nothing, even where it comes eight times at once', async (t) => {
    const door = await testDoor(t)
    const { browser } = await setUp(door)
    const nonce = () => makeNonce(door.secret.key('proof nonce'), door.time.now())
    const send = async (name: 'begin' | 'code', body: object, dpop: string) => {
      const headers = { host: AUTHORITY, origin: ORIGIN, 'content-type': 'application/json', dpop }
      const payload = JSON.stringify(body)
      const answer = await door.app.inject({ method: 'POST', url: `/login/api/${name}`, payload, headers })
      return { status: answer.statusCode, ...answer.json<{ code?: string; signIn?: string }>() }
    }
    const signIns = async () => (await door.store.db.selectFrom('login_sign_in').select('id').execute()).length

    const proof = await browser.device.prove('begin', nonce())
    const body = { device: browser.device.keys }
    const raced = await Promise.all(Array.from({ length: 8 }, () => send('begin', body, proof)))
    assert.deepEqual(raced.map(({ status }) => status).sort(), [200, ...Array(7).fill(401)])
    assert.equal((await send('begin', body, proof)).code, 'ERR_PERSON_PROOF')
    assert.equal(await signIns(), 1)
    // What is refused for another reason spends its proof as well.
    const spent = await browser.device.prove('code', nonce())
    const signIn = raced.find(({ status }) => status === 200)?.signIn
    const refused = []
    for (const dpop of [spent, spent, proof]) refused.push((await send('code', { signIn, code: '000000' }, dpop)).code)
    assert.deepEqual(refused, ['ERR_PERSON_STEP', 'ERR_PERSON_PROOF', 'ERR_PERSON_PROOF'])
  })

  test('that cannot be kept is refused, and nothing of it is done', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const { browser } = carol
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const proved = await provePassword(browser, id, carol)
    await browser.ask('finish', { signIn: id, finish: proved!.finish })
    const code = codeOf(carol.totpSecret, door.time.now())
    const before = await door.store.db.selectFrom('login_used').selectAll().where('kind', '=', 'totp').execute()
    // The proof of the call is spent in the same commit.
    door.store.failsAfter = 0
    assert.equal((await browser.send('code', { signIn: id, code })).statusCode, 500)
    assert.equal(browser.cookie, undefined)
    assert.deepEqual(
      await door.store.db.selectFrom('login_used').selectAll().where('kind', '=', 'totp').execute(),
      before,
    )
    await browser.ask('code', { signIn: id, code })
  })
})

suite('a guess that cannot be counted', () => {
  test('is not answered: no KE2 leaves that nobody has counted', async (t) => {
    const door = await testDoor(t)
    const { browser } = await setUp(door)
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const start = client.startLogin({ password: 'a red horse' }).startLoginRequest
    door.store.failsAfter = 0
    const answer = await browser.send('password', { signIn: id, account: 'carol', start })
    assert.equal(answer.statusCode, 500)
    assert.ok(!('response' in answer.json<object>()))
    const counted = await door.store.db.selectFrom('login_failure').selectAll().where('count', '>', 0).execute()
    assert.deepEqual(counted, [])
    assert.match((await browser.ask('password', { signIn: id, account: 'carol', start })).response, /^[\w-]{427}$/)
  })
})

suite('guesses at a door', () => {
  /** A try with a wrong password; answers what refused it. */
  const guess = async (browser: Browser, account = 'carol') => {
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    try {
      assert.equal(await provePassword(browser, id, { account, password: 'a red horse' }), undefined)
      return undefined
    } catch (error) {
      if (error instanceof RefusedCall) return error.problem
      throw error
    }
  }

  test('count when KE2 is asked for, whether or not anything comes after it', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const thief = await newBrowser(door)
    for (let i = 0; i < 10; i++) assert.equal(await guess(thief), undefined)
    const refused = await guess(thief)
    assert.deepEqual([refused?.status, refused?.code, refused?.retryAfter], [429, 'ERR_PERSON_RESTING', '3600'])
    assert.equal(door.records.at(-1)?.reference, refused?.reference)
    // From another address and another browser as well; the right password is not heard either.
    const other = await newBrowser(door, { address: '203.0.113.9' })
    const { signIn: id } = await other.ask('begin', { device: other.device.keys })
    assert.equal((await refusedBy(provePassword(other, id, carol))).code, 'ERR_PERSON_RESTING')
    // The customer's own device goes on.
    await signIn(door, carol)
    door.time.pass({ minutes: 60 })
    assert.equal(await guess(thief), undefined)
  })

  test('of codes: ten from a known device, and then not even the right one at once', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door)
    const { browser } = carol
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const proved = await provePassword(browser, id, carol)
    await browser.ask('finish', { signIn: id, finish: proved!.finish })
    const code = codeOf(carol.totpSecret, door.time.now())
    const wrong = code === '000000' ? '000001' : '000000'
    for (let i = 0; i < 10; i++)
      assert.equal((await refusedBy(browser.ask('code', { signIn: id, code: wrong }))).code, 'ERR_PERSON_CREDENTIALS')
    const refused = await refusedBy(browser.ask('code', { signIn: id, code }))
    assert.deepEqual([refused.code, refused.retryAfter], ['ERR_PERSON_RESTING', '60'])
    // It was not spent by that.
    door.time.pass({ minutes: 1 })
    await browser.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
    // What failed before is forgotten with it.
    const rows = await door.store.db.selectFrom('login_failure').select(['about', 'count']).execute()
    assert.deepEqual(
      rows.filter(({ count }) => count > 0),
      [],
    )
  })

  test('that make an account rest for the day are told to its owner, once', async (t) => {
    const door = await testDoor(t)
    const { browser } = await setUp(door, 'carol', { email: 'carol@mail.example' })
    let heard = 0
    for (let i = 0; i < 300; i++) {
      if ((await guess(browser)) === undefined) heard++
      door.time.pass({ minutes: 4 })
    }
    assert.equal(heard, 100)
    const notices = await door.store.db
      .selectFrom('login_notice')
      .select('kind')
      .where('kind', '=', 'resting')
      .execute()
    assert.equal(notices.length, 1)
  })

  test('of one address: sixty sign-ins at once', async (t) => {
    const door = await testDoor(t)
    const browser = await newBrowser(door)
    const begin = () => browser.ask('begin', { device: browser.device.keys })
    for (let i = 0; i < 60; i++) await begin()
    const refused = await refusedBy(begin())
    assert.deepEqual([refused.status, refused.code, refused.retryAfter], [429, 'ERR_PERSON_TOO_OFTEN', '1'])
    const elsewhere = await newBrowser(door, { address: '203.0.113.9' })
    assert.equal((await elsewhere.ask('begin', { device: elsewhere.device.keys })).known, false)
  })
})
