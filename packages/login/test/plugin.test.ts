// The plug-in before an application of Fastify, behind the gate of mtls, over TLS: who asks, and who gets no further.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { createHttpsServer, createIdentity } from '@countersign/mtls'
import Fastify, { type FastifyInstance } from 'fastify'
import { chainOf, createIssuer, issueLeaf, pemOf } from '../../../tools/testing/pki.ts'
import { login } from '../src/plugin.ts'
import { makeNonce } from '../src/session/nonce.ts'
import { bank as holder, root, type TestBank, testBank, until } from './support/bank.ts'
import type { Answered, AskedDoor } from './support/browser.ts'
import { type Customer, setUp, signIn } from './support/customer.ts'
import { AUTHORITY, HOST, ORIGIN } from './support/device.ts'

const terminal = issueLeaf(root, 'terminal', {
  names: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/terminal' }],
  purpose: 'clientAuth',
})
const another = issueLeaf(root, 'another', {
  names: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/another' }],
  purpose: 'clientAuth',
})

const stranger = issueLeaf(createIssuer('Another Root'), 'stranger', {
  names: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://other.example/stranger' }],
  purpose: 'clientAuth',
})

interface Bank extends AskedDoor {
  ask(path: string, options?: Asked): Promise<Answered>
  /** What the application was asked. */
  readonly served: string[]
  readonly application: FastifyInstance
  /** Requests that it has not answered. */
  readonly waiting: Set<string>
}
interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: string | Buffer
  readonly by?: typeof terminal
}

async function open(t: TestContext): Promise<Bank> {
  const base = await testBank(t)
  const served: string[] = []
  const waiting = new Set<string>()
  const identity = {
    ...createIdentity({ certificates: chainOf(holder), privateKey: holder.privateKey }),
    trust: base.ground.trust,
  }
  const app = Fastify({
    serverFactory: (handler) => createHttpsServer({ identity, allow: ['*'] }, handler),
    forceCloseConnections: true,
  })
  await app.register(login, { host: HOST, house: base.ground })
  app.get('/accounts', async ({ person }) => {
    served.push(`accounts of ${person?.account}`)
    return { of: person?.account, jkt: person?.claims.jkt }
  })
  app.post('/transfer', async ({ person }) => {
    served.push(`transfer of ${person?.account}`)
    return { of: person?.account }
  })
  for (const path of ['/sw.js', '/app/sw.js'])
    app.get(path, async (_, reply) => {
      served.push(path)
      reply.header('Service-Worker-Allowed', '/')
      return ''
    })
  app.get('/slow', (_request, reply) => {
    waiting.add('slow')
    reply.raw.on('close', () => waiting.delete('slow'))
    reply.raw.write('begun')
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())
  const { port } = app.server.address() as AddressInfo
  const ask = (path: string, options: Asked = {}) => askOver(port, path, options)
  return {
    ...base,
    application: app,
    served,
    waiting,
    ask,
    app: { inject: ({ method, url, payload, headers }) => ask(url, { method, payload, headers }) },
  }
}

async function askOver(port: number, path: string, { method = 'GET', headers = {}, payload, by = terminal }: Asked) {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    servername: HOST,
    ca: ROOT_PEM,
    ...pemOf(by),
    headers: { ...headers, host: AUTHORITY },
    agent: false,
  })
  asked.on('error', reject)
  asked.on('response', (response: NodeJS.ReadableStream & { statusCode?: number; headers: IncomingHttpHeaders }) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      body += text
    })
    response.on('error', reject)
    response.on('end', () =>
      resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body, json: () => JSON.parse(body) }),
    )
  })
  asked.end(payload)
  return promise
}
const ROOT_PEM = `-----BEGIN CERTIFICATE-----\n${Buffer.from(root.certificate.der).toString('base64')}\n-----END CERTIFICATE-----\n`

const codeIn = (answer: Answered) => answer.json<{ code: string }>().code
const cookieOf = ({ browser }: Customer) => ({ cookie: browser.cookie ?? '' })
const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }

/** A proof for a request of the application. */
const proofFor = (bank: TestBank, { browser }: Customer, path: string) =>
  browser.device.proveFor(
    { method: 'POST', uri: `${ORIGIN}${path}` },
    makeNonce(bank.secret.key('proof nonce'), bank.time.now()),
  )

