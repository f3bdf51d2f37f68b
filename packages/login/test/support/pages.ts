// The pages by themselves, and Chromium in front of them: for what needs no call of the server.
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import type { Browser, Page } from 'playwright-core'
import { launchChromium } from '../../../../tools/testing/chromium.ts'
import { openAssets } from '../../src/assets.ts'
import { registerPages } from '../../src/pages/register.ts'

/** What stands for the length of a test. */
export interface ServedPages extends AsyncDisposable {
  /** As in `http://localhost:4711`: a name that browsers trust like HTTPS. */
  readonly origin: string
}

/** Serves the pages on loopback. */
export async function servePages(): Promise<ServedPages> {
  const app = fastify()
  await registerPages(app, {
    bank: 'Bank of Tests',
    recoveryHours: 24,
    hasSms: true,
    hasMail: true,
    nonce: () => 'the-first-nonce',
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return { origin: `http://localhost:${port}`, [Symbol.asyncDispose]: () => app.close() }
}

/** Chromium on an empty page of that origin, from which a test imports the modules one by one. */
export interface ModulePage extends AsyncDisposable {
  readonly browser: Browser
  readonly page: Page
  /** What the browser complained of. */
  readonly complaints: readonly string[]
  /** The address of a module. */
  url(module: string): string
  /** Opens the page anew. */
  open(): Promise<void>
}

/** Opens it. */
export async function openModulePage(origin: string): Promise<ModulePage> {
  const { url } = await openAssets()
  const browser = await launchChromium()
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', ({ message }) => complaints.push(message))
  // A page of our own with no script: what is imported below runs under no policy but its own.
  const empty = `${origin}/login/empty-for-tests`
  await page.route(empty, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>modules</title>' }),
  )
  const open = async () => {
    await page.goto(empty)
  }
  await open()
  return {
    browser,
    page,
    complaints,
    url: (module) => origin + url(`${module}.js`),
    open,
    [Symbol.asyncDispose]: () => browser.close(),
  }
}
