// Set-up and sign-in in Chromium, against all of login: what the customer sees, and what the application behind gets.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { needs } from '../../../../interop/peer.ts'
import { nextCode, openBank, press, setUpByPage, signInByPage } from '../support/chromium.ts'

suite('signing in, in Chromium', needs('chromium', 'chromium'), () => {
  test('the bank shows itself first, then the customer signs in, and a form of the application is proved', async (t) => {
    const bank = await openBank(t)
    const carol = await bank.newBrowser()
    const { page } = carol
    const knows = await setUpByPage(bank, carol, 'carol')
    assert.ok(knows.recovery.length > 5)

    await page.goto(`${bank.url}/`)
    await page.waitForURL(/\/login\/\?to=%2F$/)
    await page.locator('#picture').waitFor()
    assert.equal(await page.locator('#phrase').innerText(), '“tea with carol”')
    assert.equal(await page.locator('#account').inputValue(), 'carol')
    assert.deepEqual(await steps(page), ['proved right', 'proved left', 'now', 'waiting', 'waiting', 'waiting'])
    await page.locator('#password').fill(knows.password)
    await press(page, '#password-form')
    await page.locator('#code-form').waitFor({ timeout: 20_000 })
    assert.equal(await page.locator('#phrase-again').innerText(), '“tea with carol”')
    assert.deepEqual(await steps(page), ['proved right', 'proved left', 'proved', 'now', 'waiting', 'waiting'])
    assert.equal(await page.evaluate('document.activeElement.id'), 'code')
    await page.locator('#code').fill(nextCode(bank, knows))
    await press(page, '#code-form')
    await page.waitForURL(`${bank.url}/`)
    assert.equal(await page.locator('h1').innerText(), 'Welcome')
    assert.equal(bank.arrived.at(-1)?.account, 'carol')

    // A plain form, of a page that knows nothing of proofs.
    await page.locator('#pay').click()
    await page.waitForURL(`${bank.url}/paid`)
    const paid = bank.arrived.find(({ url }) => url === '/pay')
    assert.deepEqual({ ...paid }, { method: 'POST', url: '/pay', account: 'carol', body: 'to=bob', confirmed: 0 })

    // The cookie grows old.
    bank.time.pass({ minutes: 7 })
    await page.goto(`${bank.url}/`)
    await page.waitForURL(`${bank.url}/`)
    assert.equal(await page.locator('h1').innerText(), 'Welcome')
    assert.deepEqual(carol.complaints, [])
  })

  test('before the picture is shown nothing can be typed; a wrong password, and a wrong code, are told at their field', async (t) => {
    const bank = await openBank(t)
    const carol = await bank.newBrowser()
    const { page } = carol
    const knows = await setUpByPage(bank, carol, 'carol')
    const held = Promise.withResolvers<void>()
    await page.route('**/login/api/begin', async (route) => {
      await held.promise
      await route.continue()
    })
    await page.goto(`${bank.url}/login/`)
    await page.locator('#starting').waitFor()
    assert.deepEqual(await canType(page), { visible: false, enabled: false })
    held.resolve()
    await page.locator('#picture').waitFor()
    assert.deepEqual(await canType(page), { visible: true, enabled: true })

    await press(page, '#password-form')
    assert.equal(await page.locator('#password-fault').innerText(), 'Please type your password.')

    await page.locator('#password').fill('drei kurze Wörter')
    await press(page, '#password-form')
    await page.locator('#password-fault').waitFor({ timeout: 20_000 })
    // The bank has its record, under the reference that the page says.
    assert.match(
      await page.locator('#password-fault').innerText(),
      /^Name, password or code is not right.*Reference: M-/,
    )
    assert.equal(await page.locator('#password').getAttribute('aria-invalid'), 'true')
    assert.equal(await page.locator('#password').inputValue(), '')
    assert.equal(await page.evaluate('document.activeElement.id'), 'password')
    assert.deepEqual((await steps(page)).slice(0, 3), ['proved right', 'proved left', 'now'])

    await page.locator('#password').fill(knows.password)
    await press(page, '#password-form')
    await page.locator('#code-form').waitFor({ timeout: 20_000 })
    await page.locator('#code').fill('abc')
    await press(page, '#code-form')
    assert.equal(await page.locator('#code-fault').innerText(), 'Please type the six digits.')
    assert.match(await page.locator('#no-app').innerText(), /No app at hand/)
    await page.locator('#code').fill('000000')
    await press(page, '#code-form')
    await page.locator('#code-fault', { hasText: 'This code is not right' }).waitFor()
    assert.equal(bank.arrived.length, 0)
    await page.locator('#code').fill(nextCode(bank, knows))
    await press(page, '#code-form')
    await page.waitForURL(`${bank.url}/`)
  })

  test('where nobody has signed in, a name can be typed while the bank is asked, and no password', async (t) => {
    const bank = await openBank(t)
    const { page, complaints } = await bank.newBrowser()
    const held = Promise.withResolvers<void>()
    await page.route('**/login/api/begin', async (route) => {
      await held.promise
      await route.continue()
    })
    await page.goto(`${bank.url}/login/`)
    await page.locator('#account').fill('carol')
    assert.deepEqual(await canType(page), { visible: true, enabled: false })
    // Whoever is quicker than the answer is told what is missing once it is there.
    await page.locator('#account').press('Enter')
    assert.equal(await page.locator('#password-fault').isVisible(), false)
    held.resolve()
    await page.locator('#password-fault').waitFor()
    assert.deepEqual(await canType(page), { visible: true, enabled: true })
    assert.equal(await page.locator('#account').inputValue(), 'carol')
    assert.equal(await page.locator('#new-device').isVisible(), true)
    assert.deepEqual(complaints, [])
  })

  test('where nobody has signed in, a name can be typed while most of the page is on its way, and it goes nowhere', async (t) => {
    const bank = await openBank(t)
    const { page, complaints } = await bank.newBrowser()
    const held = Promise.withResolvers<void>()
    await page.route('**/sign-in.js', async (route) => {
      await held.promise
      await route.continue()
    })
    await page.goto(`${bank.url}/login/`, { waitUntil: 'commit' })
    await page.locator('#account').fill('carol')
    assert.deepEqual(await canType(page), { visible: true, enabled: false })
    assert.equal(await page.locator('#passkey-first').isDisabled(), true)
    await page.locator('#account').press('Enter')
    held.resolve()
    await page.locator('#password:enabled').waitFor()
    assert.equal(page.url(), `${bank.url}/login/`)
    assert.equal(await page.locator('#account').inputValue(), 'carol')
    assert.equal(await page.locator('#password-fault').isVisible(), false)
    assert.equal(await page.locator('#passkey-first').isDisabled(), false)
    await press(page, '#password-form')
    await page.locator('#password-fault').waitFor()
    assert.deepEqual(complaints, [])
  })

  test('a copy that does not open, and one that is another, stop the sign-in; what was typed goes nowhere', async (t) => {
    const bank = await openBank(t)
    const carol = await bank.newBrowser()
    const { page } = carol
    const knows = await setUpByPage(bank, carol, 'carol')
    const mallory = await bank.newBrowser()
    await setUpByPage(bank, mallory, 'mallory')
    const { of_device: foreign } = await bank.store.db
      .selectFrom('login_device')
      .select('of_device')
      .where('account', '=', 'mallory')
      .executeTakeFirstOrThrow()
    const stopped = async (why: RegExp) => {
      await page.locator('#alarm h2').waitFor({ timeout: 20_000 })
      assert.equal(await page.locator('#alarm h2').innerText(), 'Do not type your password')
      assert.match(await page.locator('#alarm-text').innerText(), why)
      assert.deepEqual(await canType(page), { visible: false, enabled: false })
      assert.equal(await page.locator('#password').inputValue(), '')
      assert.equal(await page.locator('#code-form').isVisible(), false)
      assert.ok((await steps(page)).includes('refused'))
    }
    // Somebody who has no copy for this device, one of another device, and one that was altered on its way.
    for (const by of [() => foreign, altered, () => 'a.b.c.d.e']) {
      bank.relay.set('begin', (answer) => ({ ...answer, ofDevice: by(answer['ofDevice']) }))
      await page.goto(`${bank.url}/login/`)
      await stopped(/does not open on this device/)
    }
    bank.relay.clear()
    // The answer to KE3 without the second copy, or with one that this password does not open.
    const { of_password: another } = await bank.store.db
      .selectFrom('login_account')
      .select('of_password')
      .where('account', '=', 'mallory')
      .executeTakeFirstOrThrow()
    const codes: string[] = []
    page.on('request', (request) => {
      if (request.url().endsWith('/login/api/code')) codes.push(request.url())
    })
    for (const by of [() => undefined, () => another]) {
      bank.relay.set('finish', (answer) => ({ ...answer, ofPassword: by() }))
      await page.goto(`${bank.url}/login/`)
      await page.locator('#picture').waitFor()
      await page.locator('#password').fill(knows.password)
      await press(page, '#password-form')
      await stopped(/is not the one that this device opened/)
    }
    bank.relay.clear()
    assert.deepEqual(codes, [])
    // The customer sees another picture.
    await page.goto(`${bank.url}/login/`)
    await page.locator('#not-mine').click()
    await page.locator('#alarm h2').waitFor()
    assert.deepEqual(await canType(page), { visible: false, enabled: false })
    await page.locator('#again-button').click()
    await page.locator('#picture').waitFor()
    assert.equal(bank.arrived.length, 0)
  })

  test('two accounts in one browser: each has keys and a picture of its own', async (t) => {
    const bank = await openBank(t)
    const both = await bank.newBrowser()
    const { page } = both
    const carol = await setUpByPage(bank, both, 'carol')
    const dave = await setUpByPage(bank, both, 'dave')
    await page.goto(`${bank.url}/login/`)
    await page.locator('#who').waitFor()
    assert.deepEqual(await page.locator('#who-buttons button').allInnerTexts(), ['carol', 'dave', 'Somebody else'])
    for (const { account, phrase } of [dave, carol]) {
      await page.goto(`${bank.url}/login/`)
      await page.getByRole('button', { name: account }).click()
      await page.locator('#picture').waitFor()
      assert.equal(await page.locator('#phrase').innerText(), `“${phrase}”`)
    }
    // Carol's session goes on while somebody looks at an invitation, with keys that are of nobody yet.
    await page.locator('#password').fill(carol.password)
    await press(page, '#password-form')
    await page.locator('#code-form').waitFor({ timeout: 20_000 })
    await page.locator('#code').fill(nextCode(bank, carol))
    await press(page, '#code-form')
    await page.waitForURL(`${bank.url}/`)
    await page.goto(await bank.inviteTo('erin'))
    await page.locator('#begin-form').waitFor()
    await page.goto(`${bank.url}/`)
    await page.locator('#pay').click()
    await page.waitForURL(`${bank.url}/paid`)
    assert.equal(bank.arrived.at(-1)?.account, 'carol')
    await page.goto(`${bank.url}/login/sign-out`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.locator('#who').waitFor()
    await page.getByRole('button', { name: 'Somebody else' }).click()
    await page.locator('#new-device').waitFor()
    assert.equal(await page.locator('#picture').isVisible(), false)
  })

  test('`to` leads to a path of this origin, and nowhere else', async (t) => {
    const bank = await openBank(t)
    const carol = await bank.newBrowser()
    const { page } = carol
    const knows = await setUpByPage(bank, carol, 'carol')
    await signInByPage(bank, carol, knows, '/?a=1#b')
    const leads = async (to: string) => {
      await page.goto(`${bank.url}/login/renew?to=${encodeURIComponent(to)}`)
      await page.waitForURL((url) => !url.pathname.startsWith('/login/renew'))
      return page.url().replace(bank.url, '')
    }
    assert.equal(await leads('/paid?x=1'), '/paid?x=1')
    for (const to of [
      'https://evil.example/',
      '//evil.example/',
      '/\\evil.example/',
      '/\t/evil.example',
      '/.//evil.example/',
      '/a/..//evil.example/',
      '/%2e//evil.example/',
      '/.\\/evil.example/',
      '/login/renew/../?x=1',
      'javascript:alert(1)',
      '\u0001javascript:alert(1)',
      'paid',
      '',
      '/login/renew?to=/',
    ])
      assert.equal(await leads(to), '/', to)
  })

  test('a form of a page elsewhere is sent without cookie and proof', async (t) => {
    const bank = await openBank(t)
    const carol = await bank.newBrowser()
    const { page } = carol
    await signInByPage(bank, carol, await setUpByPage(bank, carol, 'carol'))
    const before = bank.arrived.length
    for (const policy of ['unsafe-url', 'no-referrer']) {
      await page.route('https://evil.example/**', (route) =>
        route.fulfill({
          contentType: 'text/html',
          headers: { 'referrer-policy': policy },
          body: `<form method="post" action="${bank.url}/pay"><input name="to" value="mallory"><button>Win</button></form>`,
        }),
      )
      await page.goto('https://evil.example/')
      await page.getByRole('button').click()
      await page.waitForURL(/bank\.example/)
      await page.unroute('https://evil.example/**')
    }
    assert.deepEqual(bank.arrived.slice(before), [])
    await page.goto(`${bank.url}/`)
    await page.locator('#pay').click()
    await page.waitForURL(`${bank.url}/paid`)
  })
})

/** The first octet of what is sealed. */
function altered(sealed: unknown): string {
  const [header, key, iv, text = '', tag] = `${sealed}`.split('.')
  return [header, key, iv, (text.startsWith('A') ? 'B' : 'A') + text.slice(1), tag].join('.')
}

async function steps(page: Page): Promise<readonly string[]> {
  return page.locator('.meeting li').evaluateAll((rows) => rows.map(({ className }) => className))
}

async function canType(page: Page): Promise<{ readonly visible: boolean; readonly enabled: boolean }> {
  const password = page.locator('#password')
  return { visible: await password.isVisible(), enabled: await password.isEnabled() }
}
