// Login behind a door: whoever does not show the door's secret is told nothing, and gets nowhere.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { suite, type TestContext, test } from 'node:test'
import { type LoginService, openLogin } from '../src/service.ts'
import { MOST_UNDER_WAY } from '../src/under-way.ts'
import { type TestBank, testBank, until } from './support/bank.ts'
import { type Answered, newBrowser, refusedBy } from './support/browser.ts'
import { setUp, signIn } from './support/customer.ts'
import { AUTHORITY, HOST, ORIGIN } from './support/device.ts'

interface Behind extends TestBank {
  readonly service: LoginService
  /** As the door asks, unless other fields are given. */
  ask(path: string, init?: RequestInit): Promise<Response>
  readonly app: { inject(request: Parameters<Parameters<typeof newBrowser>[0]['app']['inject']>[0]): Promise<Answered> }
}

async function behind(t: TestContext, fields: Readonly<Record<string, string>> = {}): Promise<Behind> {
  const bank = await testBank(t)
  const service = await openLogin({ host: [HOST, 'other.example'], recoveryHours: 0.5 }, bank.ground)
  t.after(() => service.close())
  const { url, secret } = service.upstream
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { 'countersign-door': secret, ...fields, ...init.headers },
    })
  return {
    ...bank,
    service,
    ask,
    app: {
      async inject({ url: path, payload, headers }) {
        // `fetch` writes the host by itself: as the door does, it is given in the field that counts.
        const { host: _, ...others } = headers
        const answer = await askWithHost(`${url}${path}`, payload, { 'countersign-door': secret, ...others, ...fields })
        return answer
      },
    },
  }
}

/** A request whose `Host` is the door's, as no `fetch` sends it. */
async function askWithHost(
  url: string,
  payload: string | Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const asked = request(url, { method: 'POST', headers: { ...headers, host: AUTHORITY } }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      body += text
    })
    response.on('end', () =>
      resolve({ statusCode: response.statusCode ?? 0, headers: response.headers, body, json: () => JSON.parse(body) }),
    )
  })
  asked.on('error', reject)
  asked.end(payload)
  return promise
}

