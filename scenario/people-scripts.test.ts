// Scripts that somebody smuggles into whatever pages show, and requests of pages elsewhere to every route of login and bank, in
// Chromium: nothing runs, nothing leads elsewhere, nothing changes, nothing is framed.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { API } from '@countersign/login'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'
import { addPasskey, askOnNewDevice, openAccountPage, orderTransfer, waiting } from './support/people-steps.ts'

const SCRIPT = `"'><img src=x onerror="window.hit=1"><svg onload="window.hit=1">`
const PAGES = ['', 'set-up', 'account', 'renew', 'confirm', 'step-up', 'sign-out', 'nowhere']
const BANK = ['/', '/accounts/current', '/transfer', '/payees', '/payees/new', '/orders/x', '/nowhere']

suite('scripts and pages elsewhere', PEOPLE_NEED, () => {
  let bank: Bank
  let laptop: Device
  let carol: Customer
  let elsewhere: Server
  let evil: string
  let html = 'nothing'

  before(async () => {
    bank = await startBank()
    laptop = await bank.device({ passkeys: true })
    // A name and a phrase that are markup, as far as they fit.
    carol = await setUp(bank, laptop, 'carol', { name: SCRIPT.slice(0, 60), phrase: SCRIPT })
    await signIn(bank, laptop, carol)
    await addPasskey(bank, laptop)
    elsewhere = createServer((_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html', 'Referrer-Policy': 'unsafe-url' }).end(html)
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => elsewhere.once('listening', resolve))
    evil = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
  })
  after(async () => {
    elsewhere?.close()
    elsewhere?.closeAllConnections()
    await bank?.[Symbol.asyncDispose]()
  })

  /** Whether anything ran: no script of the page did, and no element was made of the text. */
  const ran = async (): Promise<unknown> => {
    try {
      return await laptop.page.evaluate(
        `window.hit === 1 || document.querySelector('img[src=x], svg[onload]') !== null`,
      )
    } catch (error) {
      // A page that goes on by itself: the next one is asked.
      if (!/context was destroyed/.test(String(error))) throw error
      await laptop.page.waitForLoadState()
      return ran()
    }
  }
  const accountNow = async () => {
    await openAccountPage(bank, laptop)
    return laptop.page.locator('#open').innerText()
  }

  test('names, phrases and devices that are markup are shown as they were typed', async () => {
    const { page } = laptop
    await openAccountPage(bank, laptop)
    assert.ok((await page.locator('#greeting').innerText()).includes(SCRIPT.slice(0, 60)))
    assert.equal(await ran(), false)

    // Somebody with the password tells a name of their device.
    const { page: theirs } = await bank.device()
    await theirs.route('**/login/api/begin', async (route) => {
      const { device } = route.request().postDataJSON()
      await route.continue({ postData: JSON.stringify({ device: { ...device, name: SCRIPT.slice(0, 60) } }) })
    })
    await askOnNewDevice(bank, { page: theirs }, carol)
    const asked = await waiting(page, 'A new device wants to sign in')
    assert.ok(asked.text.includes(SCRIPT.slice(0, 60)), asked.text)
    assert.equal(await ran(), false)
    await asked.answer('No')

    await page.goto(`${bank.origin}/login/`)
    await page.locator('#picture').waitFor()
    assert.equal(await page.locator('#phrase').innerText(), `“${SCRIPT}”`)
    assert.equal(await ran(), false)
  })

  test('so are what is confirmed, who gets it and what it is for; also where they are kept', async () => {
    const { page } = laptop
    await orderTransfer(bank, laptop, { to: SCRIPT.slice(0, 70), amount: '1.00', purpose: SCRIPT })
    assert.ok((await page.locator('#lines').innerText()).includes(SCRIPT))
    assert.equal(await ran(), false)
    await page.click('#by-passkey')
    await page.waitForURL('**/orders/*')
    assert.ok((await page.locator('main').innerText()).includes(SCRIPT))
    assert.equal(await ran(), false)
    await page.goto(`${bank.origin}/payees/new`)
    await page.fill('#name', SCRIPT.slice(0, 70))
    await page.fill('#iban', 'GB82 WEST 1234 5698 7654 32')
    await page.click('main form button')
    await page.locator('#matter').waitFor()
    await page.click('#by-passkey')
    await page.waitForURL('**/orders/*')
    for (const path of ['/payees', '/accounts/current']) {
      await page.goto(bank.origin + path)
      assert.ok((await page.locator('main').innerText()).includes(SCRIPT.slice(0, 70)), path)
      assert.equal(await ran(), false)
    }
    const matter = { title: SCRIPT.slice(0, 80), lines: [[SCRIPT.slice(0, 40), SCRIPT]], nonce: 'n'.repeat(24) }
    const encoded = Buffer.from(JSON.stringify(matter)).toString('base64url')
    await page.goto(`${bank.origin}/login/confirm?matter=${encoded}`)
    await page.locator('#matter').waitFor()
    assert.equal(await page.locator('#matter-title').innerText(), matter.title)
    assert.equal(await ran(), false)
  })

  test('what stands in an address runs nowhere, and leads nowhere else', async () => {
    const { page } = laptop
    const paths = [...PAGES.map((name) => `/login/${name}`), ...BANK]
    /** A page that goes on by itself, before it is there, is none that failed. */
    const visit = async (address: string) => {
      try {
        await page.goto(address)
      } catch (error) {
        if (!/ERR_ABORTED|interrupted/.test(String(error))) throw error
      }
      await page.waitForLoadState()
    }
    const tries = [SCRIPT, 'javascript:window.hit=1', '/\\evil.example/']
    for (const path of paths)
      for (const to of tries) {
        const query = encodeURIComponent(to)
        await visit(`${bank.origin}${path}?to=${query}&matter=${query}&payee=${query}&${query}=1#${query}`)
        assert.equal(new URL(page.url()).origin, bank.origin, `${path} ${to}`)
        assert.equal(await ran(), false, `${path} ${to}`)
      }
  })

  test('no request of a page elsewhere is heard by any call of login or form of the bank', async () => {
    const { page } = laptop
    const before = await accountNow()
    const posts = [
      ...Object.keys(API).map((name) => `/login/api/${name}`),
      ...[
        '/transfer',
        '/payees/new',
        '/payees/payee-0',
        '/payees/payee-0/remove',
        '/orders/x',
        '/login/',
        '/login/sign-out',
      ],
    ]
    html = posts
      .map(
        (path, i) =>
          `<form id="f${i}" method="post" enctype="text/plain" target="_self" action="${bank.origin}${path}"><input name='{"a":"' value='"}'></form>`,
      )
      .join('')
    const first = bank.house.events.length
    await page.goto(evil)
    // As a program of the page, with and without a preflight; what is answered it may not read.
    const answers = (await page.evaluate(`Promise.all(${JSON.stringify(posts)}.flatMap((path) => [
      fetch('${bank.origin}' + path, { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).then(({ type }) => type, () => 'rejected'),
      fetch('${bank.origin}' + path, { method: 'POST', credentials: 'include', headers: { 'Content-Type': 'application/json' }, body: '{}' }).then(({ type }) => type, () => 'rejected'),
    ]))`)) as readonly string[]
    assert.deepEqual([...new Set(answers)], ['rejected'])
    // As forms, with the cookie where the browser gives it, and by way of the service worker.
    for (const [i, path] of posts.entries()) {
      await page.goto(evil)
      const answered = page.waitForResponse((response) => new URL(response.url()).pathname === path)
      const there = page.waitForURL(({ origin }) => origin === bank.origin)
      await page.evaluate(`document.getElementById('f${i}').submit()`)
      const status = (await answered).status()
      assert.ok(status >= 400 || status === 303, `${path} ${status}`)
      await there
    }
    const told = bank.house.events.slice(first).filter(({ event }) => event === 'request.refused')
    assert.ok(told.length >= Object.keys(API).length, `${told.length} were refused in the log`)
    assert.equal(await accountNow(), before)
    await page.goto(`${bank.origin}/payees`)
    assert.match(await page.locator('main').innerText(), /Garden Flats[\s\S]*Lantern Telephone[\s\S]*Aunt Marlene/)
  })

  test('no page of either is shown in a frame elsewhere', async () => {
    const { page } = laptop
    const paths = [...PAGES.map((name) => `/login/${name}`), ...BANK]
    html = paths.map((path) => `<iframe src="${bank.origin}${path}"></iframe>`).join('')
    await page.goto(evil)
    const [, ...frames] = page.frames()
    assert.equal(frames.length, paths.length)
    for (const frame of frames)
      assert.doesNotMatch(await frame.content(), /Small Bank|Countersign|bank\.localhost<\/b>/)
  })
})
