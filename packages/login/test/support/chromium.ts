// The real thing in front of Chromium: login as an application registers it, over TLS, by the name that customers type.
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../../../../tools/testing/chromium.ts'
import { createIssuer, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import { login } from '../../src/plugin.ts'
import { invite } from '../../src/setup/invitations.ts'
import { type TestBank, testBank } from './bank.ts'
import { codeOf } from './customer.ts'
import { HOST } from './device.ts'

/** What the application behind has seen. */
export interface Arrived {
  readonly method: string
  readonly url: string
  readonly account: string | undefined
  readonly body: unknown
  readonly confirmed: number
}

/** A bank with an application, and browsers before it. */
export interface OpenBank extends TestBank {
  /** As in `https://bank.example:41234`. */
  readonly url: string
  readonly app: FastifyInstance
  readonly browser: Browser
  /** What somebody between does to an answer of a call: by its name. */
  readonly relay: Map<string, (answer: Record<string, unknown>) => unknown>
  /** What reached the application, in order. */
  readonly arrived: Arrived[]
  /** A browser that nobody has used: with keys, cookies and workers of its own. */
  newBrowser(options?: BrowserContextOptions): Promise<Visitor>
  /** The address of an invitation. */
  inviteTo(account: string): Promise<string>
}

/** Somebody at a browser. */
export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser complained of: there must be nothing that was not expected. */
  readonly complaints: string[]
}

/** Opens it. */
export async function openBank(t: TestContext): Promise<OpenBank> {
  const bank = await testBank(t)
  const root = createIssuer('Root of the test')
  const leaf = issueLeaf(root, HOST, { names: [{ kind: 'dNSName', value: HOST }], purpose: 'serverAuth' })
  const app = fastify({ https: pemOf(leaf), forceCloseConnections: true }) as unknown as FastifyInstance
  const arrived: Arrived[] = []
  const relay: OpenBank['relay'] = new Map()
  app.addHook('onSend', async ({ url }, _, body) => {
    const alter = relay.get(url.replace('/login/api/', ''))
    return alter === undefined ? body : JSON.stringify(alter(JSON.parse(String(body))))
  })
  await app.register(login, { house: bank.ground, host: HOST, bank: 'Bank of Tests', recoveryHours: 24 })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
    done(null, body),
  )
  app.addHook('preHandler', async ({ method, url, person, body }) => {
    if (!url.startsWith('/login'))
      arrived.push({ method, url, account: person?.account, body, confirmed: person?.claims.confirmed.length ?? 0 })
  })
  app.get('/', (_, reply) => reply.type('text/html').send(APPLICATION))
  app.post('/pay', (_, reply) => reply.redirect('/paid', 303))
  app.get('/paid', (_, reply) =>
    reply.type('text/html').send('<!doctype html><title>Paid</title><link rel="icon" href="data:,"><h1>Paid</h1>'),
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  // The name leads here, whatever DNS says; the root is this test's own, and a service worker is only for certificates that
  // are not complained of.
  const browser = await launchChromium({
    args: ['--ignore-certificate-errors', `--host-resolver-rules=MAP ${HOST} 127.0.0.1, MAP evil.example 127.0.0.1`],
  })
  t.after(async () => {
    await browser.close()
    await app.close()
  })
  return {
    ...bank,
    url: `https://${HOST}:${port}`,
    app,
    browser,
    relay,
    arrived,
    async newBrowser(options) {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('console', (message) => complaints.push(`${message.text()} ${new URL(message.location().url).pathname}`))
      page.on('pageerror', ({ message }) => complaints.push(message))
      return { context, page, complaints }
    },
    async inviteTo(account) {
      const made = await invite(bank.ground, { account, expiresAt: bank.time.now().add({ hours: 24 }) })
      assert.ok(made.ok)
      return `https://${HOST}:${port}/login/set-up#${made.token}`
    },
  }
}

const APPLICATION = `<!doctype html><title>The application</title><link rel="icon" href="data:,"><h1>Welcome</h1>
<form method="post" action="/pay"><input name="to" value="bob"><button id="pay">Pay</button></form>`

/** What somebody knows of an account. */
export interface Knows {
  readonly account: string
  readonly password: string
  readonly phrase: string
  readonly totpSecret: string
  readonly recovery: readonly string[]
}

/** Goes through all of set-up, by the page. */
export async function setUpByPage(bank: OpenBank, { page }: Visitor, account: string): Promise<Knows> {
  const password = `${account}: drei lange Wörter`
  const phrase = `tea with ${account}`
  await page.goto(await bank.inviteTo(account))
  await page.getByLabel('Your name').fill(`${account} Jones`)
  await press(page, '#begin-form')
  await page.locator('#password').fill(password)
  await press(page, '#password-form')
  await page.locator('#picture-form').waitFor()
  await page.locator('input[value=fox]').check({ force: true })
  await page.locator('#chosen').waitFor()
  await page.getByLabel('Your phrase').fill(phrase)
  await press(page, '#picture-form')
  await page.locator('#code-form').waitFor({ timeout: 20_000 })
  const totpSecret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
  await page.locator('#code').fill(codeOf(totpSecret, bank.time.now()))
  await press(page, '#code-form')
  await page.locator('#recovery-form').waitFor()
  const recovery = await page.locator('#codes li').allInnerTexts()
  await page.locator('#kept').check()
  await press(page, '#recovery-form')
  await page.locator('#done').waitFor()
  return { account, password, phrase, totpSecret, recovery }
}

/** Presses the button that sends a form. */
export async function press(page: Page, form: string): Promise<void> {
  await page.locator(`${form} button[type=submit]`).click()
}

/** The next code of the app: one that was used is not taken again, so the time passes. */
export function nextCode(bank: OpenBank, { totpSecret }: Knows): string {
  bank.time.pass({ seconds: 30 })
  return codeOf(totpSecret, bank.time.now())
}

/** Signs in at a device that is known, by the page; the application's page is there at the end. */
export async function signInByPage(bank: OpenBank, { page }: Visitor, knows: Knows, to = '/'): Promise<void> {
  await page.goto(`${bank.url}/login/?to=${encodeURIComponent(to)}`)
  await page.locator('#picture').waitFor()
  await page.locator('#password').fill(knows.password)
  await press(page, '#password-form')
  await page.locator('#code-form').waitFor({ timeout: 20_000 })
  await page.locator('#code').fill(nextCode(bank, knows))
  await press(page, '#code-form')
  await page.waitForURL(bank.url + to)
}