suite('login behind a door', () => {
  test('hears nobody but the door', async (t) => {
    const { service, ask } = await behind(t)
    const { url, secret } = service.upstream
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal((await ask('/login/')).status, 200)
    for (const said of [undefined, '', 'x', `${secret}x`, secret.slice(1), `${secret}, ${secret}`]) {
      for (const path of ['/login/', '/login/api/nonce', '/', '/login/worker.js', '/login/nothing']) {
        const answer = await fetch(`${url}${path}`, { headers: said === undefined ? {} : { 'countersign-door': said } })
        assert.equal(answer.status, 403, path)
        assert.doesNotMatch(await answer.text(), /<html|nonce-dpop/)
      }
    }
  })

  test('has places for others, however many slow requests one network has under way', async (t) => {
    const { service, ask } = await behind(t)
    const { url, secret } = service.upstream
    const slow = (address: string) => {
      const fields = { 'countersign-door': secret, 'x-forwarded-for': address, 'content-length': '9' }
      const headers = { ...fields, host: AUTHORITY, origin: ORIGIN, 'content-type': 'application/json' }
      const asked = request(`${url}/login/api/nonce`, { method: 'POST', headers, agent: false })
      asked.on('error', () => undefined)
      asked.write('{')
      return asked
    }
    const many = Array.from({ length: MOST_UNDER_WAY }, (_, i) => slow(`2001:db8::${i.toString(16)}`))
    t.after(() => {
      for (const one of many) one.destroy()
    })
    const status = async (address: string) => (await ask('/login/', { headers: { 'x-forwarded-for': address } })).status
    await until(async () => (await status('2001:db8::beef')) === 429)
    const told = await ask('/login/', { headers: { 'x-forwarded-for': '2001:db8::1' } })
    assert.match(await told.text(), /"code":\s*"ERR_PERSON_TOO_OFTEN"/)
    assert.equal(told.headers.get('retry-after'), '1')
    const [answer] = await once(slow('2001:db8::2'), 'response')
    assert.equal(answer.statusCode, 429, 'before its body is there')
    for (const other of ['2001:db8:0:1::1', '192.0.2.1']) assert.equal(await status(other), 200)
    many[0]?.destroy()
    await until(async () => (await status('2001:db8::1')) === 200)
  })

  test('is there for the paths below /login alone', async (t) => {
    const { ask } = await behind(t)
    for (const path of ['/', '/accounts', '/loginx', '/login/api/', '/login/api/unknown'])
      assert.equal((await ask(path)).status, 404, path)
    assert.equal((await ask('/login/api/nonce')).status, 404)
  })

  test('sets up, signs in, and is found by the door, whose word counts for address and certificate', async (t) => {
    const der = Buffer.from('a certificate')
    const bank = await behind(t, { 'x-forwarded-for': '198.51.100.7', 'client-cert': `:${der.toString('base64')}:` })
    const carol = await setUp(bank)
    await signIn(bank, carol)
    const [record] = bank.records
    assert.equal(record?.address, '198.51.100.7')
    const row = bank.store.database.prepare('SELECT certificate FROM login_session').get()
    const { createHash } = await import('node:crypto')
    assert.equal(row?.['certificate'], createHash('sha256').update(der).digest('hex'))
    const request = {
      method: 'GET',
      authority: AUTHORITY,
      target: '/',
      cookie: carol.browser.cookie,
      proof: undefined,
      origin: undefined,
      isUpgrade: false,
      certificateSha256: undefined,
    }
    assert.equal((await bank.service.find(request)).kind, 'person')
    assert.equal((await bank.service.find({ ...request, cookie: undefined })).kind, 'nobody')
  })

  test('takes no certificate from what is none', async (t) => {
    for (const field of ['', ':', '::', ':a b:', 'YQ==', ':YQ==:, :Yg==:']) {
      const bank = await behind(t, { 'client-cert': field })
      const carol = await setUp(bank)
      await signIn(bank, carol)
      const row = bank.store.database.prepare('SELECT certificate FROM login_session').get()
      assert.equal(row?.['certificate'], null, field)
    }
  })

  test('invites, and lists page by page', async (t) => {
    const bank = await behind(t)
    const { accounts } = bank.service
    const invited = await accounts.invite({ account: 'carol', email: 'carol@mail.example', ttlSeconds: 3600 })
    assert.ok(invited.ok)
    assert.match(invited.path, /^\/login\/set-up#[\w-]{43}$/)
    assert.equal(invited.expiresAt.toString(), '2026-11-27T13:00:00Z')
    assert.deepEqual(await accounts.list({ limit: 10 }), [])
    for (const account of ['dave', 'carol', 'erin']) await setUp(bank, account)
    assert.deepEqual(await accounts.invite({ account: 'carol', ttlSeconds: 3600 }), {
      ok: false,
      reason: 'has an account',
    })
    const names = async (query: Parameters<typeof accounts.list>[0]) =>
      (await accounts.list(query)).map(({ account }) => account)
    assert.deepEqual(await names({ limit: 2 }), ['carol', 'dave'])
    assert.deepEqual(await names({ limit: 2, after: 'dave' }), ['erin'])
    assert.deepEqual(await names({ limit: 2, after: 'erin' }), [])
    const [one] = await accounts.list({ limit: 1 })
    assert.equal(one?.devices.length, 1)
    assert.doesNotMatch(JSON.stringify(one), /record|sealed|secret/)
  })

  test('is not asked by pages of another name of the door, nor with another door’s proof', async (t) => {
    const bank = await behind(t)
    const carol = await setUp(bank)
    const { secret, url } = bank.service.upstream
    const nonce = (await carol.browser.ask('nonce', {})).nonce
    const dpop = await carol.browser.device.proveFor(
      { method: 'POST', uri: 'https://other.example/login/api/begin' },
      nonce,
    )
    const answer = await fetch(`${url}/login/api/begin`, {
      method: 'POST',
      body: '{}',
      headers: { 'countersign-door': secret, 'content-type': 'application/json', origin: ORIGIN, dpop },
    })
    assert.equal(answer.status, 400)
    const elsewhere = await newBrowser({ ...bank, secret: (await testBank(t)).secret })
    const { code } = await refusedBy(elsewhere.ask('begin', { device: elsewhere.device.keys }))
    assert.equal(code, 'ERR_PERSON_PROOF')
  })
})
