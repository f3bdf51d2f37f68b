// Set-up, sign-in and what counts once, in PostgreSQL, where transactions run beside each other.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { createPeople } from '@countersign/mtls'
import { withPostgresql } from '../../../interop/postgresql.ts'
import { countGuess, FREE_PER_HOUR } from '../src/guessing.ts'
import { tidyLogin } from '../src/housekeeping.ts'
import type { LoginTransaction } from '../src/model.ts'
import { recoveryCodeHash, spendRecoveryCode } from '../src/otp/recovery-codes.ts'
import { shownCode, showOnTelephone, spendTelephoneCode } from '../src/otp/telephone.ts'
import { spendTotp } from '../src/otp/totp.ts'
import { PersonRefusal } from '../src/refusal.ts'
import { endUnanswered } from '../src/signin/late.ts'
import { LOGIN_PART, VERSION_1 } from '../src/store/schema.ts'
import { accessOf, NOW, RULES, testBank } from './support/bank.ts'
import { newBrowser, testDoor } from './support/browser.ts'
import {
  codeOf,
  invited,
  NO_FINISH,
  pictureOf,
  provePassword,
  register,
  sealToDevice,
  sealToPassword,
  setUp,
  signIn,
} from './support/customer.ts'
import { rowsOfVersion1, UPGRADED } from './support/earlier.ts'
import { emptyDatabase, POSTGRESQL_WORDS, postgresqlStore } from './support/postgresql.ts'
import { wholeLogin } from './support/whole.ts'

/** A view of the same octets that is no Buffer. */
function octetsOf(value: unknown): unknown {
  return value instanceof Uint8Array ? new Uint8Array(value) : value
}

/** Two processes of one login, on one database. */
async function twoDoors(t: TestContext) {
  const store = await postgresqlStore(t)
  const bank = await testBank(t)
  const beside = { ...bank, ground: { ...bank.ground, store } }
  return { store, one: await testDoor(t, beside), other: await testDoor(t, beside) }
}

