// What a customer does in an open session, in Chromium against all of login: other devices, passkeys, what is confirmed, another
// password, and the way back without any device.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { needs } from '../../../../interop/peer.ts'
import { nextCode, openBank, press, setUpByPage, signInByPage, type Visitor } from '../support/chromium.ts'

const MATTER = {
  title: 'Transfer',
  lines: [
    ['To', 'Bob'],
    ['Amount', '100.00 €'],
  ],
  nonce: 'n'.repeat(22),
}

suite('the account, in Chromium', needs('chromium', 'chromium'), () => {
  test('a second device is confirmed on the first, keeps the picture, and is removed', async (t) => {
    const bank = await openBank(t)
    const first = await bank.newBrowser()
    const carol = await setUpByPage(bank, first, 'carol')
    await signInByPage(bank, first, carol, '/login/account')
    await first.page.getByText('Hello carol Jones').waitFor()
    assert.equal(await first.page.locator('#nothing-waits').isVisible(), true)

    const second = await bank.newBrowser()
    const { page } = second
    await page.goto(`${bank.url}/login/`)
    await page.locator('#new-device').waitFor()
    await page.locator('#account').fill('carol')
    await page.locator('#password').fill(carol.password)
    await press(page, '#password-form')
    await page.locator('#confirm').waitFor({ timeout: 20_000 })
    const number = await page.locator('#number').innerText()
    assert.match(number, /^\d\d$/)
    // Nothing of picture or phrase came here so far.
    assert.equal(await page.locator('#phrase-again').innerText(), '')

    const asked = first.page.locator('.waits')
    await asked.waitFor()
    assert.equal(await asked.locator('.number').innerText(), number)
    assert.match(await first.page.locator('#said').innerText(), /new device/)
    await asked.getByRole('button', { name: 'Yes, it is me' }).click()
    await page.locator('#code-form').waitFor({ timeout: 20_000 })
    await page.locator('#code').fill(nextCode(bank, carol))
    await press(page, '#code-form')
    await page.waitForURL(`${bank.url}/`)

    await page.goto(`${bank.url}/login/`)
    await page.locator('#picture').waitFor()
    assert.equal(await page.locator('#phrase').innerText(), '“tea with carol”')

    await first.page.reload()
    const devices = first.page.locator('#devices li')
    await devices.nth(1).waitFor()
    first.page.once('dialog', (dialog) => void dialog.accept())
    await devices.getByRole('button').click()
    await proveFresh(first.page, nextCode(bank, carol))
    await first.page.locator('#notice', { hasText: 'has been removed' }).waitFor()
    const arrived = bank.arrived.length
    await page.goto(`${bank.url}/`)
    assert.equal(await page.locator('h1').innerText(), 'This device was removed from your account')
    assert.equal(bank.arrived.length, arrived)
    await page.goto(`${bank.url}/login/`)
    await page.locator('#new-device').waitFor()
    assert.equal(await page.locator('#picture').isVisible(), false)
  })

  test('who is told no gets nothing', async (t) => {
    const bank = await openBank(t)
    const first = await bank.newBrowser()
    const carol = await setUpByPage(bank, first, 'carol')
    await signInByPage(bank, first, carol, '/login/account')
    const thief = await bank.newBrowser()
    const { page } = thief
    await page.goto(`${bank.url}/login/`)
    await page.locator('#new-device').waitFor()
    await page.locator('#account').fill('carol')
    await page.locator('#password').fill(carol.password)
    await press(page, '#password-form')
    await page.locator('#confirm').waitFor({ timeout: 20_000 })
    await first.page.locator('.waits').getByRole('button', { name: 'No' }).click()
    await page.locator('#alarm', { hasText: 'A device of yours said no' }).waitFor({ timeout: 20_000 })
    assert.equal(await page.locator('#code-form').isVisible(), false)
    assert.equal(await page.locator('#phrase-again').innerText(), '')
    await page.goto(`${bank.url}/`)
    await page.waitForURL(/\/login\/\?to=/)
  })

  test('a passkey is added, confirms exactly what is read, and lets in on a new device by itself', async (t) => {
    const bank = await openBank(t)
    const first = await bank.newBrowser()
    const { page } = first
    const keys = await authenticatorOf(first)
    const carol = await setUpByPage(bank, first, 'carol')
    await signInByPage(bank, first, carol, '/login/account')
    await page.locator('#no-passkeys').waitFor()
    await page.locator('#add-passkey').click()
    await page.locator('#notice', { hasText: 'has been added' }).waitFor()
    await page.locator('#passkeys li').waitFor()
    assert.equal(await page.locator('#passkeys li').count(), 1)

    const confirm = (matter: unknown) =>
      `${bank.url}/login/confirm?matter=${Buffer.from(JSON.stringify(matter)).toString('base64url')}&to=/paid`
    await page.goto(confirm(MATTER))
    await page.locator('#matter').waitFor()
    assert.equal(await page.locator('#matter-title').innerText(), 'Transfer')
    assert.deepEqual(await page.locator('#lines dd').allInnerTexts(), ['Bob', '100.00 €'])
    await page.locator('#by-passkey').click()
    await page.waitForURL(`${bank.url}/paid`)
    assert.equal(bank.arrived.at(-1)?.confirmed, 1)
    // By a code, a second one.
    await page.goto(confirm({ ...MATTER, nonce: 'm'.repeat(22) }))
    await page.locator('#code').fill('000000')
    await press(page, '#code-form')
    await page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    await page.locator('#code').fill(nextCode(bank, carol))
    await press(page, '#code-form')
    await page.waitForURL(`${bank.url}/paid`)
    assert.equal(bank.arrived.at(-1)?.confirmed, 2)
    // What cannot be read is not confirmed.
    await page.goto(confirm({ ...MATTER, more: 'hidden' }))
    await page.locator('#alarm', { hasText: 'Nothing has been confirmed' }).waitFor()
    assert.equal(await page.locator('#matter').isVisible(), false)

    const { credentials } = await keys.cdp.send('WebAuthn.getCredentials', { authenticatorId: keys.id })
    const second = await bank.newBrowser()
    const theirs = await authenticatorOf(second)
    await second.page.goto(`${bank.url}/login/`)
    await second.page.locator('#passkey-first').click()
    await second.page.locator('#alarm', { hasText: 'No passkey was used' }).waitFor({ timeout: 20_000 })
    for (const credential of credentials) {
      await theirs.cdp.send('WebAuthn.addCredential', { authenticatorId: theirs.id, credential })
    }
    await second.page.locator('#passkey-first').click()
    await second.page.waitForURL(`${bank.url}/`)
    assert.equal(bank.arrived.at(-1)?.account, 'carol')
    // Known from now on, and without a picture until its password has been proved here.
    await second.page.goto(`${bank.url}/login/`)
    await second.page.locator('#no-picture').waitFor()
    await second.page.locator('#password').fill(carol.password)
    await press(second.page, '#password-form')
    await second.page.locator('#code-form').waitFor({ timeout: 20_000 })
    await second.page.locator('#code').fill(nextCode(bank, carol))
    await press(second.page, '#code-form')
    await second.page.waitForURL(`${bank.url}/`)
    await second.page.goto(`${bank.url}/login/`)
    await second.page.locator('#picture').waitFor()
    assert.equal(await second.page.locator('#phrase').innerText(), '“tea with carol”')
  })

  test('another password opens the same picture, and the one before opens nothing', async (t) => {
    const bank = await openBank(t)
    const visitor = await bank.newBrowser()
    const { page } = visitor
    const carol = await setUpByPage(bank, visitor, 'carol')
    await signInByPage(bank, visitor, carol, '/login/account')
    bank.time.pass({ minutes: 6 })
    await page
      .locator('details', { has: page.locator('#password-form') })
      .locator('summary')
      .click()
    await page.locator('#password').fill('vier sehr lange Wörter')
    await page.locator('#password-now').fill('not the one of now')
    await press(page, '#password-form')
    await page.locator('#password-now-fault', { hasText: 'not your password' }).waitFor({ timeout: 20_000 })
    await page.locator('#password-now').fill(carol.password)
    await press(page, '#password-form')
    await proveFresh(page, nextCode(bank, carol))
    await page.locator('#notice', { hasText: 'has been changed' }).waitFor({ timeout: 20_000 })
    await page.goto(`${bank.url}/login/`)
    await page.locator('#picture').waitFor()
    await page.locator('#password').fill(carol.password)
    await press(page, '#password-form')
    await page.locator('#password-fault').waitFor({ timeout: 20_000 })
    await signInByPage(bank, visitor, { ...carol, password: 'vier sehr lange Wörter' })
  })

  test('a recovery code lets in after its time, in a page that was closed meanwhile', async (t) => {
    const bank = await openBank(t)
    const first = await bank.newBrowser()
    const carol = await setUpByPage(bank, first, 'carol')
    await first.context.close()
    const { context, page } = await bank.newBrowser()
    await page.goto(`${bank.url}/login/`)
    await page.locator('#new-device').waitFor()
    await page.locator('#account').fill('carol')
    await page.locator('#password').fill(carol.password)
    await press(page, '#password-form')
    await page.locator('#confirm').waitFor({ timeout: 20_000 })
    await page.locator('#confirm summary').click()
    await page.locator('#recovery').fill('zzzz-zzzz-zzzz')
    await press(page, '#recover-form')
    await page.locator('#recovery-fault').waitFor()
    await page.locator('#recovery').fill(carol.recovery[0] ?? '')
    await press(page, '#recover-form')
    await page.locator('#waiting').waitFor()
    await page.close()

    bank.time.pass({ hours: 23 })
    const later = await context.newPage()
    await later.goto(`${bank.url}/login/`)
    await later.locator('#waiting').waitFor()
    bank.time.pass({ hours: 2 })
    await later.goto(`${bank.url}/login/`)
    await later.waitForURL(`${bank.url}/`)
    assert.equal(bank.arrived.at(-1)?.account, 'carol')
  })
})

/** A virtual authenticator that verifies its user. @see WebAuthn 3 §11 */
async function authenticatorOf({ context, page }: Visitor) {
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp, id }
}

/** In the dialog that asks for a fresh proof, where it comes. */
async function proveFresh(page: Page, code: string): Promise<void> {
  const dialog = page.locator('#fresh')
  const notice = page.locator('#notice')
  await dialog.or(notice).filter({ visible: true }).first().waitFor({ timeout: 20_000 })
  if (!(await dialog.isVisible())) return
  await page.locator('#fresh-code').fill(code)
  await press(page, '#fresh-form')
}
