// What customers do at the pages of a bank, and what thieves try there: each step as a person takes it.
import assert from 'node:assert/strict'
import type { Page, Response } from 'playwright-core'
import type { Bank, Customer, Device } from './people.ts'

/** Goes to the sign-in at a device that nobody knows, with name and password; answers the number that is shown at last. */
export async function askOnNewDevice(
  bank: Pick<Bank, 'origin'>,
  { page }: Pick<Device, 'page'>,
  { account, password }: Pick<Customer, 'account' | 'password'>,
): Promise<string> {
  await page.goto(`${bank.origin}/login/`)
  await page.locator('#new-device').waitFor()
  assert.equal(await page.locator('#picture').isVisible(), false)
  await page.fill('#account', account)
  await page.fill('#password', password)
  await page.click('#password-form button[type=submit]')
  await page.locator('#confirm').waitFor()
  const number = await page.locator('#number').innerText()
  assert.match(number, /^\d\d$/)
  return number
}

/** Types the password at a device that the account knows, up to where a code is asked for. */
export async function proveThePassword(bank: Pick<Bank, 'origin'>, { page }: Device, { password }: Customer) {
  await page.goto(`${bank.origin}/login/`)
  await page.locator('#picture').waitFor()
  await page.fill('#password', password)
  await page.click('#password-form button[type=submit]')
  await page.locator('#code-form').waitFor()
}

/** Types a code of a sign-in. */
export async function enterCode(page: Page, code: string): Promise<void> {
  await page.fill('#code', code)
  await page.click('#code-form button[type=submit]')
}

/** Opens the account in a session that is open; its page asks again and again what waits. */
export async function openAccountPage(bank: Pick<Bank, 'origin'>, { page }: Device): Promise<void> {
  await page.goto(`${bank.origin}/login/account`)
  await page.locator('#open').waitFor()
}

/** Adds a passkey to the account, by the device's own authenticator. */
export async function addPasskey(bank: Pick<Bank, 'origin'>, device: Device): Promise<void> {
  await openAccountPage(bank, device)
  await device.page.click('#add-passkey')
  await device.page.locator('#notice', { hasText: 'has been added' }).waitFor()
}

/** Makes a telephone of it: the device shows codes from now on. */
export async function makeTelephone(bank: Pick<Bank, 'origin'>, device: Device): Promise<void> {
  await openAccountPage(bank, device)
  await device.page.check('#phone')
  await device.page.locator('#devices', { hasText: 'shows codes' }).waitFor()
}

/** Passkeys travel with their owner, as through a platform that syncs them. */
export async function carryPasskeys(from: Device, to: Device): Promise<void> {
  assert.ok(from.authenticator && to.authenticator)
  const { authenticatorId } = from.authenticator
  const { credentials } = await from.authenticator.cdp.send('WebAuthn.getCredentials', { authenticatorId })
  for (const credential of credentials)
    await to.authenticator.cdp.send('WebAuthn.addCredential', {
      authenticatorId: to.authenticator.authenticatorId,
      credential,
    })
}

/** Signs in by a passkey at a device that nobody knows. */
export async function signInByPasskey(bank: Pick<Bank, 'origin'>, { page }: Device, to = '/'): Promise<void> {
  await page.goto(`${bank.origin}/login/?to=${encodeURIComponent(to)}`)
  await page.locator('#passkey-first:visible, #by-passkey:visible').first().click()
  await page.waitForURL(bank.origin + to)
}

/** What is shown to be confirmed, at a known device. */
export async function waiting(page: Page, kind: string) {
  const box = page.locator('.waits', { hasText: kind })
  await box.waitFor()
  const number = await box.locator('.number').first()
  return {
    text: await box.innerText(),
    number: (await number.isVisible()) ? await number.innerText() : undefined,
    code: async () => (await box.locator('.shown-code').innerText()).replaceAll(' ', ''),
    answer: (words: string) => box.getByRole('button', { name: words }).click(),
  }
}

/** The reference that a page shows: the same as in the house's record. */
export async function referenceOn(page: Page, where: string): Promise<string> {
  const text = await page.locator(where).innerText()
  const found = /[MR]-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(text)
  assert.ok(found, `a reference in: ${text}`)
  return found[0]
}

/** The answer of a call of login, as the browser gets it: to be asked for before what sets it off. */
export function answerOf(page: Page, call: string): Promise<Response> {
  return page.waitForResponse((response) => new URL(response.url()).pathname === `/login/api/${call}`)
}

/** Orders a transfer at the bank, up to the page that shows what is confirmed. */
export async function orderTransfer(
  bank: Pick<Bank, 'origin'>,
  { page }: Device,
  { to, amount, purpose = '' }: { readonly to: string; readonly amount: string; readonly purpose?: string },
): Promise<void> {
  await page.goto(`${bank.origin}/transfer`)
  await page.fill('#to', to)
  await page.fill('#iban', 'GB82 WEST 1234 5698 7654 32')
  await page.fill('#amount', amount)
  await page.fill('#purpose', purpose)
  await page.click('main form button')
  await page.locator('#matter').waitFor()
}

/** Where the page asks for a fresh proof, by the passkey; nothing where the last one is fresh enough. */
export async function proveFresh({ page }: Device): Promise<void> {
  const dialog = page.locator('#fresh')
  await dialog.or(page.locator('#notice')).filter({ visible: true }).first().waitFor()
  if (await dialog.isVisible()) await page.click('#fresh-passkey')
}
