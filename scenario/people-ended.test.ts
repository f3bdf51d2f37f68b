// A stolen cookie, and sessions that end while a page of theirs is open, in Chromium: by a lock, another password, a removed device.
// What customer and thief see, and what the house recorded.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'
import {
  addPasskey,
  carryPasskeys,
  openAccountPage,
  orderTransfer,
  proveFresh,
  referenceOn,
  signInByPasskey,
} from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'

suite('a session', PEOPLE_NEED, () => {
  let mailbox: Mailbox
  let bank: Bank
  let laptop: Device
  let carol: Customer

  before(async () => {
    mailbox = await openMailbox()
    bank = await startBank({ door: { people: { mail: mailbox.mail } } })
    laptop = await bank.device({ passkeys: true })
    carol = await setUp(bank, laptop, 'carol', { email: 'carol@acme.example' })
    await signIn(bank, laptop, carol)
    await addPasskey(bank, laptop)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await mailbox?.[Symbol.asyncDispose]()
  })

  const sessions = async () => (await bank.countersign('sessions')).match(/carol/g)?.length ?? 0

  test('a stolen cookie loads pages, and changes nothing: the thief has no key of its session', async () => {
    const thief = await bank.device({ isThiefs: true })
    await thief.context.addCookies(await laptop.context.cookies())
    const { page } = thief
    await page.goto(`${bank.origin}/transfer`)
    assert.equal(await page.locator('h1').innerText(), 'Transfer money')
    await page.fill('#to', 'Mallory')
    await page.fill('#iban', 'GB82 WEST 1234 5698 7654 32')
    await page.fill('#amount', '100.00')
    const answer = page.waitForResponse((response) => response.request().method() === 'POST')
    await page.click('main form button')
    assert.equal((await answer).status(), 401)
    assert.match(await page.content(), /ERR_PERSON_PROOF/)
    const reference = await referenceOn(page, 'body')
    const told = await bank.house.event((event) => event['reference'] === reference && event['code'] !== undefined)
    assert.equal(told['code'], 'ERR_PERSON_PROOF')
    // Pages of login need the key for whatever they show.
    await page.goto(`${bank.origin}/login/account`)
    await page.locator('#alarm').waitFor()
    assert.equal(await page.locator('#open').isVisible(), false)
    const confirmation = { title: 'Transfer €100.00', lines: [['To', 'Mallory']], nonce: 'n'.repeat(24) }
    const matter = Buffer.from(JSON.stringify(confirmation)).toString('base64url')
    await page.goto(`${bank.origin}/login/confirm?matter=${matter}&to=/`)
    await page.locator('#alarm').waitFor()
    assert.equal(await page.locator('#matter').isVisible(), false)
    // Its own transfers still go.
    await orderTransfer(bank, laptop, { to: 'Aunt Marlene', amount: '1.00' })
    await laptop.page.goto(`${bank.origin}/accounts/current`)
    assert.doesNotMatch(await laptop.page.locator('main').innerText(), /Mallory/)
  })

  test('once the customer has had other cookies, the old one ends the session for both, and the customer is told', async () => {
    const stolen = await laptop.context.cookies()
    for (let times = 0; times < 2; times++) {
      await laptop.page.goto(`${bank.origin}/login/renew?to=/`)
      await laptop.page.waitForURL(`${bank.origin}/`)
    }
    const open = await sessions()
    const thief = await bank.device({ isThiefs: true })
    await thief.context.addCookies(stolen)
    await thief.page.goto(`${bank.origin}/accounts/current`)
    assert.doesNotMatch(await thief.page.content(), /€/)
    assert.match(await thief.page.locator('h1').innerText(), /^A cookie of this session was used after its time/)
    await photograph(thief.page, 'stolen-cookie')
    assert.equal(await sessions(), open - 1)
    const { text } = await mailbox.letter('A session of yours was ended')
    assert.match(text, /somebody may have copied it/)
    await bank.house.event((event) => event['code'] === 'ERR_PERSON_COOKIE')
    // The customer's next page says the same, once, and leads to signing in.
    await laptop.page.goto(`${bank.origin}/`)
    assert.match(await laptop.page.locator('h1').innerText(), /^A cookie of this session was used after its time/)
    await laptop.page.goto(`${bank.origin}/login/`)
    await laptop.page.locator('#picture').waitFor()
    await signInByPasskey(bank, laptop)
  })

  test('a lock cuts it while a page is open: the page says so, and no sign-in goes', async () => {
    await openAccountPage(bank, laptop)
    await bank.countersign('lock', 'carol', '--reason', 'the telephone was stolen')
    await laptop.page.locator('#alarm', { hasText: /locked/ }).waitFor()
    await photograph(laptop.page, 'lock')
    const { met, text } = await bank.why(await referenceOn(laptop.page, '#alarm'))
    // What had gone well stands there, and the step at which it does no more.
    assert.deepEqual([met.outcome.ok, met.caller.party], [false, 'carol'])
    assert.match(text, /passkey/)
    assert.match(text, /5 verify +✘ .*locked/)
    await bank.house.event(({ event, reason }) => event === 'lock.done' && reason === 'the telephone was stolen')
    const reference = await referenceOn(laptop.page, '#alarm')
    await bank.house.event((event) => event['reference'] === reference && event['code'] === 'ERR_POLICY_LOCKED')
    assert.equal(await laptop.page.locator('#open').isVisible(), false)
    assert.equal(await sessions(), 0)
    await laptop.page.goto(`${bank.origin}/accounts/current`)
    assert.doesNotMatch(await laptop.page.content(), /€/)
    await laptop.page.goto(`${bank.origin}/login/`)
    await laptop.page.click('#by-passkey')
    await laptop.page.locator('#alarm', { hasText: /locked/ }).waitFor()
    assert.equal(await sessions(), 0)
    await bank.countersign('unlock', 'carol')
    await laptop.page.goto(`${bank.origin}/login/`)
    await signInByPasskey(bank, laptop)
    assert.equal(await sessions(), 1)
  })

  test('another password ends every other session, and so does the removal of its device', async () => {
    await using stack = new AsyncDisposableStack()
    const tablet = await bank.device({ passkeys: true })
    stack.defer(() => tablet.context.close())
    await carryPasskeys(laptop, tablet)
    await signInByPasskey(bank, tablet)
    await openAccountPage(bank, tablet)

    await openAccountPage(bank, laptop)
    const { page } = laptop
    await page
      .locator('details', { has: page.locator('#password-form') })
      .locator('summary')
      .click()
    await page.fill('#password-now', carol.password)
    await page.fill('#password', 'eleven loud storks at noon')
    await page.click('#password-form button[type=submit]')
    await proveFresh(laptop)
    await page.locator('#notice', { hasText: 'Your password has been changed' }).waitFor()
    await tablet.page.locator('#alarm', { hasText: 'The password was changed elsewhere' }).waitFor()
    await mailbox.letter('Your password was changed')
    assert.equal(await sessions(), 1)

    await tablet.page.goto(`${bank.origin}/login/`)
    await signInByPasskey(bank, tablet)
    await openAccountPage(bank, tablet)
    await openAccountPage(bank, laptop)
    page.once('dialog', (dialog) => void dialog.accept())
    await page.locator('#devices button').click()
    await proveFresh(laptop)
    await page.locator('#notice', { hasText: 'has been removed' }).waitFor()
    await tablet.page.locator('#alarm', { hasText: 'This device has been removed from the account' }).waitFor()
    await mailbox.letter('A device was removed')
    assert.equal(await sessions(), 1)
    await bank.told(/"device removed"/)
    await tablet.page.goto(`${bank.origin}/`)
    assert.match(await tablet.page.locator('h1').innerText(), /removed from your account/)
    await tablet.page.goto(`${bank.origin}/login/`)
    await tablet.page.locator('#new-device').waitFor()
  })
})
