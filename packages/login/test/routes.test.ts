// What is the same for every call: from where it comes, what proves it, its form, and how a no is told.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import fastify, { type FastifyInstance, type InjectOptions, type LightMyRequestResponse } from 'fastify'
import { createAccountAllowance, createCallAllowance } from '../src/address-allowance.ts'
import { MAX_BODY_OCTETS } from '../src/api.ts'
import type { Asked, Calls } from '../src/asked.ts'
import { createCallsUnderWay } from '../src/calls-under-way.ts'
import { OpaqueMessageError } from '../src/opaque/server.ts'
import { PersonRefusal } from '../src/refusal.ts'
import { apiRoutes } from '../src/routes.ts'
import { athOf } from '../src/session/dpop.ts'
import { makeNonce } from '../src/session/nonce.ts'
import { AUTHORITY, HOST, newDevice, ORIGIN, type TestDevice } from './support/device.ts'
import { openSession } from './support/session.ts'
import { type TestStore, testStore } from './support/store.ts'

const NOW = Temporal.Instant.from('2026-11-27T12:00:00Z')
const nonceKey = new Uint8Array(32).fill(3)
const device = await newDevice()
const stranger = await newDevice()
const SIGN_IN = 'a'.repeat(22)
const SESSION = openSession({ id: 's1', account: 'carol', device: device.id }, NOW)

interface Setting {
  readonly app: FastifyInstance
  readonly store: TestStore
  readonly asked: Asked[]
  readonly logged: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
}

async function setting(t: TestContext, calls: Partial<Calls> = {}): Promise<Setting> {
  const store = testStore(t)
  const asked: Asked[] = []
  const logged: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const app = fastify()
  t.after(() => app.close())
  app.register((scope, _, done) => {
    apiRoutes(scope, {
      calls: {
        nonce: async (_, who) => {
          asked.push(who)
          return { nonce: 'n' }
        },
        begin: async (_, who) => {
          asked.push(who)
          return { signIn: SIGN_IN, known: false, opaque: { server: HOST } }
        },
        wait: async (_, who) => {
          asked.push(who)
          return { next: 'confirm' }
        },
        renew: async (_, who) => {
          asked.push(who)
          who.field('set-cookie', 'a=b')
          return { until: NOW.toString() }
        },
        ...calls,
      },
      callsUnderWay: createCallsUnderWay(),
      store,
      clock: () => NOW,
      log: (event, fields = {}) => void logged.push({ event, fields }),
      door: 'bank',
      host: HOST,
      nonceKey,
      sessionOf: async (cookie) => (cookie === 'good' ? SESSION : undefined),
      addressOf: ({ headers }) => headers['x-forwarded-for']?.toString() ?? '192.0.2.1',
      allowance: createCallAllowance(() => NOW.epochMilliseconds),
      accountAllowance: createAccountAllowance(() => NOW.epochMilliseconds),
      certificateOf: () => undefined,
    })
    done()
  })
  return { app, store, asked, logged }
}

const ask = (app: FastifyInstance, call: string, body: unknown = {}, others: InjectOptions = {}) =>
  app.inject({
    method: 'POST',
    url: `/login/api/${call}`,
    payload: typeof body === 'string' ? body : JSON.stringify(body),
    ...others,
    headers: { host: AUTHORITY, origin: ORIGIN, 'content-type': 'application/json', ...others.headers },
  })
const proof = (call: string, by: TestDevice = device, ath?: string, nonce = makeNonce(nonceKey, NOW)) =>
  by.prove(call, nonce, ath)

/** The problem of an answer; its form is the same whatever was refused. */
function refused(answer: LightMyRequestResponse, status: number, code: string): Record<string, unknown> {
  const problem = answer.json<Record<string, unknown>>()
  assert.deepEqual([answer.statusCode, problem['code']], [status, code], answer.body)
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.match(String(problem['reference']), /^M-[0-9A-Z]{4}-[0-9A-Z]{4}$/)
  assert.equal(answer.headers['countersign-reference'], problem['reference'])
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.match(String(answer.headers['dpop-nonce']), /^[A-Za-z0-9_-]{30}$/)
  return problem
}

