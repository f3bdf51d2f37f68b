import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { REFUSALS } from '@countersign/protocol'
import { Agent, fetch as fetchOfPackage } from 'undici'
import { createIssuer } from '../../../../tools/testing/pki.ts'
import { DoorRefusedError } from '../../src/client/door-refused.ts'
import { createFetch, type Dispatcher, dispatcherFor } from '../../src/client/fetch.ts'
import { MeetingRefusedError } from '../../src/client/refused.ts'
import { aliceWith, startWebsite } from '../support/website.ts'

const PROBLEM = {
  status: 403,
  detail: 'alice may not\u001b come in',
  next: 'send money',
  reference: 'M-7F3K-92QD',
  code: 'ERR_CALLER_NOT_ALLOWED',
}

/** A site whose only answer is `body`. */
function siteThatSays(body: string | Buffer, headers: Readonly<Record<string, string>> = {}) {
  const all = { 'content-type': 'application/problem+json', 'content-length': `${Buffer.byteLength(body)}`, ...headers }
  return startWebsite((_request, response) => response.writeHead(403, all).end(body))
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => error,
  )

suite('createFetch', () => {
  test('Node’s own fetch meets the callee, shows who we are, and resumes', async () => {
    await using website = await startWebsite()
    const fetchAsAlice = createFetch(aliceWith())
    for (let i = 0; i < 2; i++) {
      const response = await fetchAsAlice(`https://site.localhost:${website.port}/`)
      assert.equal(await response.text(), 'hello')
      await website.endAll()
    }
    assert.deepEqual(website.seen, ['CN=alice', 'resumed CN=alice'])
  })

  test('a callee that does not prove itself is the cause of the error, and sees nobody', async () => {
    await using website = await startWebsite()
    const error = await failure(
      createFetch(aliceWith(createIssuer('Other')))(`https://site.localhost:${website.port}/`),
    )
    assert.ok(error instanceof TypeError && error.cause instanceof MeetingRefusedError)
    assert.equal(error.cause.code, 'ERR_CALLEE_UNKNOWN_ISSUER')
    assert.deepEqual(website.seen, [])
  })

  test('a door’s refusal is an error with code, reference and our own next step', async () => {
    await using website = await siteThatSays(JSON.stringify(PROBLEM))
    const error = await failure(createFetch(aliceWith())(`https://site.localhost:${website.port}/`))
    assert.ok(error instanceof DoorRefusedError)
    const { code, status, reference, next, message } = error
    assert.deepEqual([code, status, reference], ['ERR_CALLER_NOT_ALLOWED', 403, 'M-7F3K-92QD'])
    assert.equal(next, REFUSALS.ERR_CALLER_NOT_ALLOWED.next)
    assert.match(message, /^alice may not\S+ come in \(M-7F3K-92QD\)$/)
    assert.ok(!message.includes('\u001b'))
  })

  for (const [what, body, headers] of [
    ['an unknown code', JSON.stringify({ ...PROBLEM, code: 'ERR_CALLER_UGLY' }), {}],
    ['what is no JSON', '<no>', {}],
    ['a problem of another kind', JSON.stringify({ title: 'out of tea', status: 403 }), {}],
    ['another type of content', JSON.stringify(PROBLEM), { 'content-type': 'application/json' }],
    ['more than a refusal needs', JSON.stringify({ ...PROBLEM, more: 'x'.repeat(70_000) }), {}],
  ] as const)
    test(`${what} is the application’s own answer, and whole`, async () => {
      await using website = await siteThatSays(body, headers)
      const response = await createFetch(aliceWith())(`https://site.localhost:${website.port}/`)
      assert.deepEqual([response.status, await response.text()], [403, body])
    })
})

suite('createFetch, of a callee that means ill', () => {
  test('a refusal that would unpack to much more than it says is not unpacked, and is the application’s', async () => {
    const packed = brotliCompressSync(JSON.stringify({ ...PROBLEM, more: ' '.repeat(1 << 24) }))
    assert.ok(packed.length < 1_000)
    await using website = await siteThatSays(packed, { 'content-encoding': 'br' })
    const response = await createFetch(aliceWith())(`https://site.localhost:${website.port}/`)
    assert.equal(response.status, 403)
    await response.body?.cancel()
  })
})

suite('dispatcherFor', () => {
  test('Node’s own fetch takes one of its own, and one of the package undici', async () => {
    await using website = await startWebsite()
    const url = `https://site.localhost:${website.port}/`
    // The types of the package are newer than those that @types/node has of it.
    const ofPackage = dispatcherFor(aliceWith(), Agent) as unknown as Dispatcher
    for (const dispatcher of [dispatcherFor(aliceWith()), ofPackage])
      assert.equal(await (await fetch(url, { dispatcher })).text(), 'hello')
    assert.deepEqual(website.seen, ['CN=alice', 'CN=alice'])
  })

  test('the fetch of the package takes one of its own Agent', async () => {
    await using website = await startWebsite()
    const dispatcher = dispatcherFor(aliceWith(), Agent)
    const response = await fetchOfPackage(`https://site.localhost:${website.port}/`, { dispatcher })
    assert.equal(await response.text(), 'hello')
    await dispatcher.close()
    assert.deepEqual(website.seen, ['CN=alice'])
  })

  test('where another kind of global dispatcher was set, it says what to hand in', () => {
    const key = Symbol.for('undici.globalDispatcher.2')
    void globalThis.Response
    const before: unknown = Reflect.get(globalThis, key)
    Reflect.set(globalThis, key, new (class Other {})())
    try {
      assert.throws(() => dispatcherFor(aliceWith()), { name: 'TypeError', message: /hand in the Agent/ })
    } finally {
      Reflect.set(globalThis, key, before)
    }
  })
})
