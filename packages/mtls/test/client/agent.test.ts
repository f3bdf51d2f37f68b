import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get } from 'node:https'
import { suite, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { createIssuer } from '../../../../tools/testing/pki.ts'
import { agentFor } from '../../src/client/agent.ts'
import { connectHttp2 } from '../../src/client/http2.ts'
import { aliceWith, startWebsite } from '../support/website.ts'

async function ask(url: string, agent: ReturnType<typeof agentFor>): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  get(url, { agent }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    response.on('end', () => resolve(text))
  }).on('error', reject)
  return promise
}

suite('agentFor', () => {
  test('requests of node:https meet the callee on kept connections', async () => {
    await using website = await startWebsite()
    const agent = agentFor(aliceWith())
    for (let i = 0; i < 2; i++) assert.equal(await ask(`https://site.localhost:${website.port}/`, agent), 'hello')
    assert.deepEqual(website.seen, ['CN=alice'])
    agent.destroy()
  })

  test('a callee that does not prove itself, or is another, is the request’s error', async () => {
    await using website = await startWebsite()
    const stranger = agentFor(aliceWith(createIssuer('Other')))
    const url = `https://site.localhost:${website.port}/`
    await assert.rejects(ask(url, stranger), { name: 'MeetingRefusedError', code: 'ERR_CALLEE_UNKNOWN_ISSUER' })
    const agent = agentFor(aliceWith())
    await assert.rejects(ask(url.replace('site', 'other'), agent), { code: 'ERR_CALLEE_WRONG_NAME' })
    assert.deepEqual(website.seen, [])
  })

  test('plain http is refused', async () => {
    assert.throws(() => get('http://site.localhost/', { agent: agentFor(aliceWith()) }), {
      code: 'ERR_INVALID_PROTOCOL',
    })
  })

  test('a WebSocket of ws meets the callee, and does not open to another one', async () => {
    await using website = await startWebsite()
    const sockets = new WebSocketServer({ server: website.server as never })
    sockets.on('connection', (socket) => socket.send('hello'))
    const url = `wss://site.localhost:${website.port}/`
    const socket = new WebSocket(url, { agent: agentFor(aliceWith()) })
    const [message] = (await once(socket, 'message')) as [Buffer]
    assert.equal(String(message), 'hello')
    socket.close()
    await once(socket, 'close')

    const refused = new WebSocket(url, { agent: agentFor(aliceWith(createIssuer('Other'))) })
    const [error] = (await once(refused, 'error').catch((reason: unknown) => [reason])) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'ERR_CALLEE_UNKNOWN_ISSUER')
    assert.deepEqual(website.seen, ['CN=alice'])
    sockets.close()
  })
})

suite('connectHttp2', () => {
  const target = (port: number, identity = aliceWith()) =>
    ({ host: 'site.localhost', port, identity, trust: identity.trust }) as const

  test('streams go over a connection that has met', async () => {
    await using website = await startWebsite(undefined, '2')
    const { session, meeting } = await connectHttp2(target(website.port))
    assert.equal(meeting.outcome.ok, true)
    const stream = session.request({ ':path': '/' })
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += chunk
    assert.equal(text, 'hello')
    session.close()
    assert.deepEqual(website.seen, ['CN=alice'])
  })

  test('who does not prove itself, or speaks no HTTP/2, is not spoken to', async () => {
    await using website = await startWebsite(undefined, '2')
    await assert.rejects(connectHttp2(target(website.port, aliceWith(createIssuer('Other')))), {
      code: 'ERR_CALLEE_UNKNOWN_ISSUER',
    })
    await using old = await startWebsite()
    await assert.rejects(connectHttp2(target(old.port)))
  })
})
