// What is seen is what is signed: a transfer at the bank, in Chromium, by a passkey and by a code; and a page, or somebody in it,
// that shows one thing and sends another.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'
import { addPasskey, answerOf, enterCode, orderTransfer, referenceOn } from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'

const isOrder = ({ pathname }: URL) => pathname.startsWith('/orders/')

suite('a transfer', PEOPLE_NEED, () => {
  let bank: Bank
  let laptop: Device
  let carol: Customer

  before(async () => {
    bank = await startBank()
    laptop = await bank.device({ passkeys: true })
    carol = await setUp(bank, laptop, 'carol')
    await signIn(bank, laptop, carol)
    await addPasskey(bank, laptop)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
  })

  const booked = async () => {
    await laptop.page.goto(`${bank.origin}/accounts/current`)
    return laptop.page.locator('main').innerText()
  }
  const ordered = async (amount: string, to = 'Aunt Marlene') => {
    await orderTransfer(bank, laptop, { to, amount, purpose: 'For the garden' })
    return new URL(laptop.page.url()).searchParams
  }
  const MALLORY = { title: 'Transfer €5.00', lines: [['To', 'Mallory']], nonce: 'm'.repeat(24) }

  test('by a passkey: every line is shown, and done once', async () => {
    const { page } = laptop
    await ordered('81.20')
    const lines = await page.locator('#lines').innerText()
    for (const words of ['€81.20', 'Aunt Marlene', 'GB82 WEST 1234 5698 7654 32', 'For the garden', 'Current account'])
      assert.ok(lines.includes(words), lines)
    await photograph(page, 'transfer-confirm')
    await page.click('#by-passkey')
    await page.waitForURL(isOrder)
    assert.match(await page.locator('main').innerText(), /Done: Transfer €81\.20[\s\S]*passkey/)
    await photograph(page, 'transfer-done')
    const { met } = await bank.why(await referenceOn(page, 'footer'))
    assert.deepEqual([met.outcome.ok, met.caller.party], [true, 'carol'])
    await page.reload()
    assert.equal((await booked()).match(/−€81\.20/g)?.length, 1)
  })

  test('by a code of the app: nothing for a wrong one, and it is done for the right one', async () => {
    const { page } = laptop
    await ordered('17.30')
    await enterCode(page, '000000')
    await page.locator('#code-fault', { hasText: 'not right' }).waitFor()
    await enterCode(page, carol.code())
    await page.waitForURL(isOrder)
    assert.match(await page.locator('main').innerText(), /Done: Transfer €17\.30[\s\S]*one-time code/)
    assert.match(await booked(), /−€17\.30/)
  })

  test('a page that sends another matter than was signed gets a refusal, and nothing is done', async () => {
    const { page } = laptop
    await ordered('5.00')
    await page.route('**/login/api/confirm', async (route) => {
      const said = route.request().postDataJSON()
      await route.continue({ postData: JSON.stringify({ ...said, matter: MALLORY }) })
    })
    const refused = answerOf(page, 'confirm')
    await page.click('#by-passkey')
    assert.equal((await refused).status(), 401)
    await page.locator('#alarm').waitFor()
    const reference = await referenceOn(page, '#alarm')
    const told = await bank.house.event((event) => event['reference'] === reference && event['code'] !== undefined)
    assert.equal(told['code'], 'ERR_PERSON_CREDENTIALS')
    assert.match(String(told['cause']), /^passkey: .*challenge/)
    await page.unroute('**/login/api/confirm')
    await page.click('#cancel')
    await page.waitForURL(isOrder)
    assert.match(await page.locator('main').innerText(), /Not confirmed[\s\S]*Nothing was done/)
    assert.doesNotMatch(await booked(), /€5\.00/)
  })

  test('a page that has another matter signed than it shows does not get the order done that it is for', async () => {
    const { page } = laptop
    const to = (await ordered('6.00')).get('to')
    const other = Buffer.from(JSON.stringify(MALLORY)).toString('base64url')
    await page.goto(`${bank.origin}/login/confirm?matter=${other}&to=${to}`)
    await page.locator('#matter').waitFor()
    assert.match(await page.locator('#lines').innerText(), /Mallory/)
    await page.click('#by-passkey')
    await page.waitForURL(isOrder)
    // It was confirmed, and is nobody's order.
    assert.match(await page.locator('main').innerText(), /Not confirmed[\s\S]*Nothing was done/)
    assert.doesNotMatch(await booked(), /€6\.00|Mallory/)
  })

  test('what a page changes after the confirmation is another order, which nobody has confirmed', async () => {
    const { page } = laptop
    const small = (await ordered('7.00')).get('to') ?? ''
    await page.click('#by-passkey')
    await page.waitForURL(isOrder)
    assert.match(await page.locator('main').innerText(), /Done: Transfer €7\.00/)
    const large = (await ordered('700.00', 'Mallory')).get('to') ?? ''
    assert.notEqual(small, large)
    await page.click('#cancel')
    await page.waitForURL(isOrder)
    assert.match(await page.locator('main').innerText(), /Not confirmed/)
    const seen = await booked()
    assert.match(seen, /−€7\.00/)
    assert.doesNotMatch(seen, /700\.00/)
  })

  test('the same signature a second time confirms nothing', async () => {
    const { page } = laptop
    await ordered('9.00')
    const sent = page.waitForRequest((request) => request.url().endsWith('/login/api/confirm'))
    await page.click('#by-passkey')
    const said = (await sent).postData() ?? ''
    await page.waitForURL(isOrder)
    assert.match(await page.locator('main').innerText(), /Done/)
    await ordered('9.00')
    await page.route('**/login/api/confirm', (route) => route.continue({ postData: said }))
    const refused = answerOf(page, 'confirm')
    await page.click('#by-passkey')
    assert.equal((await refused).status(), 401)
    await page.unroute('**/login/api/confirm')
    assert.equal((await booked()).match(/−€9\.00/g)?.length, 1)
  })
})
