// What a customer changes later, in Chromium, by a clock of the house that is set on: another picture and phrase, and another app
// for codes. What each device shows after that, what is refused before, and what the customer and the house are told.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { codeAt } from './support/customer.ts'
import { newPicture } from './support/known-picture.ts'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { keepOpened, openedOn } from './support/opened.ts'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, startBank } from './support/people.ts'
import {
  answerOf,
  askOnNewDevice,
  enterCode,
  openAccountPage,
  proveThePassword,
  waiting,
} from './support/people-steps.ts'
import { difference, look, seenOn } from './support/photo-files.ts'
import { photograph } from './support/photograph.ts'
import { type MovableClock, movableClock } from './support/wrong-clock.ts'

const [MINUTE_MS, STEP_MS] = [60_000, 30_000]
/** What is lost by compression, of 255; another picture differs by three times as much. */
const TOLERANCE = 12
const NEW_PHRASE = 'Two geese on a cold pond'

suite('what a customer changes later', { ...PEOPLE_NEED, ...needs('faketime', 'faketime') }, () => {
  let directory: string
  let clock: MovableClock
  let mailbox: Mailbox
  let bank: Bank
  let laptop: Device
  let phone: Device
  let carol: Customer
  /** The picture of the set-up, as it is seen: RGBA. */
  let original: Uint8Array
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-changed-'))
    ;[clock, mailbox] = [await movableClock(directory), await openMailbox()]
    bank = await startBank({ directory, env: clock.env, door: { people: { mail: mailbox.mail } } })
    ;[laptop, phone] = [await bank.device(), await bank.device()]
    for (const { context } of [laptop, phone]) await keepOpened(context)
    carol = await setUp(bank, laptop, 'carol', { email: 'carol@acme.example' })
    await proveThePassword(bank, laptop, carol)
    original = await seenOn(laptop.page, '#canvas-again')
    await enterCode(laptop.page, await nextCode(carol.totpSecret))
    await laptop.page.waitForURL(`${bank.origin}/`)
    // Another device, by a yes on this one.
    await openAccountPage(bank, laptop)
    await askOnNewDevice(bank, phone, carol)
    await (await waiting(laptop.page, 'A new device wants to sign in')).answer('Yes, it is me')
    await phone.page.locator('#code-form').waitFor()
    await enterCode(phone.page, await nextCode(carol.totpSecret))
    await phone.page.waitForURL(`${bank.origin}/`)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await mailbox?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  /** Of a step that comes only now, so that it counts. */
  const nextCode = async (secret: string) => {
    await clock.setAhead(clock.ahead + STEP_MS)
    return codeAt(secret, Date.now() + clock.ahead)
  }
  /** What was shown last has grown old. */
  const growOld = () => clock.setAhead(clock.ahead + 6 * MINUTE_MS)
  /** Answers the dialog that asks for a fresh proof. */
  const prove = async (code: string) => {
    await laptop.page.fill('#fresh-code', code)
    await laptop.page.click('#fresh-form button[type=submit]')
  }
  const dialogOpens = () => laptop.page.locator('#fresh[open]').waitFor()
  const count = async (act: string) => (await bank.countersign('events', '--json')).split(`"${act}"`).length - 1

  test('another picture and phrase asks for a fresh proof, and without one nothing has changed', async () => {
    const { page } = laptop
    await growOld()
    await openAccountPage(bank, laptop)
    await page.locator('summary', { hasText: 'Change picture and phrase' }).click()
    await page.fill('#picture-password', carol.password)
    await page.locator('#picture-form label', { hasText: 'Whale' }).click()
    await page.locator('#chosen').waitFor()
    await page.fill('#phrase', NEW_PHRASE)
    const refused = answerOf(page, 'picture/change')
    await page.click('#picture-form button[type=submit]')
    assert.equal((await refused).status(), 403)
    assert.equal((await (await refused).json()).code, 'ERR_PERSON_FRESH')
    await dialogOpens()
    await photograph(page, 'people-fresh')
    await prove('000000')
    await page.locator('#fresh-code-fault').waitFor()
    await page.click('#fresh-cancel')
    await page.locator('#fresh[open]').waitFor({ state: 'detached' })
    // What was typed is still there.
    assert.equal(await page.inputValue('#phrase'), NEW_PHRASE)
    assert.equal(await page.locator('#notice').isVisible(), false)
    assert.equal(await count('picture changed'), 0)
    assert.equal(await proveAndSee(laptop), `“${carol.phrase}”`)
    assert.equal(difference(await seenOn(page, '#canvas'), original), 0)
  })

  /** Goes to the sign-in with the password, and answers the phrase that comes with it. */
  const proveAndSee = async (device: Device) => {
    await proveThePassword(bank, device, carol)
    return device.page.locator('#phrase-again').innerText()
  }

  test('changed, each device shows the new one from its next sign-in on, and none the one before', async () => {
    const { page } = laptop
    const [file, blank] = [newPicture(), (await bank.device()).page]
    const pixels = await look(blank, file)
    await writeFile(join(directory, 'geese.png'), file)
    await openAccountPage(bank, laptop)
    await page.locator('summary', { hasText: 'Change picture and phrase' }).click()
    await page.fill('#picture-password', carol.password)
    await page.setInputFiles('#file', join(directory, 'geese.png'))
    await page.locator('#chosen').waitFor()
    await page.fill('#phrase', NEW_PHRASE)
    await page.click('#picture-form button[type=submit]')
    await dialogOpens()
    await prove(await nextCode(carol.totpSecret))
    await page.locator('#notice', { hasText: 'Picture and phrase have been changed' }).waitFor()
    await bank.told(/"picture changed"/)
    const { to, text } = await mailbox.letter('Your picture was changed')
    assert.deepEqual(to, ['carol@acme.example'])
    assert.doesNotMatch(text, /geese/)

    // Where it was changed, at once, and under the password as well.
    assert.equal(await proveAndSee(laptop), `“${NEW_PHRASE}”`)
    for (const canvas of ['#canvas', '#canvas-again']) {
      const seen = await seenOn(page, canvas)
      assert.ok(difference(seen, pixels) < TOLERANCE)
      assert.ok(difference(seen, original) > 3 * TOLERANCE)
    }
    assert.deepEqual(new Set((await openedOn(page)).map(({ phrase }) => phrase)), new Set([NEW_PHRASE]))

    // On the other none at first, rather than one that is over.
    const other = phone.page
    await other.goto(`${bank.origin}/login/`)
    await other.locator('#no-picture').waitFor()
    await photograph(other, 'people-no-picture-yet')
    assert.match(await other.locator('#no-picture').innerText(), /have changed the picture elsewhere since/)
    assert.equal(await other.locator('#picture').isVisible(), false)
    assert.deepEqual(await openedOn(other), [])
    await other.fill('#password', carol.password)
    await other.click('#password-form button[type=submit]')
    await other.locator('#code-form').waitFor()
    assert.equal(await other.locator('#phrase-again').innerText(), `“${NEW_PHRASE}”`)
    await enterCode(other, await nextCode(carol.totpSecret))
    await other.waitForURL(`${bank.origin}/`)
    assert.equal(await proveAndSee(phone), `“${NEW_PHRASE}”`)
    assert.ok(difference(await seenOn(other, '#canvas'), pixels) < TOLERANCE)
    assert.deepEqual(new Set((await openedOn(other)).map(({ phrase }) => phrase)), new Set([NEW_PHRASE]))
  })

  test('another app asks for a fresh proof, counts from its first code on, and the one before no more', async () => {
    const { page } = laptop
    await growOld()
    await openAccountPage(bank, laptop)
    const refused = answerOf(page, 'totp/new')
    await page.click('#app-new')
    assert.equal((await (await refused).json()).code, 'ERR_PERSON_FRESH')
    await dialogOpens()
    assert.equal(await page.locator('#secret').innerText(), '')
    const spent = await nextCode(carol.totpSecret)
    await prove(spent)
    await page.locator('#app-form').waitFor()
    await photograph(page, 'people-new-app')
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
    assert.match(secret, /^[A-Z2-7]{32}$/)
    assert.notEqual(secret, carol.totpSecret)

    // Nobody has confirmed it yet: it is worth nothing, here and at the other device.
    await refusedAtPhone(await nextCode(secret))
    await page.fill('#app-code', await nextCode(carol.totpSecret))
    await page.click('#app-form button[type=submit]')
    await page.locator('#app-code-fault').waitFor()
    assert.equal(await count('app changed'), 0)

    const first = await nextCode(secret)
    await page.fill('#app-code', first)
    await page.click('#app-form button[type=submit]')
    await page.locator('#notice', { hasText: 'The new app counts' }).waitFor()
    assert.equal(await page.locator('#secret').innerText(), '')
    await bank.told(/"app changed"/)
    assert.deepEqual((await mailbox.letter('Another app shows your codes')).to, ['carol@acme.example'])

    for (const code of [first, spent, await nextCode(carol.totpSecret)]) await refusedAtPhone(code)
    await enterCode(phone.page, await nextCode(secret))
    await phone.page.waitForURL(`${bank.origin}/`)
    assert.match(await phone.page.locator('.who').innerText(), /Signed in as carol by password and one-time code/)
    assert.equal(await count('app changed'), 1)
  })

  /** Tries a code at a sign-in of the other device, which goes on waiting for one. */
  const refusedAtPhone = async (code: string) => {
    const { page } = phone
    await proveThePassword(bank, phone, carol)
    await enterCode(page, code)
    await page.locator('#code-fault').waitFor()
    assert.match(await page.locator('#code-fault').innerText(), /^This code is not right/)
  }
})
