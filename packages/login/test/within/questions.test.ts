// Every question of a session has its index: nothing reads a whole table. Asked of SQLite's planner.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { refusedBy } from '../support/browser.ts'
import { codeOf, pictureOf, register, sealToDevice, sealToPassword } from '../support/customer.ts'
import {
  atNewDevice,
  type Credential,
  load,
  passwordOfNow,
  signedIn,
  stepUp,
  TRANSFER,
  withPasskey,
} from '../support/within.ts'

/** The devices, passkeys and codes of one account are few: what is found by its index is sorted in memory. */
const SCANS = /^SCAN (?!CONSTANT)/

suite('questions of a session', () => {
  test('have their index each', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    const passkey = await withPasskey(browser)
    await stepUp(at)
    await browser.ask('step-up', { credential: passkey.get(await browser.ask('step-up/options', {})) as Credential })
    await browser.ask('device/phone', { isPhone: true })
    await browser.ask('confirm/send', { matter: TRANSFER })
    await refusedBy(browser.ask('confirm', { matter: TRANSFER, code: '000000' }))
    await browser.ask('device/keep', { ofDevice: await sealToDevice(pictureOf('x'), 'carol', browser.device) })
    const { other, id } = await atNewDevice(at)
    const { waiting } = await browser.ask('account', {})
    const asks = waiting.find(({ kind }) => kind === 'device')
    await browser.ask('waiting/answer', { waiting: asks?.waiting ?? '', yes: true })
    door.time.pass({ seconds: 30 })
    await other.ask('code', { signIn: id, code: codeOf(carol.totpSecret, door.time.now()) })
    const recovering = await atNewDevice(at)
    await recovering.other.ask('recover', { signIn: recovering.id, code: carol.recovery[0]! })
    await recovering.other.ask('wait', { signIn: recovering.id })
    await browser.ask('recovery/new', {})
    const { signIn: proved } = await passwordOfNow(at)
    const { record, exportKey } = await register('another', 'carol', (request) =>
      browser.ask('password/change', { signIn: proved, request }),
    )
    await browser.ask('password/changed', {
      signIn: proved,
      record,
      ofPassword: await sealToPassword(pictureOf('x'), exportKey),
    })
    await browser.ask('device/remove', { device: other.device.id })
    await browser.ask('passkey/remove', { passkey: passkey.id })
    await browser.ask('renew', {})
    await load(door, browser)
    await door.login.accounts.list({ limit: 10 })
    await browser.ask('sign-out', {})

    const asked = [...door.store.asked].filter((sql) => !/^insert/i.test(sql))
    assert.ok(asked.length > 45, `${asked.length} questions`)
    for (const sql of asked) {
      const marks = Array.from(sql.matchAll(/\?/g), () => 1)
      const plan = door.store.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...marks)
      for (const { detail } of plan) assert.doesNotMatch(String(detail), SCANS, sql)
    }
  })
})