suite('login in PostgreSQL', withPostgresql, () => {
  test('opens accounts and signs in, at either process', async (t) => {
    const { store, one, other } = await twoDoors(t)
    const carol = await setUp(one, 'carol', { email: 'carol@mail.example' })
    carol.browser.at(other)
    await signIn(other, carol)
    assert.deepEqual(
      store.entries.map(({ act }) => act),
      ['invited', 'opened'],
    )
    const stranger = await newBrowser(one)
    for (const password of [carol.password, 'a red horse']) {
      const { signIn: id } = await stranger.ask('begin', { device: stranger.device.keys })
      const proved = await provePassword(stranger, id, { ...carol, password })
      stranger.at(other)
      assert.equal((await stranger.ask('finish', { signIn: id, finish: proved?.finish ?? NO_FINISH })).next, 'confirm')
    }
    assert.equal((await store.db.selectFrom('login_waiting').selectAll().execute()).length, 1)
    assert.equal(await tidyLogin(one.ground), 0)
  })

  test('of version 1 is led on with all of its rows, and is then as a new one is', async (t) => {
    const [old, fresh] = [await emptyDatabase(t), await emptyDatabase(t)]
    await old.query(VERSION_1(POSTGRESQL_WORDS) + rowsOfVersion1("'\\x00'"))
    for (const upgrade of Object.values(LOGIN_PART.upgrades))
      await old.query(`BEGIN; ${upgrade(POSTGRESQL_WORDS)}; COMMIT`)
    for (const [table, row] of Object.entries(UPGRADED)) {
      const [found] = (await old.query(`SELECT * FROM ${table}`)).rows
      assert.deepEqual(Object.fromEntries(Object.entries(found).map(([name, value]) => [name, octetsOf(value)])), row)
    }
    await fresh.query(LOGIN_PART.schemaIn(POSTGRESQL_WORDS))
    const shapeOf = async (pool: typeof old) =>
      (
        await pool.query(`
          SELECT table_name AS a, column_name AS b, data_type || is_nullable AS c FROM information_schema.columns
            WHERE table_schema = 'public'
          UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
          UNION ALL SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
          ORDER BY 1, 2, 3`)
      ).rows
    assert.deepEqual(await shapeOf(old), await shapeOf(fresh))
    await assert.rejects(old.query('DELETE FROM login_account'), { code: '23503' })
    await assert.rejects(old.query('UPDATE login_account SET record = NULL'), { code: '23514' })
    await assert.rejects(old.query('SELECT password_at FROM login_account'), { code: '42703' })
  })

  test('a code, raced by eight at two processes: one is heard', async (t) => {
    const { one, other } = await twoDoors(t)
    const carol = await setUp(one)
    const { browser } = carol
    const begin = async () => {
      const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
      const proved = await provePassword(browser, id, carol)
      await browser.ask('finish', { signIn: id, finish: proved!.finish })
      return id
    }
    // The same code in eight sign-ins, and in one of them twice.
    const ids = await Promise.all(Array.from({ length: 4 }, begin))
    const code = codeOf(carol.totpSecret, one.time.now())
    const asked = [...ids, ...ids].map((id, i) => {
      browser.at(i % 2 === 0 ? one : other)
      return browser.send('code', { signIn: id, code })
    })
    const answers = (await Promise.all(asked)).map(({ statusCode }) => statusCode)
    assert.equal(answers.filter((status) => status === 200).length, 1, answers.join(' '))
    assert.ok(
      answers.every((status) => [200, 401, 409].includes(status)),
      answers.join(' '),
    )
  })

  test('what counts once does, raced by eight', async (t) => {
    const { store, one } = await twoDoors(t)
    const carol = await setUp(one)
    await store.db.updateTable('login_device').set({ is_phone: 1 }).execute()
    const race = async (what: (tx: LoginTransaction) => Promise<boolean>) =>
      (await Promise.all(Array.from({ length: 8 }, () => store.commit(what)))).filter(Boolean).length
    const secret = new TextEncoder().encode('12345678901234567890')
    const now = Temporal.Instant.fromEpochMilliseconds(2_000_000_000_000)
    assert.equal(await race((tx) => spendTotp(tx, 'carol', { secret, code: '279037', now })), 1)
    const hash = recoveryCodeHash(one.secret, 'carol', carol.recovery[0]!)
    assert.equal(await race((tx) => spendRecoveryCode(tx, 'carol', hash, NOW)), 1)
    const what = { account: 'carol', kind: 'code', of: 'sign-in', now: NOW } as const
    await store.commit((tx) => showOnTelephone(one.ground, tx, { ...what, lines: [] }))
    const row = await store.db.selectFrom('login_waiting').select(['id', 'code']).executeTakeFirstOrThrow()
    const typed = shownCode(one.ground, row.id, row.code!)
    assert.equal(await race((tx) => spendTelephoneCode(one.ground, tx, { ...what, typed })), 1)
  })

  test('guesses, raced by forty: ten are heard', async (t) => {
    const { store } = await twoDoors(t)
    const guess = async () => {
      try {
        await store.commit((tx) => countGuess(tx, 'carol', 'unknown', NOW))
        return true
      } catch (error) {
        assert.ok(error instanceof PersonRefusal, String(error))
        return false
      }
    }
    const heard = await Promise.all(Array.from({ length: 40 }, guess))
    assert.equal(heard.filter(Boolean).length, FREE_PER_HOUR)
  })

  test('a set-up that ends eight times, at two processes, opens one account', async (t) => {
    const { store, one, other } = await twoDoors(t)
    const browser = await newBrowser(one)
    const { keys } = browser.device
    const { setUp: id } = await browser.ask('set-up/begin', { invitation: await invited(one, 'carol'), device: keys })
    const { record, exportKey } = await register('a blue horse', 'carol', (request) =>
      browser.ask('set-up/password', { setUp: id, request }),
    )
    const plain = pictureOf('the horse is blue')
    const ofPassword = await sealToPassword(plain, exportKey)
    const ofDevice = await sealToDevice(plain, 'carol', browser.device)
    const { totp } = await browser.ask('set-up/record', { setUp: id, name: 'Carol', record, ofPassword, ofDevice })
    await browser.ask('set-up/code', { setUp: id, code: codeOf(totp.secret, one.time.now()) })
    const asked = Array.from({ length: 8 }, (_, i) => {
      browser.at(i % 2 === 0 ? one : other)
      return browser.send('set-up/done', { setUp: id })
    })
    const answers = (await Promise.all(asked)).map(({ statusCode }) => statusCode).sort()
    assert.deepEqual(answers, [200, ...Array(7).fill(409)])
    assert.equal((await store.db.selectFrom('login_account').selectAll().execute()).length, 1)
    assert.deepEqual(
      store.entries.map(({ act }) => act),
      ['invited', 'opened'],
    )
  })

  test('the end of a recovery, raced by eight at two processes: one new app lets in, once, and each end has one entry', async (t) => {
    const { store, one, other } = await twoDoors(t)
    const beside = { ...one, ground: { ...one.ground, store } }
    const doors = [await wholeLogin(t, beside), await wholeLogin(t, beside)] as const
    const carol = await setUp(one)
    const browser = await newBrowser(doors[0], { name: 'Firefox on Android' })
    const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
    const proved = await provePassword(browser, id, carol)
    await browser.ask('finish', { signIn: id, finish: proved!.finish })
    await browser.ask('recover', { signIn: id, code: carol.recovery[0]! })
    for (const { access } of doors) access.replace(accessOf(RULES.replace('proof: [password]', 'proof: [totp]')))
    other.time.pass({ hours: 24 })
    assert.equal((await browser.ask('wait', { signIn: id })).next, 'restore')
    const apps = await Promise.all([1, 2].map(() => browser.ask('restore/app', { signIn: id })))
    const asked = Array.from({ length: 8 }, (_, i) => {
      const { totp, pending } = apps[i % 2]!
      browser.at(doors[i % 2]!)
      return browser.send('restore/app/confirm', { signIn: id, pending, code: codeOf(totp.secret, one.time.now()) })
    })
    const answers = (await Promise.all(asked)).map(({ statusCode }) => statusCode).sort()
    assert.deepEqual(answers, [200, ...Array(7).fill(409)])
    const acts = store.entries.map(({ act }) => act)
    for (const act of ['recovery begun', 'recovery ended', 'app changed', 'device added'])
      assert.equal(acts.filter((each) => each === act).length, 1, act)
  })

  test('a sign-in that nobody answers, ended at two processes at once, has one record', async (t) => {
    const { one, other } = await twoDoors(t)
    const carol = await setUp(one)
    const browser = await newBrowser(one, { name: 'Firefox on Android' })
    const ids = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const { signIn: id } = await browser.ask('begin', { device: browser.device.keys })
        const proved = await provePassword(browser, id, carol)
        await browser.ask('finish', { signIn: id, finish: proved!.finish })
        return id
      }),
    )
    one.time.pass({ minutes: 10 })
    const ends = [one, other].map(({ ground }) =>
      endUnanswered({ ...ground, people: createPeople(ground, ground.log) }, { since: undefined, now: one.time.now() }),
    )
    await Promise.all(ends)
    const refused = [...one.records, ...other.records].filter(({ outcome }) => !outcome.ok)
    assert.equal(refused.length, ids.length)
  })
})
