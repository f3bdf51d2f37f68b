// Pages of somebody else against a customer who has signed in, in Chromium: forms, frames, scripts; and what answers say to browsers.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'

suite('pages elsewhere', PEOPLE_NEED, () => {
  let bank: Bank
  let laptop: Device
  let carol: Customer
  let elsewhere: Server
  let evil: string
  /** What the page elsewhere is. */
  let html = ''

  before(async () => {
    bank = await startBank()
    laptop = await bank.device()
    carol = await setUp(bank, laptop, 'carol')
    await signIn(bank, laptop, carol)
    // From now on its worker is there, for every request of this origin.
    await laptop.page.evaluate('navigator.serviceWorker.ready.then(() => undefined)')
    await laptop.page.reload()
    elsewhere = createServer((request, response) => {
      const policy = request.url === '/quiet' ? 'no-referrer' : 'unsafe-url'
      response.writeHead(200, { 'Content-Type': 'text/html', 'Referrer-Policy': policy })
      response.end(html)
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => elsewhere.once('listening', resolve))
    evil = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
  })
  after(async () => {
    elsewhere?.close()
    elsewhere?.closeAllConnections()
    await bank?.[Symbol.asyncDispose]()
  })

  const payees = async (page: Page) => {
    await page.goto(`${bank.origin}/payees`)
    return page.locator('tbody th').allInnerTexts()
  }
  const tokenOf = async (page: Page) => {
    await page.goto(`${bank.origin}/payees`)
    return (await page.locator('input[name=token]').first().getAttribute('value')) ?? ''
  }

  test('a form of the bank goes through the worker, with a proof', async () => {
    const { page } = laptop
    const [first, ...others] = await payees(page)
    const [request] = await Promise.all([
      page.waitForRequest((each) => each.method() === 'POST'),
      page.click('tbody tr:first-child button'),
    ])
    assert.equal(new URL(request.url()).pathname.endsWith('/remove'), true)
    await page.waitForURL('**/payees')
    assert.deepEqual(await payees(page), others)
    assert.ok(first)
  })

  for (const path of ['/', '/quiet'])
    test(`a form of a page elsewhere does nothing, even with the right token (${path})`, async () => {
      const { page } = laptop
      const before = await payees(page)
      const token = await tokenOf(page)
      const action = await page.locator('tbody form').first().getAttribute('action')
      html = `<form method="post" action="${bank.origin}${action}"><input name="token" value="${token}"><button>go</button></form>`
      await page.goto(evil + path)
      await Promise.all([page.waitForURL(`${bank.origin}/**`), page.click('button')])
      assert.deepEqual(await payees(page), before)
    })

  test('a script of a page elsewhere reads nothing, and changes nothing', async () => {
    const { page } = laptop
    const before = await payees(page)
    html = 'nothing'
    await page.goto(evil)
    const seen = await page.evaluate(async (origin) => {
      const tries = [
        fetch(`${origin}/accounts/current`, { credentials: 'include' }),
        fetch(`${origin}/login/api/account`, { method: 'POST', credentials: 'include', body: '{}' }),
        fetch(`${origin}/login/api/sign-out`, {
          method: 'POST',
          credentials: 'include',
          headers: { 'Content-Type': 'application/json' },
          body: '{}',
        }),
      ]
      return (await Promise.allSettled(tries)).map(({ status }) => status)
    }, bank.origin)
    assert.deepEqual(seen, ['rejected', 'rejected', 'rejected'])
    assert.deepEqual(await payees(page), before)
  })

  test('nothing of it is shown in a frame of a page elsewhere', async () => {
    const { page } = laptop
    for (const path of ['/', '/login/', '/login/account', '/login/confirm']) {
      html = `<iframe src="${bank.origin}${path}"></iframe>`
      await page.goto(evil)
      const [, frame] = page.frames()
      await frame?.waitForLoadState()
      assert.doesNotMatch((await frame?.content()) ?? '', /Small Bank|Countersign|bank\.localhost<\/b>/)
    }
  })

  test('every answer says that it is asked by TLS alone, is nothing else than it says, and is in no frame', async () => {
    const paths = [
      ...['/', '/accounts/current', '/nowhere'],
      ...['/login', '/login/', '/login/set-up', '/login/account', '/login/nowhere', '/login/worker.js'],
      ...['/login/opaque-worker.js', '/login/assets/none.js', '/.well-known/countersign/keys'],
    ]
    for (const device of [laptop, undefined])
      for (const path of paths)
        for (const method of ['GET', 'POST']) {
          const { status, headers } = await bank.ask(path, { method, ...(device && { device }) })
          const what = `${method} ${path}: ${status}`
          assert.match(headers['strict-transport-security'] ?? '', /^max-age=\d{8,}; includeSubDomains$/, what)
          assert.equal(headers['x-content-type-options'], 'nosniff', what)
          const policy = String(headers['content-security-policy'])
          assert.match(policy, /frame-ancestors 'none'/, what)
          assert.match(policy, /base-uri 'none'/, what)
        }
  })
})