suite('a call', () => {
  test('of our own page is answered, with the next nonce, and for nobody to keep', async (t) => {
    const { app, asked } = await setting(t)
    const answer = await ask(app, 'nonce')
    assert.deepEqual([answer.statusCode, answer.json()], [200, { nonce: 'n' }])
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['dpop-nonce'], makeNonce(nonceKey, NOW))
    assert.equal(asked[0]?.address, '192.0.2.1')
  })

  test('of a page elsewhere, or for another name, is not heard', async (t) => {
    const { app, asked } = await setting(t)
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: `https://${HOST}` },
      { origin: `http://${AUTHORITY}` },
      { origin: 'null' },
      { origin: '' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { host: 'evil.example:8444', origin: 'https://evil.example:8444' },
      { host: '' },
    ])
      refused(await ask(app, 'nonce', {}, { headers }), 400, 'ERR_PERSON_REQUEST')
    assert.equal(asked.length, 0)
    assert.equal((await ask(app, 'nonce', {}, { headers: { 'sec-fetch-site': 'same-origin' } })).statusCode, 200)
  })

  test('that is not JSON of its form is not heard', async (t) => {
    const { app, asked } = await setting(t)
    for (const body of ['', '{', 'null', '[]', '"x"', '{"more":1}', '{"__proto__":{"a":1}}'])
      refused(await ask(app, 'nonce', body), 400, 'ERR_PERSON_REQUEST')
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      refused(await ask(app, 'nonce', '{}', { headers: { 'content-type': type } }), 400, 'ERR_PERSON_REQUEST')
    refused(await ask(app, 'nonce', ' '.repeat(MAX_BODY_OCTETS + 1)), 400, 'ERR_PERSON_REQUEST')
    assert.equal(asked.length, 0)
  })

  test('by another method, or of no name, is not there', async (t) => {
    const { app } = await setting(t)
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS'] as const)
      assert.equal((await app.inject({ method, url: '/login/api/nonce' })).statusCode, 404)
    assert.equal((await ask(app, 'nothing')).statusCode, 404)
  })

  test('whose answer is not of its form tells nothing, and is a fault of ours', async (t) => {
    const { app, logged } = await setting(t, {
      // More than the row says: it must not leave.
      nonce: async () => ({ nonce: 'n', secret: 'of the house' }) as { nonce: string },
    })
    const answer = await ask(app, 'nonce')
    refused(answer, 500, 'ERR_GATE_FAULT')
    assert.ok(!answer.body.includes('of the house'))
    assert.deepEqual(
      logged.map(({ event }) => event),
      ['request.refused', 'login.failed'],
    )
  })
})

