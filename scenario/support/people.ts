// A bank and its customers: a real house with a door at which people sign in, and browsers that are their devices.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core'
import { needs } from '../../interop/peer.ts'
import { launchChromium } from '../../tools/testing/chromium.ts'
import { type HouseOptions, type RunningHouse, startHouse } from './house.ts'

/** What these scenarios need of the machine. */
export const PEOPLE_NEED: Readonly<Record<string, unknown>> = {
  ...needs('chromium', 'chromium'),
  ...needs('certutil', 'libnss3-tools'),
  ...needs('oathtool', 'oathtool'),
}

const PASSWORD = 'seven quiet herons at dusk'
const PHRASE = 'The kettle sings in C sharp'

/** A house with its bank, and a browser program that trusts it. */
export interface Bank extends AsyncDisposable {
  readonly house: RunningHouse
  /** As in `https://bank.localhost:40123`. */
  readonly origin: string
  /** A device of its own: another profile, which shares nothing with the others. */
  device(options?: DeviceOptions): Promise<Device>
  /** Waits until `events` tells what fits: an entry has its number within a second of its act. */
  told(fits: RegExp): Promise<void>
  /** Answers standard output; fails the test where the command does. */
  countersign(...args: readonly string[]): Promise<string>
  /** Asks as a program does, with the cookies of a device where one is named; redirects are not followed. */
  ask(
    path: string,
    options?: {
      readonly method?: string
      readonly device?: Device
      readonly headers?: Readonly<Record<string, string>>
    },
  ): Promise<Told>
  /** What the house recorded under a reference. */
  why(reference: string): Promise<{ readonly met: Met; readonly text: string }>
  /** The address to open an account by. */
  invite(account: string, ...more: readonly string[]): Promise<string>
}

/** What somebody has for a device. */
export interface DeviceOptions {
  /** With an authenticator of the machine itself, whose owner says yes each time. */
  readonly passkeys?: boolean
  /** Of somebody who does with pages what they please: no policy of a page holds. */
  readonly isThiefs?: boolean
}

/** A meeting as `countersign why --json` tells it. */
export interface Met {
  readonly reference: string
  readonly outcome: { readonly ok: boolean; readonly code?: string }
  readonly caller: { readonly party?: string }
  readonly steps: readonly { readonly outcome: string }[]
}

/** What a program is answered. */
export interface Told {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A browser profile with one page. */
export interface Device {
  readonly context: BrowserContext
  readonly page: Page
  /** A virtual one, where it has one. */
  readonly authenticator: Authenticator | undefined
}

/** @see WebAuthn 3 §11.2 */
export interface Authenticator {
  readonly cdp: CDPSession
  readonly authenticatorId: string
}

/** What a customer knows and has. */
export interface Customer {
  readonly account: string
  readonly password: string
  readonly phrase: string
  readonly recovery: readonly string[]
  /** What the app was told, in base32. */
  readonly totpSecret: string
  /** A code of the app; each is of a step of its own, as each counts once. */
  code(): string
}

export const BANK_DOOR = {
  name: 'bank',
  kind: 'web',
  host: 'bank.localhost',
  listen: '127.0.0.1:0',
  upstream: 'bank',
  assertion: 'bank',
  people: {},
  allow: ['*'],
} as const

/** Starts a house with the bank, and Chromium. */
export async function startBank(
  options: Partial<HouseOptions> & {
    readonly door?: object
    /** A root certificate in PEM, which the browser trusts as it trusts any authority of the world. */
    readonly trusts?: string
  } = {},
): Promise<Bank> {
  await using stack = new AsyncDisposableStack()
  const { door, trusts, ...more } = options
  const house = stack.use(
    await startHouse({
      config: { authority: { listen: '127.0.0.1:0' }, doors: [{ ...BANK_DOOR, ...door }] },
      ...more,
    }),
  )
  const home = await mkdtemp(join(tmpdir(), 'countersign-people-'))
  stack.defer(() => rm(home, { recursive: true, force: true }))
  const countersign = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await house.run(args, { env: { HOME: home } })
    assert.equal(code, 0, stdout + stderr)
    return stdout
  }
  await countersign('trust', 'install', '--chromium', '--trust', house.ready.trust, '--yes')
  if (trusts !== undefined) {
    const [database, file] = [`sql:${home}/.pki/nssdb`, join(home, 'world.pem')]
    await writeFile(file, trusts)
    execFileSync('certutil', ['-A', '-d', database, '-n', 'world', '-t', 'C,,', '-i', file])
  }
  const browser: Browser = await launchChromium({ home })
  stack.defer(() => browser.close())
  const ca = await readFile(house.ready.trust)
  const port = new URL(house.ready.doors.find(({ name }) => name === 'bank')?.url ?? '').port
  // Not by its address: the name is what certificate and passkeys are for.
  const origin = `https://bank.localhost:${port}`
  const kept = stack.move()
  return {
    house,
    origin,
    async device({ passkeys = false, isThiefs = false } = {}) {
      const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, bypassCSP: isThiefs })
      context.setDefaultTimeout(15_000)
      const page = await context.newPage()
      return { context, page, authenticator: passkeys ? await addAuthenticator(page) : undefined }
    },
    countersign,
    async told(fits) {
      let events = ''
      for (let i = 0; i < 20 && !fits.test(events); i++) {
        if (i > 0) await delay(250)
        events = await countersign('events', '--json')
      }
      assert.match(events, fits)
    },
    async ask(path, { method = 'GET', device, headers = {} } = {}) {
      const cookies = (await device?.context.cookies(origin)) ?? []
      const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
      const url = new URL(path, origin)
      return tell(url, { method, ca, headers: { ...headers, ...(cookie && { cookie }) } })
    },
    async why(reference) {
      const [json, text] = await Promise.all([countersign('why', reference, '--json'), countersign('why', reference)])
      const { meetings } = JSON.parse(json)
      assert.equal(meetings.length, 1)
      return { met: meetings[0], text }
    },
    async invite(account, ...rest) {
      return (await countersign('invite', account, '--account', 'bank', ...rest)).trim()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Names below `localhost` are this machine (RFC 6761 §6.3), which not every resolver knows. */
function tell(url: URL, options: RequestOptions): Promise<Told> {
  const { promise, resolve, reject } = Promise.withResolvers<Told>()
  const lookup: RequestOptions['lookup'] = (_, { all }, found) =>
    all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4)
  const request = httpsRequest(url, { ...options, lookup, agent: false }, (response) => {
    let body = ''
    response.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    response.on('error', reject)
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
  })
  request.on('error', reject)
  request.end()
  return promise
}

