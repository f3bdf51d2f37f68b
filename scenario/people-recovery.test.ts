// The end of a recovery where the rules of the bank ask for more than a password, in Chromium: what was lost is made anew before
// anything opens, or a known device says no. What the customer sees, and what the house has of it.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { codeAt } from './support/customer.ts'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import {
  BANK_DOOR,
  type Bank,
  type Customer,
  type Device,
  PEOPLE_NEED,
  setUp,
  signIn,
  startBank,
} from './support/people.ts'
import { askOnNewDevice, enterCode, openAccountPage, referenceOn, waiting } from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'

const WAITING_SECONDS = 3
const { allow: _, ...byRules } = BANK_DOOR
/** Who shows this, beside what else is said here, is let in. */
const rulesOf = (proof: string) => `meet:
  - rule: carol reaches the bank
    who: party:carol
    what: service:bank
    proof: [${proof}]
`

suite('the end of a recovery', PEOPLE_NEED, () => {
  let directory: string
  let mailbox: Mailbox
  let bank: Bank
  let laptop: Device
  let carol: Customer
  /** What has got in by a recovery, and a passkey. */
  let restored: Device

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-recovery-'))
    await writeFile(join(directory, 'policy.yaml'), rulesOf('password, totp'))
    mailbox = await openMailbox()
    bank = await startBank({
      directory,
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: 'policy.yaml',
        parties: { carol: { kind: 'person' } },
        doors: [{ ...byRules, people: { mail: mailbox.mail, recoveryHours: WAITING_SECONDS / 3600 } }],
      },
    })
    laptop = await bank.device()
    carol = await setUp(bank, laptop, 'carol', { email: 'carol@acme.example' })
    await signIn(bank, laptop, carol)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await mailbox?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  /** How many devices the house has of the customer, and how many sessions. */
  const had = async () => {
    const listed = await bank.countersign('account', 'list', '--json')
    const { devices } = JSON.parse(listed.split('\n').find((line) => line.includes('"carol"')) ?? '{}')
    return { devices: devices.length, sessions: (await bank.countersign('sessions')).match(/carol/g)?.length ?? 0 }
  }

  const replaceRules = async (proof: string) => {
    await writeFile(join(directory, 'policy.yaml'), rulesOf(proof))
    const { code, stderr } = await bank.house.run(['reload'])
    assert.equal(code, 0, stderr)
  }

  /** A new device, past its waiting time. */
  const atItsEnd = async (code = '', options = {}) => {
    const device = await bank.device(options)
    const { page } = device
    await askOnNewDevice(bank, device, carol)
    await page.click('#confirm summary')
    await page.fill('#recovery', code)
    await page.click('#recover-form button')
    await page.locator('#waiting').waitFor()
    await delay(WAITING_SECONDS * 1000)
    await page.goto(`${bank.origin}/login/`)
    await page.locator('#restore').waitFor()
    return device
  }

  test('nothing is open before it; a known device can still say no, and then nothing is made', async () => {
    const before = await had()
    const { page } = await atItsEnd(carol.recovery[0])
    await photograph(page, 'recovery-restore')
    // The rules want a code: neither is a passkey offered, nor does the bank open.
    assert.equal(await page.locator('#restore-passkey').isVisible(), false)
    assert.deepEqual(await had(), before)
    await page.goto(`${bank.origin}/`)
    await page.waitForURL(/\/login\/\?to=/)
    await page.locator('#restore').waitFor()
    await page.click('#restore-app')
    await page.locator('#restore-form').waitFor()

    await openAccountPage(bank, laptop)
    await (await waiting(laptop.page, 'Somebody uses one of your recovery codes')).answer('No')
    await mailbox.letter('A recovery was refused')
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
    await page.fill('#app-code', codeAt(secret, Date.now()))
    await page.click('#restore-form button[type=submit]')
    await page.locator('#alarm').filter({ visible: true }).waitFor()
    await page.goto(`${bank.origin}/`)
    await page.waitForURL(/\/login\/\?to=/)
    assert.equal(await page.locator('#restore').isVisible(), false)
    assert.deepEqual(await had(), before)
  })

  test('who has lost the app sets up another: the code of the one before is refused with a record, and the new one lets in', async () => {
    const { page } = await atItsEnd(carol.recovery[1])
    await page.click('#restore-code')
    await enterCode(page, '000000')
    await page.locator('#code-fault').waitFor()
    const wrong = await bank.why(await referenceOn(page, '#code-fault'))
    assert.equal(wrong.met.outcome.ok, false)
    assert.match(wrong.text, /the code is wrong/)

    await page.click('#restore-app')
    await page.locator('#restore-form').waitFor()
    assert.equal(await page.locator('#code-form').isVisible(), false)
    await photograph(page, 'recovery-app')
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
    await page.fill('#app-code', codeAt(carol.totpSecret, Date.now()))
    await page.click('#restore-form button[type=submit]')
    await page.locator('#app-code-fault').waitFor()
    const old = await bank.why(await referenceOn(page, '#app-code-fault'))
    assert.equal(old.met.outcome.ok, false)

    await page.fill('#app-code', codeAt(secret, Date.now()))
    await page.click('#restore-form button[type=submit]')
    await page.waitForURL(`${bank.origin}/`)
    assert.match(await page.locator('.who').innerText(), /Signed in as carol/)
    const { met, text } = await bank.why(await referenceOn(page, 'footer'))
    assert.equal(met.outcome.ok, true)
    assert.match(text, /password/)
    await bank.told(/"recovery ended"[^\n]*a code was shown/)
    await bank.told(/"app changed"[^\n]*at the end of a recovery/)
    await mailbox.letter('Another app shows your codes')
  })

  test('who must have a passkey makes one, which lets in; a code is not asked for', async () => {
    await replaceRules('passkey')
    const before = await had()
    restored = await atItsEnd(carol.recovery[2], { passkeys: true })
    const { page } = restored
    assert.equal(await page.locator('#restore-app').isVisible(), false)
    assert.equal(await page.locator('#restore-code').isVisible(), false)
    assert.equal((await had()).devices, before.devices)
    await page.click('#restore-passkey')
    await page.waitForURL(`${bank.origin}/`)
    assert.match(await page.locator('.who').innerText(), /Signed in as carol by password and passkey/)
    const { met } = await bank.why(await referenceOn(page, 'footer'))
    assert.equal(met.outcome.ok, true)
    await bank.told(/"recovery ended"[^\n]*a passkey was shown/)
    await mailbox.letter('A passkey was added')
    // What an operator sees of her: by what she signs in, and what is open; no secret of it.
    const shown = await bank.countersign('show', 'carol')
    assert.match(
      shown,
      /^account {2}carol at bank\nopened .+\nseen .+\n(?:device .+\n)+ways {5}password, 1 passkey, an app$/m,
    )
    assert.match(shown, /^session {2}bank, since .+ M-\w{4}-\w{4}$/m)
    const { accounts, sessions } = JSON.parse(await bank.countersign('show', 'carol', '--json'))
    assert.deepEqual([accounts.length, sessions.length], [1, (await had()).sessions])
    for (const secret of [carol.totpSecret, ...carol.recovery]) assert.ok(!shown.includes(secret))
    const nobody = await bank.house.run(['show', 'nobody'])
    assert.deepEqual([nobody.code, nobody.stdout], [1, ''])
    assert.match(nobody.stderr, /ERR_ADMIN_NOT_FOUND/)
  })

  test('the last passkey stays while the rules want one; removed after that, it ends the session that it opened', async () => {
    await openAccountPage(bank, restored)
    const { page } = restored
    page.on('dialog', (dialog) => void dialog.accept())
    const before = await had()
    await page.locator('#sessions', { hasText: 'by passkey' }).waitFor()
    const remove = page.locator('#passkeys button')
    await remove.click()
    await page.locator('#alarm', { hasText: 'your last passkey' }).waitFor()
    assert.deepEqual(await had(), before)

    await replaceRules('password')
    await remove.click()
    await page.waitForURL(`${bank.origin}/login/`)
    await bank.told(/"passkey removed"/)
    const { text } = await mailbox.letter('A passkey was removed')
    assert.match(text, /The sessions that it opened have ended/)
    assert.equal((await had()).sessions, before.sessions - 1)
    await page.goto(`${bank.origin}/`)
    await page.waitForURL(/\/login\/\?to=/)
  })
})