suite('the proof of a call', () => {
  test('none: one is not looked at', async (t) => {
    const { app, asked } = await setting(t)
    assert.equal((await ask(app, 'nonce', {}, { headers: { dpop: 'nonsense' } })).statusCode, 200)
    assert.equal(asked[0]?.device, undefined)
  })

  test('maybe: absent, or right', async (t) => {
    const { app, asked } = await setting(t)
    assert.equal((await ask(app, 'begin')).statusCode, 200)
    assert.equal((await ask(app, 'begin', {}, { headers: { dpop: await proof('begin') } })).statusCode, 200)
    assert.deepEqual(
      asked.map((one) => one.device?.device),
      [undefined, device.id],
    )
    refused(await ask(app, 'begin', {}, { headers: { dpop: 'nonsense' } }), 401, 'ERR_PERSON_PROOF')
  })

  test('device: present, fresh, for this call, and once', async (t) => {
    const { app, asked } = await setting(t)
    const body = { signIn: SIGN_IN }
    refused(await ask(app, 'wait', body), 401, 'ERR_PERSON_PROOF')
    const dpop = await proof('wait')
    assert.equal((await ask(app, 'wait', body, { headers: { dpop } })).statusCode, 200)
    const again = refused(await ask(app, 'wait', body, { headers: { dpop } }), 401, 'ERR_PERSON_PROOF')
    assert.equal(again['detail'], 'it was used before')
    const old = makeNonce(nonceKey, NOW.subtract({ seconds: 120 }))
    for (const other of [
      await proof('begin'),
      await proof('wait', device, undefined, old),
      await proof('wait', device, 'x'),
    ])
      refused(await ask(app, 'wait', body, { headers: { dpop: other } }), 401, 'ERR_PERSON_PROOF')
    assert.equal(asked.length, 1)
  })

  test('is spent by what is refused as well, whoever found it wrong', async (t) => {
    const { app } = await setting(t, {
      begin: async () => {
        throw new PersonRefusal('ERR_PERSON_CREDENTIALS')
      },
      password: async () => {
        throw new OpaqueMessageError('this is no message of OPAQUE')
      },
    })
    const start = { signIn: SIGN_IN, account: 'carol', start: 'AAAA' }
    for (const [call, body, status, code] of [
      ['begin', {}, 401, 'ERR_PERSON_CREDENTIALS'],
      ['password', start, 400, 'ERR_PERSON_REQUEST'],
    ] as const) {
      const headers = { dpop: await proof(call) }
      refused(await ask(app, call, body, { headers }), status, code)
      refused(await ask(app, call, body, { headers }), 401, 'ERR_PERSON_PROOF')
    }
  })

  test('raced by eight: one is heard', async (t) => {
    const { app } = await setting(t)
    const dpop = await proof('wait')
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => ask(app, 'wait', { signIn: SIGN_IN }, { headers: { dpop } })),
    )
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array(7).fill(401)])
  })

  test('of whoever has no session costs the store so much a minute, and no more; others are heard meanwhile', async (t) => {
    const { app, asked, store } = await setting(t)
    const wait = async (address: string, headers: Record<string, string> = {}) =>
      ask(app, 'wait', { signIn: SIGN_IN }, { headers: { 'x-forwarded-for': address, ...headers } })
    for (let i = 0; i < 1_200; i++) await wait('2001:db8::1', { dpop: 'nonsense' })
    const often = await wait('2001:db8::ffff', { dpop: await proof('wait') })
    refused(often, 429, 'ERR_PERSON_TOO_OFTEN')
    assert.equal(often.headers['retry-after'], '1')
    assert.equal(asked.length, 0)
    const rows = () => store.database.prepare('SELECT count(*) AS rows FROM login_used').get()?.['rows']
    assert.equal(rows(), 0)
    assert.equal((await wait('2001:db8:0:1::1', { dpop: await proof('wait') })).statusCode, 200)
    assert.equal(rows(), 1)
    // Who has signed in has shown more than an address.
    const headers = {
      'x-forwarded-for': '2001:db8::1',
      cookie: 'good',
      dpop: await proof('renew', device, athOf('s1')),
    }
    assert.equal((await ask(app, 'renew', {}, { headers })).statusCode, 200)
  })

  test('session: cookie and its device, neither alone', async (t) => {
    const { app, asked } = await setting(t)
    const ath = athOf('s1')
    const cookie = 'good'
    const fine = await ask(app, 'renew', {}, { headers: { cookie, dpop: await proof('renew', device, ath) } })
    assert.deepEqual([fine.statusCode, fine.headers['set-cookie']], [200, 'a=b'])
    assert.equal(asked[0]?.session?.account, 'carol')
    const bad = async (headers: Record<string, string>, status: number, code: string) =>
      refused(await ask(app, 'renew', {}, { headers }), status, code)
    await bad({ dpop: await proof('renew', device, ath) }, 401, 'ERR_PERSON_NOT_SIGNED_IN')
    await bad({ cookie: 'other', dpop: await proof('renew', device, ath) }, 401, 'ERR_PERSON_NOT_SIGNED_IN')
    await bad({ cookie }, 401, 'ERR_PERSON_PROOF')
    await bad({ cookie, dpop: await proof('renew', stranger, ath) }, 401, 'ERR_PERSON_PROOF')
    await bad({ cookie, dpop: await proof('renew', device) }, 401, 'ERR_PERSON_PROOF')
    await bad({ cookie, dpop: await proof('renew', device, athOf('s2')) }, 401, 'ERR_PERSON_PROOF')
    assert.equal(asked.length, 1)
  })
})

suite('a refusal', () => {
  test('says its note where that may be told, and else to the log alone', async (t) => {
    const { app, logged } = await setting(t, {
      nonce: async () => {
        throw new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'carol has no such password' })
      },
      begin: async () => {
        throw new PersonRefusal('ERR_PERSON_RESTING', { retryAfterSeconds: 60 })
      },
    })
    const answer = await ask(app, 'nonce')
    const problem = refused(answer, 401, 'ERR_PERSON_CREDENTIALS')
    assert.ok(!answer.body.includes('carol'))
    assert.deepEqual(
      logged.map(({ fields }) => [fields['cause'], fields['reference']]),
      [['carol has no such password', problem['reference']]],
    )
    const resting = await ask(app, 'begin')
    refused(resting, 429, 'ERR_PERSON_RESTING')
    assert.equal(resting.headers['retry-after'], '60')
  })

  test('of the store is told by its own code, and its words stay here', async (t) => {
    const { app } = await setting(t, {
      nonce: async () => {
        throw Object.assign(new Error('no room in /var/lib/bank'), { code: 'ERR_AUTHORITY_STORE_FULL' })
      },
      begin: async () => {
        throw new Error('database is locked')
      },
    })
    const full = await ask(app, 'nonce')
    refused(full, 500, 'ERR_AUTHORITY_STORE_FULL')
    assert.ok(!full.body.includes('/var/lib'))
    refused(await ask(app, 'begin'), 500, 'ERR_GATE_FAULT')
  })
})
