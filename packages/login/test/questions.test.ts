// Every question of set-ups and sign-ins has its index: nothing reads a whole table. Asked of SQLite's planner.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createPeople } from '@countersign/mtls'
import { keepTidy, tidyLogin } from '../src/housekeeping.ts'
import { openNoticeSender } from '../src/notify/sender.ts'
import { endUnanswered, recordUnproved } from '../src/signin/late.ts'
import { until } from './support/bank.ts'
import { newBrowser, refusedBy, testDoor } from './support/browser.ts'
import { NO_FINISH, provePassword, setUp, signIn } from './support/customer.ts'

suite('questions to the store', () => {
  test('have their index each', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door, 'carol', { email: 'carol@mail.example' })
    await signIn(door, carol)
    const stranger = await newBrowser(door)
    for (const account of ['carol', 'nobody']) {
      const { signIn: id } = await stranger.ask('begin', { device: stranger.device.keys })
      const proved = await provePassword(stranger, id, { ...carol, account })
      await stranger.ask('finish', { signIn: id, finish: proved?.finish ?? NO_FINISH })
    }
    const { signIn: id } = await carol.browser.ask('begin', { device: carol.browser.device.keys })
    const proved = await provePassword(carol.browser, id, carol)
    await carol.browser.ask('finish', { signIn: id, finish: proved!.finish })
    await refusedBy(carol.browser.ask('code/send', { signIn: id }))
    await door.store.db
      .updateTable('login_device')
      .set({ is_phone: 1 })
      .where('device', '=', carol.browser.device.id)
      .execute()
    await carol.browser.ask('code/send', { signIn: id })
    await refusedBy(carol.browser.ask('code', { signIn: id, code: '000000' }))
    const mail = { url: 'smtp://127.0.0.1:1', from: 'notices@bank.example' }
    const sender = openNoticeSender(door.ground, mail)
    await until(() => door.logged.some(({ event }) => event === 'notice.waits'))
    await sender.close()
    await tidyLogin(door.ground)
    const people = createPeople(door.ground, door.ground.log)
    for (const pass of [0, 10]) {
      const since = door.time.now()
      door.time.pass({ minutes: pass })
      for (const work of [endUnanswered, recordUnproved])
        await work({ ...door.ground, people }, { since, now: door.time.now() })
    }
    assert.ok(door.records.some(({ outcome }) => !outcome.ok && outcome.refusal.code === 'ERR_PERSON_DEVICE'))

    const asked = [...door.store.asked].filter(
      (sql) => !/^(?:insert|update "login_device" set "is_phone" = \? where)/i.test(sql),
    )
    assert.ok(asked.length > 30, `${asked.length} questions`)
    for (const sql of asked) {
      const plan = door.store.database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array.from(sql.matchAll(/\?/g), () => 1))
      for (const { detail } of plan) assert.doesNotMatch(String(detail), /^SCAN (?!CONSTANT)/, sql)
    }
  })
})

suite('housekeeping', () => {
  test('takes away what has had its time, and nothing else', async (t) => {
    const door = await testDoor(t)
    const carol = await setUp(door, 'carol', { email: 'carol@mail.example' })
    await signIn(door, carol)
    const stranger = await newBrowser(door)
    const { signIn: id } = await stranger.ask('begin', { device: stranger.device.keys })
    const proved = await provePassword(stranger, id, carol)
    await stranger.ask('finish', { signIn: id, finish: proved!.finish })
    assert.equal(await tidyLogin(door.ground), 0)
    const left = async () => {
      const tables = [
        'login_sign_in',
        'login_used',
        'login_failure',
        'login_waiting',
        'login_notice',
        'login_session',
        'login_invitation',
      ] as const
      const counts = []
      for (const table of tables) counts.push((await door.store.db.selectFrom(table).selectAll().execute()).length)
      return counts
    }
    const [signIns = 0, used = 0, failures = 0, ...rest] = await left()
    assert.ok(signIns >= 2 && used > 5 && failures >= 4)
    assert.deepEqual(rest, [1, 2, 1, 1])
    // What anybody can make stays for minutes: proofs, and sign-ins that were begun.
    await stranger.ask('begin', { device: stranger.device.keys })
    door.time.pass({ minutes: 16 })
    await tidyLogin(door.ground)
    assert.deepEqual((await left()).slice(0, 3), [signIns + 1, used + 1, failures])
    door.time.pass({ minutes: 5 })
    await tidyLogin(door.ground)
    const codes = 2
    assert.deepEqual(await left(), [signIns, codes, failures, ...rest])
    // Longer than any step of the clock: a code that was used stays used.
    door.time.pass({ hours: 23, minutes: 30 })
    await tidyLogin(door.ground)
    assert.deepEqual((await left()).slice(0, 3), [signIns, codes, failures])
    door.time.pass({ hours: 1 })
    await tidyLogin(door.ground)
    assert.deepEqual(await left(), [0, codes, 0, 0, 2, 1, 1])
    door.time.pass({ hours: 24 * 6 })
    await tidyLogin(door.ground)
    assert.deepEqual(await left(), [0, 0, 0, 0, 2, 1, 1])
    door.time.pass({ hours: 24 * 30 })
    await tidyLogin(door.ground)
    assert.deepEqual(await left(), [0, 0, 0, 0, 0, 0, 0])
    assert.equal((await door.store.db.selectFrom('login_account').selectAll().execute()).length, 1)
  })

  test('takes away by the earliest time of ten rounds: a clock that is ahead for a moment makes nothing count again', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const door = await testDoor(t)
    await setUp(door)
    const house = keepTidy({ ...door.ground, people: createPeople(door.ground, door.ground.log) })
    t.after(() => house.close())
    const proofs = () =>
      door.store.database.prepare("SELECT count(*) AS n FROM login_used WHERE kind = 'proof'").get()?.['n']
    const before = proofs()
    /** Until what it looks for last has been asked for. */
    const round = async () => {
      t.mock.timers.tick(60_000)
      for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
    }
    for (let i = 0; i < 9; i++) await round()
    door.time.pass({ hours: 24 })
    for (let i = 0; i < 8; i++) await round()
    assert.equal(proofs(), before)
    for (let i = 0; i < 12; i++) await round()
    await until(() => proofs() === 0)
  })

  test('of a flood takes some at a time, and all of it', async (t) => {
    const door = await testDoor(t)
    const at = door.time.now().epochMilliseconds
    door.store.database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
      INSERT INTO login_used (kind, value, until) SELECT 'proof', 'p' || i, ${at} FROM n`)
    door.time.pass({ minutes: 16 })
    let commits = 0
    const { commit } = door.store
    door.store.commit = (work) => {
      commits++
      return commit(work)
    }
    assert.equal(await tidyLogin(door.ground), 9_000)
    assert.ok(commits >= 5, `${commits}`)
    assert.equal(door.store.database.prepare('SELECT count(*) AS n FROM login_used').get()?.['n'], 0)
  })
})
