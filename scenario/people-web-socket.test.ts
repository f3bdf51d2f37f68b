// A WebSocket of the service behind, in Chromium: opened by a page that proves its device, and by nobody who has no more than the
// cookie, on another device or by a program; and what is left of it after a lock.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { WebSocket, WebSocketServer } from 'ws'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'

/** What the page of the service has: with the proof, or without. */
const PAGE = `<!doctype html><title>Chat</title><h1>Chat</h1><ol></ol><script type="module">
import { openWebSocket } from '/login/web-socket.js'
const say = (text) => document.querySelector('ol').append(Object.assign(document.createElement('li'), { textContent: text }))
const follow = (socket) => {
  window.socket = socket
  socket.onopen = () => socket.send('pay 100')
  socket.onmessage = ({ data }) => say(data)
  socket.onclose = ({ code }) => say('closed ' + code)
}
window.proved = async (...protocols) => follow(await openWebSocket('/ws?room=1', protocols))
window.plain = () => follow(new WebSocket('/ws?room=1'))
</script>`

suite('a WebSocket of the service behind', PEOPLE_NEED, () => {
  let service: Server
  let sockets: WebSocketServer
  /** What it was asked for, and what was said there. */
  const asked: IncomingMessage[] = []
  const heard: string[] = []
  let bank: Bank
  let laptop: Device
  let carol: Customer

  before(async () => {
    service = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE))
    sockets = new WebSocketServer({ server: service, path: '/ws' })
    sockets.on('connection', (socket, request) => {
      asked.push(request)
      socket.on('error', () => socket.terminate())
      socket.on('message', (message) => {
        heard.push(String(message))
        socket.send(`done: ${message}`)
      })
    })
    service.listen(0, '127.0.0.1')
    await once(service, 'listening')
    const { port } = service.address() as AddressInfo
    bank = await startBank({ door: { upstream: { url: `http://127.0.0.1:${port}` } } })
    laptop = await bank.device()
    carol = await setUp(bank, laptop, 'carol')
    await signIn(bank, laptop, carol)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    for (const socket of sockets?.clients ?? []) socket.terminate()
    service?.close()
    service?.closeAllConnections()
  })

  /** Runs one of the page's functions; answers the next line that it says. */
  const tell = async (page: Page, call: string): Promise<string> => {
    const lines = page.locator('ol li')
    const before = await lines.count()
    await page.waitForFunction('window.proved !== undefined')
    await page.evaluate(call)
    await lines.nth(before).waitFor()
    return lines.nth(before).innerText()
  }

  test('opens by the proof of the device; the service hears who it is, and nothing of the proof', async () => {
    const { page } = laptop
    assert.equal(await tell(page, 'proved()'), 'done: pay 100')
    assert.equal(await page.evaluate('socket.protocol'), 'countersign')
    const [request] = asked
    assert.equal(request?.url, '/ws?room=1')
    assert.equal(subjectIn(request), 'carol')
    for (const name of ['sec-websocket-protocol', 'dpop', 'cookie']) assert.equal(request?.headers[name], undefined)
    assert.equal(await tell(page, `proved('chat', 'superchat')`), 'done: pay 100')
    assert.equal(await page.evaluate('socket.protocol'), 'chat')
    assert.equal(asked.at(-1)?.headers['sec-websocket-protocol'], 'chat, superchat')
    assert.deepEqual(heard, ['pay 100', 'pay 100'])
  })

  test('without one it opens for nobody: not in the customer’s own page, not on the device of who stole the cookie', async () => {
    const before = asked.length
    assert.equal(await tell(laptop.page, 'plain()'), 'closed 1006')

    const thief = await bank.device({ isThiefs: true })
    await thief.context.addCookies(await laptop.context.cookies())
    await thief.page.goto(bank.origin)
    assert.equal(await thief.page.locator('h1').innerText(), 'Chat')
    assert.equal(await tell(thief.page, 'plain()'), 'closed 1006')
    // By keys that are the thief's.
    const told = refusals()
    assert.equal(await tell(thief.page, 'proved()'), 'closed 1006')
    await bank.house.event(() => refusals() > told)
    assert.equal(asked.length, before)
    assert.equal(heard.length, 2)
  })

  test('nor by a program that says what it likes; the house has its refusal under the reference that it was told', async () => {
    const { proof } = await proofOf(laptop, () => tell(laptop.page, 'proved()'))
    const before = asked.length
    const [cookie] = (await laptop.context.cookies(bank.origin)).filter(({ name }) => name === '__Host-countersign')
    for (const [protocols, path, rule] of [
      [[], '/ws', 'a cookie alone'],
      [['countersign', proof], '/ws?room=1', 'a proof that was used'],
      [['countersign', `${proof.slice(0, -4)}AAAA`], '/ws?room=1', 'a proof that was changed'],
      [['countersign', proof], '/other', 'a proof for another'],
    ] as const) {
      const { status, problem } = await refusedTo(path, [...protocols], `${cookie?.name}=${cookie?.value}`)
      assert.deepEqual([status, problem.code], [401, 'ERR_PERSON_PROOF'], rule)
      const noted = await bank.house.event(
        ({ event, reference }) => event === 'request.refused' && reference === problem.reference,
      )
      assert.equal(noted['code'], 'ERR_PERSON_PROOF')
    }
    assert.equal(asked.length, before)
    // The customer's own go on, and their session is what it was.
    assert.equal(await tell(laptop.page, `socket.send('hello')`), 'done: hello')
  })

  test('ends with the session: a lock closes it on both sides, and no proof opens another', async () => {
    const { page } = laptop
    assert.ok(sockets.clients.size > 0)
    const [lines, before] = [page.locator('ol li'), asked.length]
    await bank.countersign('lock', 'carol')
    await lines.filter({ hasText: 'closed 1006' }).nth(1).waitFor()
    assert.equal(sockets.clients.size, 0)
    assert.equal(await tell(page, 'proved()'), 'closed 1006')
    assert.equal(asked.length, before)
    await bank.house.event(({ event, code }) => event === 'request.refused' && code === 'ERR_POLICY_LOCKED')
  })

  /** How many refusals for want of a proof the house has told of. */
  const refusals = () =>
    bank.house.events.filter(({ event, code }) => event === 'request.refused' && code === 'ERR_PERSON_PROOF').length

  /** What a program is answered that asks for a WebSocket as the page of the bank would. */
  async function refusedTo(path: string, protocols: string[], cookie: string) {
    const { host, port } = new URL(bank.origin)
    const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, protocols, {
      ...{ ca: readFileSync(bank.house.ready.trust), servername: 'bank.localhost', origin: bank.origin },
      headers: { Host: host, Cookie: cookie },
    })
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    return { status: response.statusCode, problem: JSON.parse(await textOf(response)) }
  }
})

/** The proof among the protocols of the next handshake, as it leaves the browser. */
async function proofOf({ context, page }: Device, open: () => Promise<unknown>): Promise<{ readonly proof: string }> {
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  const { promise, resolve } = Promise.withResolvers<string>()
  cdp.on('Network.webSocketWillSendHandshakeRequest', ({ request }) =>
    resolve(request.headers['Sec-WebSocket-Protocol'] ?? ''),
  )
  await open()
  const [proof = ''] = (await promise).split(/, */).filter((each) => each.startsWith('countersign.dpop.'))
  await cdp.detach()
  assert.notEqual(proof, '')
  return { proof }
}

/** Of the door's signed statement. */
function subjectIn(request: IncomingMessage | undefined): unknown {
  const [, claims = ''] = String(request?.headers['countersign-assertion']).split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).sub
}