suite('the plug-in', () => {
  test('tells the application who asks, over the connection that the sign-in came by', async (t) => {
    const bank = await open(t)
    const carol = await setUp(bank)
    await signIn(bank, carol)
    const answer = await bank.ask('/accounts', { headers: cookieOf(carol) })
    assert.deepEqual([answer.statusCode, answer.json()], [200, { of: 'carol', jkt: carol.browser.device.id }])
    // The certificate of the connection stands for the proof; a page from elsewhere has the same connection.
    const own = await bank.ask('/transfer', { method: 'POST', headers: { ...cookieOf(carol), origin: ORIGIN } })
    assert.equal(own.statusCode, 200)
    const foreign = { ...cookieOf(carol), origin: 'https://evil.example' }
    const forged = await bank.ask('/transfer', { method: 'POST', headers: foreign })
    assert.equal(codeIn(forged), 'ERR_PERSON_PROOF')
    assert.deepEqual(bank.served, ['accounts of carol', 'transfer of carol'])
  })

  test('has the one worker at the root of the site: the application gets one for a directory of its own', async (t) => {
    const bank = await open(t)
    const carol = await setUp(bank)
    await signIn(bank, carol)
    const headers = { ...cookieOf(carol), 'service-worker': 'script' }
    for (const path of ['/sw.js', '/nothing?a=/b/']) {
      const told = await bank.ask(path, { headers })
      assert.deepEqual([told.statusCode, codeIn(told)], [403, 'ERR_DOOR_WORKER'])
    }
    assert.deepEqual(bank.served, [])
    const allowed = (answer: Answered) => [answer.statusCode, answer.headers['service-worker-allowed']]
    assert.deepEqual(allowed(await bank.ask('/app/sw.js', { headers })), [200, undefined])
    assert.deepEqual(allowed(await bank.ask('/login/worker.js', { headers })), [200, '/'])
    assert.deepEqual(bank.served, ['/app/sw.js'])
  })

  test('lets nobody to the application who has not signed in: a page goes to sign in, a program is told', async (t) => {
    const bank = await open(t)
    for (const path of [
      '/accounts',
      '/nothing',
      '/login/../accounts',
      '//login/accounts',
      '/login%2Faccounts',
      '/LOGIN/',
    ]) {
      const answer = await bank.ask(path)
      assert.deepEqual([answer.statusCode, codeIn(answer)], [401, 'ERR_PERSON_NOT_SIGNED_IN'], path)
    }
    const page = await bank.ask('/accounts?x=1', { headers: PAGE })
    assert.deepEqual([page.statusCode, page.headers['location']], [303, '/login/?to=%2Faccounts%3Fx%3D1'])
    const long = await bank.ask(`/accounts?${'x'.repeat(3000)}`, { headers: PAGE })
    assert.equal(long.headers['location'], '/login/?to=%2F')
    const post = await bank.ask('/transfer', { method: 'POST', headers: PAGE })
    assert.equal(codeIn(post), 'ERR_PERSON_NOT_SIGNED_IN')
    const script = await bank.ask('/accounts', { headers: { accept: 'text/html', 'sec-fetch-mode': 'cors' } })
    assert.equal(script.statusCode, 401)
    assert.deepEqual(bank.served, [])
    assert.equal((await bank.ask('/login/', { headers: PAGE })).statusCode, 200)
  })

  test('a stolen cookie on another connection is worth page loads of five minutes, and changes nothing', async (t) => {
    const bank = await open(t)
    const carol = await setUp(bank)
    await signIn(bank, carol)
    const stolen = { by: another, headers: cookieOf(carol) }
    assert.equal((await bank.ask('/accounts', stolen)).statusCode, 200)
    const headers = { ...stolen.headers, origin: ORIGIN }
    assert.equal(codeIn(await bank.ask('/transfer', { method: 'POST', by: another, headers })), 'ERR_PERSON_PROOF')
    const dpop = await proofFor(bank, carol, '/transfer')
    const kept = await bank.ask('/transfer', { method: 'POST', by: another, headers: { ...headers, dpop } })
    assert.equal(codeIn(kept), 'ERR_PERSON_PROOF')
    bank.time.pass({ minutes: 5 })
    const stale = await bank.ask('/accounts', { by: another, headers: { ...stolen.headers, ...PAGE } })
    assert.deepEqual([stale.statusCode, stale.headers['location']], [303, '/login/renew?to=%2Faccounts'])
    assert.equal(codeIn(await bank.ask('/accounts', stolen)), 'ERR_PERSON_PROOF')
    assert.equal((await bank.ask('/accounts', { headers: cookieOf(carol) })).statusCode, 200)
  })

  test('cuts what is under way when its person is locked out, and says why afterwards', async (t) => {
    const bank = await open(t)
    const carol = await setUp(bank)
    await signIn(bank, carol)
    const slow = bank.ask('/slow', { headers: cookieOf(carol) })
    slow.catch(() => undefined)
    await until(() => bank.waiting.has('slow'))
    bank.locks.replace([{ party: 'carol', reason: 'lost' }], 1n)
    await assert.rejects(slow, { code: 'ECONNRESET' })
    await until(() => bank.waiting.size === 0)
    const answer = await bank.ask('/accounts', { headers: cookieOf(carol) })
    assert.deepEqual([answer.statusCode, codeIn(answer)], [403, 'ERR_POLICY_LOCKED'])
    assert.match(answer.json<{ reference: string }>().reference, /^M-/)
    assert.doesNotMatch(answer.body, /lost/)
    const page = await bank.ask('/accounts', { headers: { ...cookieOf(carol), ...PAGE } })
    assert.match(page.body, /<html/)
  })

  test('lets in whom the gate before it lets in, and nobody else', async (t) => {
    const bank = await open(t)
    const answer = await bank.ask('/login/', { by: stranger })
    assert.equal(codeIn(answer), 'ERR_CALLER_UNKNOWN_ISSUER')
  })

  test('closes with the application: whoever has signed in is nobody’s session any more, and has not signed out', async (t) => {
    const bank = await open(t)
    const carol = await setUp(bank)
    await signIn(bank, carol)
    assert.equal(bank.index.size, 1)
    const closed = once(bank.application.server, 'close')
    await bank.application.close()
    await closed
    assert.equal(bank.index.size, 0)
    assert.equal(bank.store.database.prepare('SELECT ended_at FROM login_session').get()?.['ended_at'], null)
  })
})
