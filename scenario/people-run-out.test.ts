// Sessions that end by themselves, in Chromium, by a clock of the house that is set on: the five minutes of a cookie, the hour in
// which nobody was here, the eight hours in all. What the customer sees, what the house recorded, and the way back in.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { codeAt } from './support/customer.ts'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'
import { referenceOn } from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'
import { type MovableClock, movableClock } from './support/wrong-clock.ts'

const MINUTE_MS = 60_000

suite('a session that runs out', { ...PEOPLE_NEED, ...needs('faketime', 'faketime') }, () => {
  let directory: string
  let clock: MovableClock
  let bank: Bank
  let laptop: Device
  let carol: Customer

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-run-out-'))
    clock = await movableClock(directory)
    bank = await startBank({ directory, env: clock.env })
    laptop = await bank.device()
    carol = await setUp(bank, laptop, 'carol')
    await signIn(bank, laptop, carol, '/accounts/current')
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  const sessions = async () => (await bank.countersign('sessions')).match(/carol/g)?.length ?? 0
  /** Of the sign-in, by the page of the bank. */
  const reference = () => referenceOn(laptop.page, 'footer')
  /** What the house says of the end of the session that was opened then. */
  const endOf = async (reference: string) =>
    (await bank.house.event((told) => told['event'] === 'session.ended' && told['reference'] === reference))['code']
  /** Code and password at the page that is there, which leads on. */
  const comeBack = async (path: string) => {
    const { page } = laptop
    await page.locator('#picture').waitFor()
    assert.equal(await page.locator('#phrase').innerText(), `“${carol.phrase}”`)
    await page.fill('#password', carol.password)
    await page.click('#password-form button[type=submit]')
    await page.locator('#code-form').waitFor()
    await page.fill('#code', codeAt(carol.totpSecret, Date.now() + clock.ahead))
    await page.click('#code-form button[type=submit]')
    await page.waitForURL(bank.origin + path)
  }

  test('a cookie, after five minutes: the device proves itself on the way, and the page is the one that was asked for', async () => {
    const { page } = laptop
    const [before, met] = [await cookieOf(laptop), await reference()]
    await clock.setAhead(6 * MINUTE_MS)
    // By itself it is worth nothing any more, whoever has it.
    const alone = await bank.ask('/transfer', { device: laptop })
    assert.deepEqual([alone.status, JSON.parse(alone.body).code], [401, 'ERR_PERSON_PROOF'])
    await page.goto(`${bank.origin}/transfer`)
    await page.waitForURL(`${bank.origin}/transfer`)
    assert.equal(await page.locator('h1').innerText(), 'Transfer money')
    assert.notEqual(await cookieOf(laptop), before)
    // It is the same session.
    assert.deepEqual([await reference(), await sessions()], [met, 1])
    assert.equal((await bank.ask('/transfer', { device: laptop })).status, 200)
  })

  test('a session that nobody used for an hour: the page that stood open leads to the picture, which leads back', async () => {
    const { page } = laptop
    const met = await reference()
    await page.goto(`${bank.origin}/login/account`)
    await page.locator('#open').waitFor()
    await clock.setAhead(67 * MINUTE_MS)
    await page.locator('#picture').waitFor()
    assert.equal(page.url(), `${bank.origin}/login/?to=%2Flogin%2Faccount`)
    assert.match(await page.locator('#ran-out').innerText(), /^Your last session has run out/)
    await photograph(page, 'run-out')
    assert.equal(await endOf(met), 'ERR_SESSION_IDLE')
    assert.equal(await sessions(), 0)
    const { status, body } = await bank.ask('/accounts/current', { device: laptop })
    assert.deepEqual([status, JSON.parse(body).code], [401, 'ERR_PERSON_NOT_SIGNED_IN'])
    await comeBack('/login/account')
    await page.locator('#open').waitFor()
    assert.equal(await sessions(), 1)
    // Once: nothing has run out since.
    await page.goto(`${bank.origin}/login/?to=/`)
    await page.locator('#picture').waitFor()
    assert.equal(await page.locator('#ran-out').isVisible(), false)
  })

  test('a form that was filled in too long ago changes nothing, and says where to go on', async () => {
    const { page } = laptop
    await page.goto(`${bank.origin}/payees`)
    const met = await reference()
    const payees = await page.locator('tbody th').allInnerTexts()
    await clock.setAhead(140 * MINUTE_MS)
    const answer = page.waitForResponse((response) => response.request().method() === 'POST')
    await page.click('tbody tr:first-child button')
    assert.equal((await answer).status(), 401)
    assert.match(await page.content(), /ERR_PERSON_NOT_SIGNED_IN/)
    assert.equal(await page.getByRole('link').getAttribute('href'), '/login/')
    await photograph(page, 'run-out-form')
    assert.equal(await endOf(met), 'ERR_SESSION_IDLE')
    await page.goto(`${bank.origin}/payees`)
    await page.locator('#ran-out').waitFor()
    await comeBack('/payees')
    assert.deepEqual(await page.locator('tbody th').allInnerTexts(), payees)
  })

  test('a session in use, after eight hours: page by page until then, and not a minute longer', async () => {
    const { page } = laptop
    const [met, opened] = [await reference(), clock.ahead]
    for (let minutes = 55; minutes < 8 * 60; minutes += 55) {
      await clock.setAhead(opened + minutes * MINUTE_MS)
      await page.goto(`${bank.origin}/accounts/current`)
      await page.waitForURL(`${bank.origin}/accounts/current`)
      assert.equal(await reference(), met)
    }
    assert.equal(await sessions(), 1)
    await clock.setAhead(opened + 8 * 60 * MINUTE_MS)
    await page.goto(`${bank.origin}/accounts/current`)
    await page.locator('#ran-out').waitFor()
    assert.equal(await endOf(met), 'ERR_SESSION_OVER')
    assert.equal(await sessions(), 0)
    await comeBack('/accounts/current')
    assert.notEqual(await reference(), met)
    const { met: again } = await bank.why(await reference())
    assert.deepEqual([again.outcome.ok, again.caller.party], [true, 'carol'])
  })

  const cookieOf = async ({ context }: Device) =>
    (await context.cookies(bank.origin)).find(({ name }) => name === '__Host-countersign')?.value
})
