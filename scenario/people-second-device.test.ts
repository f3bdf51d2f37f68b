// A second device, in Chromium: by a passkey, by a yes on the known one, and by a recovery code with its waiting time; and each refused.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'
import {
  addPasskey,
  askOnNewDevice,
  carryPasskeys,
  enterCode,
  openAccountPage,
  referenceOn,
  signInByPasskey,
  waiting,
} from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'

const WAITING_SECONDS = 5

suite('a second device', PEOPLE_NEED, () => {
  let mailbox: Mailbox
  let bank: Bank
  let laptop: Device
  let carol: Customer

  before(async () => {
    mailbox = await openMailbox()
    bank = await startBank({ door: { people: { mail: mailbox.mail, recoveryHours: WAITING_SECONDS / 3600 } } })
    laptop = await bank.device({ passkeys: true })
    carol = await setUp(bank, laptop, 'carol', { email: 'carol@acme.example' })
    await signIn(bank, laptop, carol)
    await addPasskey(bank, laptop)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await mailbox?.[Symbol.asyncDispose]()
  })

  /** How many devices the house has of the customer, and how many sessions. */
  const had = async () => {
    const [listed, sessions] = await Promise.all([
      bank.countersign('account', 'list', '--json'),
      bank.countersign('sessions'),
    ])
    const { devices } = JSON.parse(listed.split('\n').find((line) => line.includes('"carol"')) ?? '{}')
    return { devices: devices.length, sessions: sessions.match(/carol/g)?.length ?? 0 }
  }

  test('by a passkey: at once, and the customer is told', async () => {
    const phone = await bank.device({ passkeys: true })
    await phone.page.goto(`${bank.origin}/login/`)
    await phone.page.click('#passkey-first')
    // An authenticator that has none of this name's.
    await phone.page.locator('#alarm', { hasText: 'No passkey was used' }).waitFor()

    await carryPasskeys(laptop, phone)
    await signInByPasskey(bank, phone)
    assert.match(await phone.page.locator('.who').innerText(), /Signed in as carol by passkey/)
    const { met, text } = await bank.why(await referenceOn(phone.page, 'footer'))
    assert.equal(met.outcome.ok, true)
    assert.match(text, /passkey/)
    assert.deepEqual(await had(), { devices: 2, sessions: 2 })
    await bank.told(/"device added"[^\n]*by passkey/)
    const { to, text: letter } = await mailbox.letter('A new device can sign in')
    assert.deepEqual(to, ['carol@acme.example'])
    assert.match(letter, /\(passkey\)/)
    await phone.context.close()
  })

  test('by a yes on the known device, which shows the same number; then it has the picture too', async () => {
    await openAccountPage(bank, laptop)
    const { page } = await bank.device()
    const number = await askOnNewDevice(bank, { page }, carol)
    const asked = await waiting(laptop.page, 'A new device wants to sign in')
    assert.equal(asked.number, number)
    assert.match(asked.text, /Chrome on Linux[\s\S]*127\.0\.0\.1/)
    await photograph(laptop.page, 'known-device-asked')
    // Nothing of picture or phrase before the yes, and no code is heard.
    assert.equal(await page.locator('#phrase-again').innerText(), '')
    assert.equal(await page.locator('#code-form').isVisible(), false)
    await mailbox.letter('Somebody has your password on a new device')
    await asked.answer('Yes, it is me')
    await page.locator('#code-form').waitFor()
    assert.equal(await page.locator('#phrase-again').innerText(), '')
    await enterCode(page, carol.code())
    await page.waitForURL(`${bank.origin}/`)
    const { met, text } = await bank.why(await referenceOn(page, 'footer'))
    assert.equal(met.outcome.ok, true)
    assert.match(text, /carol[\s\S]*password/)
    await bank.told(/"device added"[^\n]*by confirmation/)
    await page.goto(`${bank.origin}/login/`)
    await page.locator('#picture').waitFor()
    assert.equal(await page.locator('#phrase').innerText(), `“${carol.phrase}”`)
  })

  test('a no on the known device ends it: with all that was right, there is neither device nor session', async () => {
    await openAccountPage(bank, laptop)
    const before = await had()
    const { page } = await bank.device()
    const number = await askOnNewDevice(bank, { page }, carol)
    const asked = await waiting(laptop.page, 'A new device wants to sign in')
    assert.equal(asked.number, number)
    await asked.answer('No')
    await page.locator('#alarm', { hasText: 'A device of yours said no' }).waitFor()
    const { met, text } = await bank.why(await referenceOn(page, '#alarm'))
    assert.equal(met.outcome.ok, false)
    assert.equal(met.caller.party, 'carol')
    assert.match(text, /ERR_PERSON_DENIED|said no/)
    for (const told of ['login.attempt', 'login.denied'])
      await bank.house.event(({ event, account }) => event === told && account === 'carol')
    assert.deepEqual(await had(), before)
    await page.goto(`${bank.origin}/`)
    await page.waitForURL(/\/login\/\?to=/)
    assert.doesNotMatch(await page.content(), /€/)
  })

  const recover = async (code = '') => {
    const device = await bank.device()
    const { page } = device
    await askOnNewDevice(bank, device, carol)
    await page.click('#confirm summary')
    await page.fill('#recovery', code)
    await page.click('#recover-form button')
    return device
  }

  test('a recovery is told at once, by mail and on known devices, and a no there ends it', async () => {
    await openAccountPage(bank, laptop)
    const before = await had()
    const { page } = await recover(carol.recovery[0])
    await page.locator('#waiting').waitFor()
    const asked = await waiting(laptop.page, 'Somebody uses one of your recovery codes')
    await photograph(laptop.page, 'recovery-told')
    const { text } = await mailbox.letter('Your account is being recovered')
    assert.match(text, /If it was not you, sign in on a device/)
    await bank.told(/"recovery begun"/)
    await asked.answer('No')
    await mailbox.letter('A recovery was refused')
    // Also after its time.
    await delay(WAITING_SECONDS * 1000)
    await page.reload()
    await page.locator('#alarm', { hasText: 'A device of yours said no' }).waitFor()
    const { met } = await bank.why(await referenceOn(page, '#alarm'))
    assert.equal(met.outcome.ok, false)
    assert.deepEqual(await had(), before)
    await page.goto(`${bank.origin}/`)
    await page.waitForURL(/\/login\/\?to=/)
  })

  test('a recovery that nobody refuses lets in after its time; a code that was used does not begin one', async () => {
    const used = await recover(carol.recovery[0])
    await used.page.locator('#recovery-fault').waitFor()
    assert.match(await used.page.locator('#recovery-fault').innerText(), /^Name, password or code is not right/)
    const refused = await bank.why(await referenceOn(used.page, '#recovery-fault'))
    assert.equal(refused.met.outcome.ok, false)
    assert.match(refused.text, /recovery code is wrong/)
    await used.context.close()

    const { page } = await recover(carol.recovery[1])
    await page.locator('#waiting').waitFor()
    await page.reload()
    await page.locator('#waiting').waitFor()
    await page.goto(`${bank.origin}/`)
    await page.waitForURL(/\/login\/\?to=/)
    await delay(WAITING_SECONDS * 1000)
    await page.goto(`${bank.origin}/login/`)
    await page.waitForURL(`${bank.origin}/`)
    assert.match(await page.locator('.who').innerText(), /Signed in as carol/)
    await bank.told(/"recovery ended"[^\n]*its time has passed/)
    const { met, text } = await bank.why(await referenceOn(page, 'footer'))
    assert.equal(met.outcome.ok, true)
    assert.match(text, /password/)
  })
})
