// A rule that asks for more than the session has shown, in Chromium: the page asks for the very proof that it lacks, leads to where
// there is one, and leads back; where no page can help, the refusal says so.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
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
import { photograph } from './support/photograph.ts'

const { allow: _, ...byRules } = BANK_DOOR
const RULES = `meet:
  - {rule: carol comes in, who: party:carol, what: service:bank, proof: [password, totp]}
  - {rule: the vault, who: party:carol, what: service:vault, proof: passkey < 15m}
  - {rule: the safe, who: party:carol, what: service:safe, proof: totp < 1s}
  - {rule: the desk, who: party:carol, what: service:desk, proof: password < 1s}
  - {rule: the wires, who: party:carol, what: service:wires, proof: [certificate, passkey]}
`
const PLACES = ['vault', 'safe', 'desk', 'wires'] as const

suite('a rule that asks for more than was shown', PEOPLE_NEED, () => {
  let directory: string
  let behind: Server
  let bank: Bank
  let laptop: Device
  let carol: Customer

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-step-up-'))
    await writeFile(join(directory, 'policy.yaml'), RULES)
    behind = createServer((request, response) => response.end(`here is ${request.url}`)).listen(0, '127.0.0.1')
    await once(behind, 'listening')
    const upstream = { url: `http://127.0.0.1:${(behind.address() as AddressInfo).port}` }
    bank = await startBank({
      directory,
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: 'policy.yaml',
        parties: { carol: { kind: 'person' } },
        doors: [{ ...byRules, routes: PLACES.map((service) => ({ path: `/${service}`, service, upstream })) }],
      },
    })
    laptop = await bank.device({ passkeys: true })
    carol = await setUp(bank, laptop, 'carol')
    await signIn(bank, laptop, carol)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    behind?.close()
    await rm(directory, { recursive: true, force: true })
  })

  const goTo = async (place: (typeof PLACES)[number]) => laptop.page.goto(`${bank.origin}/${place}`)
  const text = (id: string) => laptop.page.locator(id).innerText()
  const isShown = (id: string) => laptop.page.locator(id).isVisible()

  test('a passkey, of somebody who has none: no code is asked for, one is added in the account, and it leads back', async () => {
    const { page } = laptop
    await goTo('vault')
    await page.locator('#to-account').waitFor()
    assert.equal(await text('#fresh-text'), 'What you are about to do asks for a fresh passkey.')
    assert.match(await text('#elsewhere'), /no passkey yet\. Add one in your account/)
    assert.deepEqual([await isShown('#fresh-code'), await isShown('#fresh-passkey')], [false, false])
    await photograph(page, 'step-up-no-passkey')
    await page.click('#to-account')
    await page.click('#add-passkey')
    await page.locator('#notice', { hasText: 'The passkey has been added.' }).waitFor()
    await page.click('#on')
    await page.locator('#fresh-passkey').waitFor()
    assert.deepEqual([await isShown('#fresh-code'), await isShown('#to-account')], [false, false])
    await page.click('#fresh-passkey')
    await page.waitForURL(`${bank.origin}/vault`)
    assert.equal(await text('body'), 'here is /vault')
  })

  test('a code: no passkey is offered, which would not do', async () => {
    const { page } = laptop
    await goTo('safe')
    await page.locator('#fresh-code').waitFor()
    assert.equal(await text('#fresh-text'), 'What you are about to do asks for a fresh one-time code.')
    assert.equal(await isShown('#fresh-passkey'), false)
    assert.equal(await page.evaluate('document.activeElement.id'), 'fresh-code')
  })

  test('the password: the customer signs in anew, since no other page takes it', async () => {
    const { page } = laptop
    await goTo('desk')
    await page.locator('#to-sign-in').waitFor()
    assert.match(await text('#fresh-text'), /asks that you have just signed in with your password/)
    assert.deepEqual([await isShown('#fresh-code'), await isShown('#fresh-passkey')], [false, false])
    await page.click('#to-sign-in')
    await page.locator('#password').waitFor()
    assert.equal(new URL(page.url()).searchParams.get('to'), '/desk')
  })

  test('a certificate, which nobody can show on a page: it is refused, and not asked for in a circle', async () => {
    const answer = await goTo('wires')
    assert.equal(answer?.status(), 403)
    assert.match(await text('body'), /ERR_POLICY_PROOF/)
    assert.equal(new URL(laptop.page.url()).pathname, '/wires')
  })
})