async function addAuthenticator(page: Page): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return { cdp, authenticatorId }
}

/** Opens an account on a device, as its owner does: each page is read before the next step. */
export async function setUp(
  bank: Pick<Bank, 'invite'>,
  { page }: Pick<Device, 'page'>,
  account: string,
  {
    password = PASSWORD,
    phrase = PHRASE,
    name = `${account} of Acme`,
    email,
    choose = (page) => page.locator('#picture-form label', { hasText: 'Lighthouse' }).click(),
  }: {
    readonly password?: string
    readonly phrase?: string
    readonly name?: string
    readonly email?: string
    /** Chooses the picture. */
    readonly choose?: (page: Page) => Promise<void>
  } = {},
): Promise<Customer> {
  await page.goto(await bank.invite(account, ...(email === undefined ? [] : ['--email', email])))
  await page.locator('#begin-form').waitFor()
  await page.fill('#name', name)
  await page.click('#begin-form button[type=submit]')
  await page.fill('#password-form #password', password)
  await page.click('#password-form button[type=submit]')
  await choose(page)
  await page.locator('#chosen').waitFor()
  await page.fill('#phrase', phrase)
  await page.click('#picture-form button[type=submit]')
  await page.locator('#code-form').waitFor()
  const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
  const code = appOf(secret)
  await page.fill('#code-form #code', code())
  await page.click('#code-form button[type=submit]')
  await page.locator('#recovery-form').waitFor()
  const recovery = await page.locator('#codes li').allInnerTexts()
  await page.check('#kept')
  await page.click('#recovery-form button[type=submit]')
  await page.locator('#done').waitFor()
  return { account, password, phrase, recovery, totpSecret: secret, code }
}

/**
 * An app of the telephone, by oathtool. A step counts once, and the bank takes the one before and the one after: whoever
 * asks for more than those waits, as a person would.
 */
function appOf(secret: string): () => string {
  let used = 0
  return () => {
    const now = Math.floor(Date.now() / 30_000)
    // The step before is over for the bank as soon as the next begins: what is typed takes its time.
    const step = Math.max(used + 1, Math.floor((Date.now() + 5000) / 30_000) - 1)
    if (step > now + 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, (step - 1) * 30_000 - Date.now() + 500)
    }
    used = step
    const at = new Date(step * 30_000).toISOString().replace('T', ' ').replace('.000Z', ' UTC')
    return execFileSync('oathtool', ['--totp', '--base32', '--now', at, secret], { encoding: 'utf8' }).trim()
  }
}

/** Signs in on a device that the account knows; answers what the bank showed before anything was typed. */
export async function signIn(
  bank: Pick<Bank, 'origin'>,
  { page }: Pick<Device, 'page'>,
  customer: Customer,
  to = '/',
): Promise<{ readonly phrase: string }> {
  await page.goto(`${bank.origin}${to}`)
  await page.locator('#picture').waitFor()
  const phrase = await page.locator('#phrase').innerText()
  await page.fill('#password', customer.password)
  await page.click('#password-form button[type=submit]')
  await page.locator('#code-form').waitFor()
  await page.fill('#code', customer.code())
  await page.click('#code-form button[type=submit]')
  await page.waitForURL((url) => url.pathname === to.split('?', 1)[0])
  return { phrase }
}

/** The six steps as a page shows them. */
export async function stepsOn(page: Page): Promise<readonly string[]> {
  return page.locator('.meeting ol li .what').allInnerTexts()
}
