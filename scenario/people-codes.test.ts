// Passwords and codes, in Chromium: wrong ones, a name that nobody has, a code that counted already, and codes that an enrolled
// telephone shows, for a sign-in and for a transfer.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'
import {
  addPasskey,
  carryPasskeys,
  enterCode,
  makeTelephone,
  orderTransfer,
  proveThePassword,
  referenceOn,
  signInByPasskey,
  waiting,
} from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'

suite('passwords and codes', PEOPLE_NEED, () => {
  let mailbox: Mailbox
  let bank: Bank
  let laptop: Device
  let telephone: Device
  let carol: Customer

  before(async () => {
    mailbox = await openMailbox()
    bank = await startBank({ door: { people: { mail: mailbox.mail } } })
    laptop = await bank.device({ passkeys: true })
    telephone = await bank.device({ passkeys: true })
    carol = await setUp(bank, laptop, 'carol', { email: 'carol@acme.example' })
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await mailbox?.[Symbol.asyncDispose]()
  })

  test('a wrong password, and a name that nobody has: one page in the same words, by the same answers', async () => {
    const { page } = await bank.device()
    const tried: { readonly text: string; readonly answers: readonly string[]; readonly url: string }[] = []
    for (const account of ['carol', 'nobody-of-this-name']) {
      const answers: string[] = []
      const note = async (response: { url(): string; status(): number; text(): Promise<string> }) => {
        const { pathname } = new URL(response.url())
        if (!pathname.startsWith('/login/api/')) return
        // Values differ from try to try; their names and lengths do not.
        const shape = (await response.text()).replaceAll(/[\w-]{22,}/g, (value) => `<${value.length}>`)
        answers.push(`${pathname} ${response.status()} ${shape.replaceAll(/"\d\d"/g, '"NN"')}`)
      }
      page.on('response', note)
      await page.goto(`${bank.origin}/login/`)
      await page.locator('#new-device').waitFor()
      await page.fill('#account', account)
      await page.fill('#password', 'not the password at all')
      await page.click('#password-form button[type=submit]')
      await page.locator('#password-fault').waitFor()
      page.off('response', note)
      const text = (await page.locator('main').innerText()).replaceAll(/M-\w{4}-\w{4}/g, 'M')
      tried.push({ text, answers, url: page.url() })
    }
    const [one, other] = tried
    assert.match(one?.text ?? '', /Name, password or code is not right/)
    assert.ok(one?.answers.some((answer) => answer.startsWith('/login/api/password 200')))
    assert.deepEqual(one, other)
  })

  test('a code that has counted does not count again: not for another sign-in, and the record says so', async () => {
    const { page } = laptop
    const code = carol.code()
    const again = { ...carol, code: () => code }
    await signIn(bank, laptop, again)
    await addPasskey(bank, laptop)
    await proveThePassword(bank, laptop, again)
    await enterCode(page, code)
    await page.locator('#code-fault').waitFor()
    assert.match(await page.locator('#code-fault').innerText(), /^This code is not right/)
    const { met, text } = await bank.why(await referenceOn(page, '#code-fault'))
    assert.deepEqual([met.outcome.ok, met.caller.party], [false, 'carol'])
    assert.match(text, /the code is wrong/)
  })

  test('no telephone is enrolled: none is asked, and the page says so', async () => {
    const { page } = laptop
    await page.click('#send-code')
    await page.locator('#alarm', { hasText: 'No device of yours shows codes yet' }).waitFor()
    assert.equal(await page.locator('#sent').innerText(), '')
  })

  test('the code of a sign-in is shown on the telephone, beside the same number, and counts once, there', async () => {
    await carryPasskeys(laptop, telephone)
    await signInByPasskey(bank, telephone)
    await makeTelephone(bank, telephone)
    await mailbox.letter('Codes are shown on a device')

    const { page } = laptop
    await proveThePassword(bank, laptop, carol)
    await page.click('#send-code')
    await page.locator('#sent', { hasText: 'Your phone shows a code' }).waitFor()
    const shown = await waiting(telephone.page, 'A code for your sign-in')
    const number = /number (\d\d)/.exec(await page.locator('#sent').innerText())?.[1]
    assert.equal(shown.number, number)
    assert.match(shown.text, /bank\.localhost[\s\S]*127\.0\.0\.1/)
    await photograph(telephone.page, 'telephone')
    const code = await shown.code()
    await enterCode(page, code)
    await page.waitForURL(`${bank.origin}/`)
    const { met } = await bank.why(await referenceOn(page, 'footer'))
    assert.equal(met.outcome.ok, true)
    await telephone.page.locator('#nothing-waits').waitFor()

    await proveThePassword(bank, laptop, carol)
    await enterCode(page, code)
    await page.locator('#code-fault').waitFor()
    const refused = await bank.why(await referenceOn(page, '#code-fault'))
    assert.equal(refused.met.outcome.ok, false)
    await page.click('#send-code')
    const next = await waiting(telephone.page, 'A code for your sign-in')
    await enterCode(page, await next.code())
    await page.waitForURL(`${bank.origin}/`)
  })

  test('a transfer is shown on the telephone line by line; its code confirms that one alone', async () => {
    const { page } = laptop
    const send = async (amount: string) => {
      await orderTransfer(bank, laptop, { to: 'Aunt Marlene', amount })
      await page.click('#send')
      await page.locator('#sent', { hasText: 'Your phone shows the same lines' }).waitFor()
      const shown = await waiting(telephone.page, `€${amount}`)
      assert.ok((await page.locator('#sent').innerText()).includes(`number ${shown.number}`))
      assert.match(shown.text, /Aunt Marlene[\s\S]*GB82 WEST 1234 5698 7654 32/)
      return shown.code()
    }
    const first = await send('12.50')
    const address = page.url()
    const second = await send('990.00')
    // The code of the small one, for the large one.
    await enterCode(page, first)
    await page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    await page.click('#cancel')
    await page.waitForURL('**/orders/*')
    assert.match(await page.locator('main').innerText(), /Not confirmed[\s\S]*Nothing was done/)
    assert.notEqual(first, second)
    await page.goto(address)
    await enterCode(page, first)
    await page.waitForURL('**/orders/*')
    assert.match(await page.locator('main').innerText(), /Done: Transfer €12\.50/)
    const bookings = async () => {
      await page.goto(`${bank.origin}/accounts/current`)
      return page.locator('main').innerText()
    }
    assert.match(await bookings(), /Aunt Marlene[\s\S]*12\.50/)
    assert.doesNotMatch(await bookings(), /990\.00/)
  })
})
