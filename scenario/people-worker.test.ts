// A service worker of the service behind, in Chromium: whoever gets one to stand at the root would answer for the pages of signing
// in, long after the page that brought it is closed. None does; one for a part of the service's own stands there.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'

/** Answers for every page that it controls. */
const WORKER = `addEventListener('install', () => skipWaiting())
addEventListener('fetch', (event) => event.respondWith(new Response('<h1>Type your password here</h1>', { headers: { 'content-type': 'text/html' } })))`

suite('a service worker of the service behind', PEOPLE_NEED, () => {
  let service: Server
  let bank: Bank
  let laptop: Device
  let carol: Customer
  /** Which scripts of workers it was asked for. */
  const asked: string[] = []

  before(async () => {
    service = createServer(({ url = '', headers }, response) => {
      if (headers['service-worker'] !== undefined) asked.push(url)
      if (!url.endsWith('.js'))
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>Accounts</h1>')
      response.writeHead(200, { 'content-type': 'text/javascript', 'service-worker-allowed': '/' }).end(WORKER)
    }).listen(0, '127.0.0.1')
    await once(service, 'listening')
    const { port } = service.address() as AddressInfo
    bank = await startBank({ door: { upstream: { url: `http://127.0.0.1:${port}` } } })
    laptop = await bank.device()
    carol = await setUp(bank, laptop, 'carol')
    await signIn(bank, laptop, carol)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    service?.close()
    service?.closeAllConnections()
  })

  /** As a script does that somebody has got into a page of the service. */
  const register = (script: string, scope: string): Promise<unknown> =>
    laptop.page.evaluate(
      `navigator.serviceWorker.register(${JSON.stringify(script)}, { scope: ${JSON.stringify(scope)} })
        .then(({ scope }) => scope, (error) => error.name)`,
    )
  const heading = async (path: string) => {
    await laptop.page.goto(`${bank.origin}${path}`)
    return laptop.page.locator('h1').first().innerText()
  }

  test('stands neither at the root nor at login, whatever its script is called and the service allows', async () => {
    assert.equal(await heading('/accounts'), 'Accounts')
    for (const [script, scope] of [
      ['/evil.js', '/login/'],
      ['/evil.js?v=2', '/'],
      ['/app/evil.js', '/login/'],
      ['/app/evil.js', '/'],
    ] as const)
      assert.match(String(await register(script, scope)), /^(?:TypeError|SecurityError)$/, `${script} for ${scope}`)
    // What stands at the root is asked for at the door, and never got there.
    assert.deepEqual(
      asked.filter((url) => !url.startsWith('/app/')),
      [],
    )
    assert.notEqual(await heading('/login/'), 'Type your password here')
    assert.equal(await heading('/accounts'), 'Accounts')
  })

  test('stands below a directory of its own', async () => {
    assert.equal(await register('/app/evil.js', '/app/'), `${bank.origin}/app/`)
    await laptop.page.waitForFunction(
      `navigator.serviceWorker.getRegistration('/app/').then((one) => one?.active != null)`,
    )
    assert.equal(await heading('/app/page'), 'Type your password here')
    assert.notEqual(await heading('/login/'), 'Type your password here')
  })
})
