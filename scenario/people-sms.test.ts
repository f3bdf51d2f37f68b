// Codes by SMS, in Chromium, through a gateway of the operator that hears nobody but the bank: what they let in and what not, what
// the customer sees, and what the house and the gateway have of it; and a door without a gateway, at which there is none of it.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { BANK_DOOR, type Bank, type Customer, type Device, PEOPLE_NEED, setUp, startBank } from './support/people.ts'
import {
  answerOf,
  askOnNewDevice,
  enterCode,
  openAccountPage,
  orderTransfer,
  proveThePassword,
  referenceOn,
  waiting,
} from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'
import { openSmsPlace, type SmsPlace } from './support/sms-gateway.ts'

/** Of nobody's. @see Ofcom, numbers for use in drama */
const TYPED = '+44 7700 900-123'
const NUMBER = '+447700900123'
const { allow: _, ...byRules } = BANK_DOOR
/** Carol is let in by this; dave, at the other door, by his password. */
const rulesOf = (proof: string) => `meet:
  - rule: carol reaches the bank
    who: party:carol
    what: service:bank
    proof: [${proof}]
  - rule: dave reaches the other
    who: party:dave
    what: service:plain
    proof: [password]
`

suite('codes by SMS', PEOPLE_NEED, () => {
  let directory: string
  let mailbox: Mailbox
  let gateway: SmsPlace
  let bank: Bank
  let laptop: Device
  let carol: Customer

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-sms-'))
    await writeFile(join(directory, 'policy.yaml'), rulesOf('password'))
    ;[mailbox, gateway] = await Promise.all([openMailbox(), openSmsPlace()])
    bank = await startBank({
      directory,
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: 'policy.yaml',
        parties: { carol: { kind: 'person' }, dave: { kind: 'person' } },
        doors: [
          { ...byRules, people: { mail: mailbox.mail, sms: { url: gateway.url } } },
          { ...byRules, name: 'plain', host: 'plain.localhost' },
        ],
      },
    })
    await gateway.join(bank.house)
    laptop = await bank.device()
    carol = await setUp(bank, laptop, 'carol', { email: 'carol@acme.example' })
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await gateway?.[Symbol.asyncDispose]()
    await mailbox?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  const replaceRules = async (proof: string) => {
    await writeFile(join(directory, 'policy.yaml'), rulesOf(proof))
    const { code, stderr } = await bank.house.run(['reload'])
    assert.equal(code, 0, stderr)
  }
  /** Up to the code's field, and asks for one by SMS; answers it once it came. */
  const sendCode = async (page = laptop.page) => {
    const sent = answerOf(page, 'code/sms')
    await page.click('#send-sms')
    assert.equal((await sent).status(), 200)
    await page.locator('#sent', { hasText: 'on its way to the number ending …23' }).waitFor()
    assert.equal(await page.locator('label[for=code]').innerText(), 'The six digits of the message')
    return gateway.last().code
  }
  const refusedAt = async (where: string, page = laptop.page) => bank.why(await referenceOn(page, where))

  test('a number counts when its first code has come back; the customer is told, and the ledger has it', async () => {
    const { page } = laptop
    await proveThePassword(bank, laptop, carol)
    assert.equal(await page.locator('#sms').isVisible(), false)
    await enterCode(page, carol.code())
    await page.waitForURL(`${bank.origin}/`)
    await openAccountPage(bank, laptop)
    assert.equal(await page.locator('#sms-number').innerText(), 'No number is set.')
    assert.equal(await page.locator('#sms-remove').isVisible(), false)
    await page.click('#sms-summary')
    await page.fill('#sms-to', '07700 900123')
    await page.click('#sms-form button')
    await page.locator('#sms-to-fault', { hasText: 'with + and the code of the country' }).waitFor()
    assert.equal(gateway.taken.length, 0)

    await page.fill('#sms-to', TYPED)
    await page.keyboard.press('Enter')
    await page.locator('#sms-sent', { hasText: 'on its way' }).waitFor()
    assert.equal(await page.evaluate('document.activeElement.id'), 'sms-code')
    assert.deepEqual(
      gateway.taken.map(({ to, from }) => [to, from]),
      [[NUMBER, 'URI:spiffe://house.localhost/door/bank, DNS:bank.localhost']],
    )
    await page.locator('#sms-details').scrollIntoViewIfNeeded()
    await photograph(page, 'sms-number')
    await page.fill('#sms-code', '000000')
    await page.keyboard.press('Enter')
    await page.locator('#sms-code-fault', { hasText: 'not right' }).waitFor()
    assert.equal(await page.locator('#sms-number').innerText(), 'No number is set.')
    await page.fill('#sms-code', gateway.last().code)
    await page.keyboard.press('Enter')
    await page.locator('#notice', { hasText: 'from now on' }).waitFor()
    assert.match(await page.locator('#sms-number').innerText(), /the number ending …23, set /)
    assert.doesNotMatch(await page.content(), new RegExp(NUMBER.slice(3)))
    await mailbox.letter('Codes can come to a number', 'carol@acme.example')
    await bank.told(/carol.*number added|number added.*carol/)
  })

  test('lets in a device that is known, once, after the password; and no other with that very code', async () => {
    const { page } = laptop
    const thief = await bank.device()
    await askOnNewDevice(bank, thief, carol)
    await openAccountPage(bank, laptop)
    await (await waiting(page, 'A new device wants to sign in')).answer('Yes, it is me')
    await thief.page.locator('#code-form').waitFor()
    assert.equal(await thief.page.locator('#sms').isVisible(), false)

    await proveThePassword(bank, laptop, carol)
    // The app and the telephone that shows codes come first, and it says what it is.
    const order = await page.locator('#code-form').innerText()
    assert.match(
      order,
      /Six digits of your app[\s\S]*Show the code on my phone[\s\S]*…\u206023 \(restricted\)[\s\S]*weaker/,
    )
    const code = await sendCode()
    await photograph(page, 'sms-sign-in')
    assert.deepEqual(gateway.last().lines.length, 2)
    assert.match(
      gateway.last().lines[0] ?? '',
      /^bank\.localhost: somebody signs in .* from the address 127\.0\.0\.1\.$/,
    )

    await enterCode(thief.page, code)
    await thief.page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    const elsewhere = await refusedAt('#code-fault', thief.page)
    assert.deepEqual([elsewhere.met.outcome.ok, elsewhere.met.caller.party], [false, 'carol'])

    await enterCode(page, code === '000000' ? '000001' : '000000')
    await page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    assert.match((await refusedAt('#code-fault')).text, /the code is wrong/)
    await enterCode(page, code)
    await page.waitForURL(`${bank.origin}/`)
    assert.match(await page.locator('.who').innerText(), /by password and code by SMS \(restricted\)/)
    const { met, text } = await refusedAt('footer')
    assert.deepEqual([met.outcome.ok, met.caller.party], [true, 'carol'])
    assert.match(text, /code by SMS \(restricted\)/)

    await proveThePassword(bank, laptop, carol)
    await enterCode(page, code)
    await page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    assert.equal((await refusedAt('#code-fault')).met.outcome.ok, false)
  })

  test('confirms the transfer whose words are the message, and no other; it is not fresh for the account', async () => {
    const { page } = laptop
    await orderTransfer(bank, laptop, { to: 'Aunt Marlene', amount: '12.50', purpose: 'Flowers" - Amount: "€1.00' })
    const address = page.url()
    const sent = answerOf(page, 'confirm/sms')
    await page.click('#send-sms')
    assert.equal((await sent).status(), 200)
    const { code, lines } = gateway.last()
    assert.deepEqual(lines.slice(0, 5), [
      'bank.localhost: to confirm "Transfer €12.50"',
      '- Amount: "€12.50"',
      '- To: "Aunt Marlene"',
      '- IBAN: "GB82 WEST 1234 5698 7654 32"',
      `- Purpose: "Flowers' - Amount: '€1.00"`,
    ])
    await photograph(page, 'sms-confirm')

    await orderTransfer(bank, laptop, { to: 'Mallory', amount: '990.00' })
    await enterCode(page, code)
    await page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    await page.click('#cancel')
    await page.waitForURL('**/orders/*')
    assert.match(await page.locator('main').innerText(), /Not confirmed[\s\S]*Nothing was done/)
    await page.goto(address)
    await page.locator('#matter').waitFor()
    await enterCode(page, code)
    await page.waitForURL('**/orders/*')
    assert.match(await page.locator('main').innerText(), /Done: Transfer €12\.50[\s\S]*code by SMS \(restricted\)/)
    await page.goto(`${bank.origin}/accounts/current`)
    const booked = await page.locator('main').innerText()
    assert.match(booked, /−€12\.50/)
    assert.doesNotMatch(booked, /990\.00/)

    await openAccountPage(bank, laptop)
    page.once('dialog', (dialog) => void dialog.accept())
    await page.click('#sms-remove')
    await page.locator('#fresh').waitFor()
    await page.fill('#fresh-code', code)
    await page.keyboard.press('Enter')
    await page.locator('#fresh-code-fault', { hasText: 'not right' }).waitFor()
    await page.click('#fresh-cancel')
    assert.match(await page.locator('#sms-number').innerText(), /…23/)
  })

  test('is nothing to a rule: what came under laxer rules does not let in, and is not offered any more', async () => {
    const { page } = laptop
    await proveThePassword(bank, laptop, carol)
    const code = await sendCode()
    await replaceRules('password, totp')
    await enterCode(page, code)
    await page.locator('#alarm', { hasText: 'by your app or a passkey' }).waitFor()
    const { met, text } = await refusedAt('#alarm')
    assert.equal(met.outcome.ok, false)
    assert.match(text, /code by SMS \(restricted\)[\s\S]*ERR_POLICY_PROOF/)
    await page.goto(`${bank.origin}/`)
    assert.match(await page.locator('body').innerText(), /code by SMS \(restricted\)[\s\S]*ERR_POLICY_PROOF/)

    await proveThePassword(bank, laptop, carol)
    assert.equal(await page.locator('#sms').isVisible(), false)
    const count = gateway.taken.length
    // Somebody presses it all the same.
    const answer = answerOf(page, 'code/sms')
    await page.evaluate("document.getElementById('send-sms').click()")
    assert.equal((await answer).status(), 409)
    assert.equal(gateway.taken.length, count)
    await enterCode(page, carol.code())
    await page.waitForURL(`${bank.origin}/`)
    await replaceRules('password')
  })

  test('a gateway that is away, or hangs: the page says so, the log why, and the app lets in as ever', async () => {
    const { page } = laptop
    const unsent = async () => {
      const answer = answerOf(page, 'code/sms')
      await page.click('#send-sms')
      assert.equal((await answer).status(), 503)
      await page.locator('#alarm', { hasText: 'could not be sent by SMS' }).waitFor()
      assert.equal(await page.locator('#sent').innerText(), '')
      return referenceOn(page, '#alarm')
    }
    const causeOf = async (reference: string) => {
      const told = await bank.house.event((event) => event['reference'] === reference && event['code'] !== undefined)
      assert.equal(told['code'], 'ERR_PERSON_SMS_UNSENT')
      return String(told['cause'])
    }
    await proveThePassword(bank, laptop, carol)
    await gateway.stop()
    assert.match(await causeOf(await unsent()), /ECONNREFUSED/)
    await photograph(page, 'sms-unsent')
    await gateway.listen()
    // Delivered, and answered too late: it may have come, so that it counts, and is worth nothing.
    gateway.answers = () => undefined
    assert.match(await causeOf(await unsent()), /does not answer/)
    await enterCode(page, gateway.last().code)
    await page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    gateway.answers = (response) => void response.writeHead(202).end()
    assert.match(JSON.stringify(bank.house.events.filter(({ event }) => event === 'sms.failed')), /"account":"carol"/)

    const answer = answerOf(page, 'code/sms')
    await page.click('#send-sms')
    assert.equal((await answer).status(), 429)
    assert.ok(Number((await answer).headers()['retry-after']) > 0)
    await page.locator('#alarm', { hasText: 'Too many codes went by SMS' }).waitFor()
    // The first of the number, two sign-ins, a transfer, and the one that came too late.
    assert.equal(gateway.taken.length, 5)
    await enterCode(page, carol.code())
    await page.waitForURL(`${bank.origin}/`)
    assert.match(await page.locator('.who').innerText(), /by password and one-time code/)
  })

  test('a number is removed, which is told; then none is offered', async () => {
    const { page } = laptop
    await openAccountPage(bank, laptop)
    page.once('dialog', (dialog) => void dialog.accept())
    await page.click('#sms-remove')
    await page.locator('#notice', { hasText: 'has been removed' }).waitFor()
    assert.equal(await page.locator('#sms-number').innerText(), 'No number is set.')
    await mailbox.letter('A number was removed', 'carol@acme.example')
    await bank.told(/carol.*number removed|number removed.*carol/)
    await proveThePassword(bank, laptop, carol)
    assert.equal(await page.locator('#sms').isVisible(), false)
  })

  test('where the operator has no gateway, nothing of it is on a page, and its calls are unknown', async () => {
    const door = bank.house.ready.doors.find(({ name }) => name === 'plain')?.url ?? ''
    const plain = { origin: `https://plain.localhost:${new URL(door).port}` }
    const invite = async (account: string) => (await bank.countersign('invite', account, '--account', 'plain')).trim()
    const device = await bank.device()
    const dave = await setUp({ invite }, device, 'dave')
    await proveThePassword(plain, device, dave)
    const html = [await device.page.locator('main').innerHTML()]
    await enterCode(device.page, dave.code())
    await device.page.waitForURL(`${plain.origin}/`)
    await openAccountPage(plain, device)
    html.push(await device.page.locator('main').innerHTML())
    await orderTransfer(plain, device, { to: 'Aunt Marlene', amount: '1.00' })
    html.push(await device.page.locator('main').innerHTML())
    for (const one of html) assert.equal(/sms/i.test(one), false)
    const statusOf = async ({ origin }: { readonly origin: string }, call: string) =>
      (await bank.ask(`${origin}/login/api/${call}`, { method: 'POST', headers: { origin } })).status
    for (const call of ['sms/add', 'sms/confirm', 'sms/remove', 'code/sms', 'confirm/sms']) {
      assert.equal(await statusOf(plain, call), await statusOf(plain, 'no-such-call'), call)
      assert.notEqual(await statusOf(bank, call), await statusOf(bank, 'no-such-call'), call)
    }
  })
})
