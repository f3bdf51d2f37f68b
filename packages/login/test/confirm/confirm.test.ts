// What you see is what you sign: the very matter, once, in this session, and nothing else.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Matter } from '../../src/api.ts'
import { refusedBy } from '../support/browser.ts'
import { codeOf, setUp, signIn } from '../support/customer.ts'
import { type Credential, claimsOf, signedIn, TRANSFER, withPasskey } from '../support/within.ts'

// RFC 8785 by hand: the names in their order.
const SHA256 = createHash('sha256')
  .update(
    '{"lines":[["To","Dave Doe, DE89 3704 0044 0532 0130 00"],["Amount","120.00 EUR"]],"nonce":"c29tZXRoaW5nIG5ldw","title":"Transfer"}',
  )
  .digest('base64url')
const OTHERS: readonly Matter[] = [
  { ...TRANSFER, title: 'Transfer ' },
  { ...TRANSFER, lines: [['To', 'Mallory'], TRANSFER.lines[1]!] },
  { ...TRANSFER, lines: [TRANSFER.lines[1]!, TRANSFER.lines[0]!] },
  { ...TRANSFER, lines: [...TRANSFER.lines, ['Note', '']] },
  { ...TRANSFER, nonce: 'c29tZXRoaW5nIG9sZA' },
]

suite('a matter confirmed by passkey', () => {
  test('stands in the claims for five minutes, as the hash of what was shown; the challenge says it by itself', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = await withPasskey(browser)
    const options = await browser.ask('confirm/options', { matter: TRANSFER })
    const challenge = Buffer.from(String(options.challenge), 'base64url')
    const session = /=([^.]+)\./.exec(browser.cookie ?? '')?.[1] ?? ''
    const text =
      '{"lines":[["To","Dave Doe, DE89 3704 0044 0532 0130 00"],["Amount","120.00 EUR"]],"nonce":"c29tZXRoaW5nIG5ldw","title":"Transfer"}'
    const signed = Buffer.concat([Buffer.from(`countersign confirm v1${text}${session}`), challenge.subarray(0, 30)])
    assert.deepEqual(challenge.subarray(30), createHash('sha256').update(signed).digest())

    await browser.ask('confirm', { matter: TRANSFER, credential: passkey.get(options) as Credential })
    const { confirmed } = await claimsOf(door, browser)
    assert.deepEqual(
      confirmed.map(({ sha256, by }) => [sha256, by]),
      [[SHA256, 'passkey']],
    )
    door.time.pass({ minutes: 4 })
    await browser.ask('renew', {})
    door.time.pass({ minutes: 1 })
    assert.equal((await claimsOf(door, browser)).confirmed.length, 1)
    door.time.pass({ seconds: 1 })
    assert.equal((await claimsOf(door, browser)).confirmed.length, 0)
  })

  test('is worth nothing for another matter, however little it differs, nor twice, nor as a step-up', async (t) => {
    const { door, browser } = await signedIn(t)
    const passkey = await withPasskey(browser)
    const credential = passkey.get(await browser.ask('confirm/options', { matter: TRANSFER })) as Credential
    for (const matter of OTHERS) {
      const { code } = await refusedBy(browser.ask('confirm', { matter, credential }))
      assert.equal(code, 'ERR_PERSON_CREDENTIALS', JSON.stringify(matter))
    }
    assert.equal((await refusedBy(browser.ask('step-up', { credential }))).code, 'ERR_PERSON_CREDENTIALS')
    const stepUp = passkey.get(await browser.ask('step-up/options', {})) as Credential
    const other = await refusedBy(browser.ask('confirm', { matter: TRANSFER, credential: stepUp }))
    assert.equal(other.code, 'ERR_PERSON_CREDENTIALS')
    assert.equal((await claimsOf(door, browser)).confirmed.length, 0)
    const fresh = passkey.get(await browser.ask('confirm/options', { matter: TRANSFER })) as Credential
    await browser.ask('confirm', { matter: TRANSFER, credential: fresh })
    const again = await refusedBy(browser.ask('confirm', { matter: TRANSFER, credential: fresh }))
    assert.equal(again.code, 'ERR_PERSON_CREDENTIALS')
    assert.equal((await claimsOf(door, browser)).confirmed.length, 1)
  })

  test('is of this session: the same person in another signs for that one alone', async (t) => {
    const { door, carol, browser } = await signedIn(t)
    const passkey = await withPasskey(browser)
    const credential = passkey.get(await browser.ask('confirm/options', { matter: TRANSFER })) as Credential
    await signIn(door, carol)
    const { code } = await refusedBy(browser.ask('confirm', { matter: TRANSFER, credential }))
    assert.equal(code, 'ERR_PERSON_CREDENTIALS')
  })
})

