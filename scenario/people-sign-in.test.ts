// A customer opens an account and signs in on one device, in Chromium: what the page shows, and what the house recorded.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  type Bank,
  type Customer,
  type Device,
  PEOPLE_NEED,
  setUp,
  signIn,
  startBank,
  stepsOn,
} from './support/people.ts'
import { photograph } from './support/photograph.ts'

suite('people sign in', PEOPLE_NEED, () => {
  let bank: Bank
  let laptop: Device
  let carol: Customer
  before(async () => {
    bank = await startBank()
    laptop = await bank.device()
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
  })

  test('whoever has not signed in reaches nothing of the bank', async () => {
    const { page } = laptop
    await page.goto(`${bank.origin}/accounts/current`)
    assert.equal(new URL(page.url()).pathname, '/login/')
    assert.equal(new URL(page.url()).searchParams.get('to'), '/accounts/current')
    assert.doesNotMatch(await page.content(), /€/)
    // This device is not known: there is no picture, and the page says so.
    await page.locator('#new-device').waitFor()
    const { status, body } = await bank.ask('/', { headers: { Accept: 'application/json' } })
    assert.equal(status, 401)
    assert.equal(JSON.parse(body).code, 'ERR_PERSON_NOT_SIGNED_IN')
  })

  test('an invitation opens an account, once', async () => {
    const { page } = laptop
    const address = await bank.invite('dave')
    assert.ok(address.startsWith(`${bank.origin}/login/set-up#`), address)
    carol = await setUp(bank, laptop, 'carol')
    assert.equal(carol.recovery.length, 10)
    await photograph(page, 'people-set-up-done')
    const listed = await bank.countersign('account', 'list', '--json')
    const { account, devices } = JSON.parse(listed.split('\n').find((line) => line.includes('"carol"')) ?? '{}')
    assert.deepEqual([account, devices.length], ['carol', 1])
    await bank.told(/"opened"/)
  })

  test('the bank shows the picture first; password and code follow; both sides have the same six steps', async () => {
    const { page } = laptop
    await page.goto(`${bank.origin}/accounts/current`)
    await page.locator('#picture').waitFor()
    await photograph(page, 'people-picture')
    const { phrase } = await signIn(bank, laptop, carol, '/accounts/current')
    assert.equal(phrase, `“${carol.phrase}”`)
    const who = await page.locator('.who').innerText()
    assert.match(who, /Signed in as carol by password and one-time code, on a device that is bound to it/)
    assert.match(await page.locator('main').innerText(), /Balance\s+€/)
    await photograph(page, 'people-bank')

    const reference = /M-[\w-]+/.exec(await page.locator('footer').innerText())?.[0] ?? ''
    const { meetings } = JSON.parse(await bank.countersign('why', reference, '--json'))
    assert.equal(meetings.length, 1)
    const [{ outcome, caller, steps }] = meetings
    assert.equal(outcome.ok, true)
    assert.equal(caller.party, 'carol')
    assert.deepEqual(
      steps.map((step: { outcome: string }) => step.outcome),
      Array.from({ length: 6 }, () => 'proved'),
    )
    const why = await bank.countersign('why', reference)
    for (const words of [
      'signed by a device of this account',
      'picture and phrase, which only this device opens',
      'has proved that it keeps this account (OPAQUE)',
      'bound to the key of the device',
    ])
      assert.ok(why.includes(words), why)
    assert.match(await bank.countersign('sessions'), /carol +password\+totp ⇄ picture\+\S+ +M-/)
    await bank.house.event((event) => event['event'] === 'meeting' && event['reference'] === reference)
  })

  test('what moves money is confirmed word for word; the rest of the page load is plain', async () => {
    const { page } = laptop
    const balance = async () => {
      await page.goto(`${bank.origin}/accounts/current`)
      return page.locator('dl dd').first().innerText()
    }
    const before = await balance()
    await page.goto(`${bank.origin}/transfer`)
    await page.fill('#to', 'Aunt Marlene')
    await page.fill('#iban', 'GB82 WEST 1234 5698 7654 32')
    await page.fill('#amount', '12.50')
    await page.click('form button')
    await page.locator('#matter').waitFor()
    assert.equal(new URL(page.url()).pathname, '/login/confirm')
    const lines = await page.locator('#lines').innerText()
    for (const words of ['€12.50', 'Aunt Marlene', 'GB82 WEST 1234 5698 7654 32'])
      assert.ok(lines.includes(words), lines)
    await photograph(page, 'people-confirm')
    // Left without a word: nothing is done, and the page says so.
    await page.click('#cancel')
    await page.waitForURL('**/orders/*')
    assert.match(await page.locator('main').innerText(), /Not confirmed[\s\S]*Nothing was done/)
    assert.equal(await balance(), before)
    await page.goBack()
    await page.click('main .button')
    await page.locator('#matter').waitFor()
    await page.fill('#code', carol.code())
    await page.click('#code-form button')
    await page.waitForURL('**/orders/*')
    assert.match(await page.locator('main').innerText(), /Done: Transfer €12\.50/)
    await photograph(page, 'people-transfer')
    assert.notEqual(await balance(), before)
    // Once.
    const after = await balance()
    await page.goBack()
    await page.reload()
    assert.equal(await balance(), after)
  })

  test('a wrong password opens nothing: the page says so, and the picture comes anew', async () => {
    const { page } = laptop
    await page.goto(`${bank.origin}/login/`)
    await page.locator('#picture').waitFor()
    await page.fill('#password', 'not the right one')
    await page.click('#password-form button[type=submit]')
    await page.locator('#password-fault').waitFor()
    assert.match(await page.locator('#password-fault').innerText(), /password/i)
    await page.locator('#picture').waitFor()
    assert.equal(await page.inputValue('#password'), '')
    assert.equal(await page.locator('#code-form').isVisible(), false)
    await photograph(page, 'people-wrong-password')
  })

  test('a wrong code is refused: on the page, and in a record under the same reference', async () => {
    const { page } = laptop
    await page.goto(`${bank.origin}/login/`)
    await page.locator('#picture').waitFor()
    await page.fill('#password', carol.password)
    await page.click('#password-form button[type=submit]')
    await page.locator('#code-form').waitFor()
    await page.fill('#code', '000000')
    await page.click('#code-form button[type=submit]')
    await page.locator('#code-fault').waitFor()
    const { reference } = await bank.house.event(
      (event) => event['event'] === 'meeting' && event['door'] === 'bank' && event['code'] === 'ERR_PERSON_CREDENTIALS',
    )
    const why = await bank.countersign('why', String(reference))
    assert.match(why, /carol/)
    assert.match(why, /ERR_PERSON_CREDENTIALS|name, password or code is not right/)
    await photograph(page, 'people-wrong-code')
  })

  test('on a device that is not known a password gets nothing; a wrong one and a name that nobody has look the same', async () => {
    const { page } = await bank.device()
    const tryWith = async (account: string, password: string) => {
      await page.goto(`${bank.origin}/login/`)
      await page.locator('#new-device').waitFor()
      await page.fill('#account', account)
      await page.fill('#password', password)
      await page.click('#password-form button[type=submit]')
      await page.locator('#confirm, #password-fault').locator('visible=true').first().waitFor()
      assert.equal(await page.locator('#picture').isVisible(), false)
      return page.locator('main').innerText()
    }
    assert.equal(await tryWith('carol', 'not the right one'), await tryWith('erin', 'not the right one'))
    const right = await tryWith('carol', carol.password)
    assert.match(await page.locator('#number').innerText(), /^\d\d$/)
    assert.equal(await page.locator('#code-form').isVisible(), false)
    assert.doesNotMatch(right, new RegExp(carol.phrase))
    await page.goto(`${bank.origin}/`)
    assert.equal(new URL(page.url()).pathname, '/login/')
    await photograph(page, 'people-new-device')
  })

  test('signing out ends the session on both sides', async () => {
    const { page } = laptop
    await page.goto(`${bank.origin}/`)
    await page.getByRole('link', { name: 'Sign out' }).click()
    await page.waitForURL('**/login/')
    await page.goto(`${bank.origin}/`)
    assert.equal(new URL(page.url()).pathname, '/login/')
    assert.doesNotMatch(await bank.countersign('sessions'), /carol/)
  })

  test('the steps on the page are those of the record', async () => {
    await signIn(bank, laptop, carol, '/login/account')
    const steps = await stepsOn(laptop.page)
    assert.ok(steps.length === 0 || steps.length === 6)
  })
})