suite('a matter confirmed by code', () => {
  test('of the app: once, and then it is spent for everything', async (t) => {
    const { door, carol, browser } = await signedIn(t)
    const code = codeOf(carol.totpSecret, door.time.now())
    await browser.ask('confirm', { matter: TRANSFER, code })
    assert.deepEqual(
      (await claimsOf(door, browser)).confirmed.map(({ sha256, by }) => [sha256, by]),
      [[SHA256, 'totp']],
    )
    for (const body of [
      { matter: OTHERS[0]!, code },
      { matter: TRANSFER, code },
      { matter: TRANSFER, code: '000000' },
      { matter: TRANSFER, code: 'abcdef' },
    ])
      assert.equal((await refusedBy(browser.ask('confirm', body))).code, 'ERR_PERSON_CREDENTIALS')
    assert.equal((await refusedBy(browser.ask('step-up', { code }))).code, 'ERR_PERSON_CREDENTIALS')
    assert.equal((await claimsOf(door, browser)).confirmed.length, 1)
  })

  test('of a telephone: shown there beside the matter, for it alone', async (t) => {
    const { door, carol, browser } = await signedIn(t)
    const none = await refusedBy(browser.ask('confirm/send', { matter: TRANSFER }))
    assert.equal(none.code, 'ERR_PERSON_REQUEST')
    await browser.ask('device/phone', { isPhone: true })
    const { number } = await browser.ask('confirm/send', { matter: TRANSFER })
    const { waiting } = await browser.ask('account', {})
    const [shown] = waiting
    assert.equal(waiting.length, 1)
    assert.deepEqual([shown?.kind, shown?.number], ['matter', number])
    assert.deepEqual(shown?.text, [['To confirm', 'Transfer'], ...TRANSFER.lines])
    const code = shown?.code ?? ''
    assert.match(code, /^\d{6}$/)
    for (const matter of OTHERS)
      assert.equal((await refusedBy(browser.ask('confirm', { matter, code }))).code, 'ERR_PERSON_CREDENTIALS')
    await browser.ask('confirm', { matter: TRANSFER, code })
    assert.deepEqual(
      (await claimsOf(door, browser)).confirmed.map(({ by }) => by),
      ['telephone'],
    )
    const again = await refusedBy(browser.ask('confirm', { matter: TRANSFER, code }))
    assert.equal(again.code, 'ERR_PERSON_CREDENTIALS')
    assert.equal((await browser.ask('account', {})).waiting.length, 0)
    assert.equal(carol.account, 'carol')
  })

  test('is shown on no device that is no telephone, nor to anybody else', async (t) => {
    const at = await signedIn(t)
    const { door, carol, browser } = at
    await browser.ask('device/phone', { isPhone: true })
    await browser.ask('confirm/send', { matter: TRANSFER })
    await browser.ask('device/phone', { isPhone: false })
    assert.deepEqual((await browser.ask('account', {})).waiting, [])
    const dave = await setUp(door, 'dave')
    await signIn(door, dave)
    await dave.browser.ask('device/phone', { isPhone: true })
    assert.deepEqual((await dave.browser.ask('account', {})).waiting, [])
    assert.equal(carol.browser, browser)
  })

  test('guessed too often: rests, also for what would be right', async (t) => {
    const { door, carol, browser } = await signedIn(t)
    const codes: string[] = []
    for (let i = 0; i < 11; i++)
      codes.push((await refusedBy(browser.ask('confirm', { matter: TRANSFER, code: '000000' }))).code)
    assert.deepEqual(new Set(codes.slice(0, 10)), new Set(['ERR_PERSON_CREDENTIALS']))
    assert.equal(codes.at(-1), 'ERR_PERSON_RESTING')
    const right = await refusedBy(
      browser.ask('confirm', { matter: TRANSFER, code: codeOf(carol.totpSecret, door.time.now()) }),
    )
    assert.equal(right.code, 'ERR_PERSON_RESTING')
  })
})

suite('what is no matter', () => {
  test('is refused: too long, too much, of another form, or no text', async (t) => {
    const { browser } = await signedIn(t)
    for (const matter of [
      {},
      { ...TRANSFER, title: '' },
      { ...TRANSFER, title: 'x'.repeat(81) },
      { ...TRANSFER, title: '\ud800' },
      { ...TRANSFER, lines: [['a', '\udc00']] },
      { ...TRANSFER, title: 'Transfer 1\u202e00.1' },
      { ...TRANSFER, lines: [['Amount\u200b', '1.00 EUR']] },
      { ...TRANSFER, lines: [['Amount', '1.00 EUR\nTo: Aunt Marlene']] },
      { ...TRANSFER, lines: [['Amount', '\u2067 001 EUR']] },
      { ...TRANSFER, nonce: 'c29tZXRoaW5nIG5ldw\u2060' },
      { ...TRANSFER, lines: [['a']] },
      { ...TRANSFER, lines: [['a', 'b', 'c']] },
      { ...TRANSFER, lines: Array.from({ length: 13 }, () => ['a', 'b']) },
      { ...TRANSFER, nonce: 'short' },
      { ...TRANSFER, more: true },
    ])
      for (const call of ['confirm/options', 'confirm/send'] as const) {
        const answer = await browser.send(call, { matter })
        assert.equal(answer.json<{ code: string }>().code, 'ERR_PERSON_REQUEST', JSON.stringify(matter))
      }
  })
})
