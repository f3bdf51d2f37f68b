// What is served, and with which fields: the pages, and the fixed table of what they load.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fastify, { type FastifyInstance } from 'fastify'
import { openAssets } from '../../src/assets.ts'
import { registerPages } from '../../src/pages/register.ts'

const PAGES = [
  '/login/',
  '/login/set-up',
  '/login/renew',
  '/login/step-up',
  '/login/confirm',
  '/login/account',
  '/login/sign-out',
]

suite('the pages of login, as they are served', () => {
  let app: FastifyInstance
  before(async () => {
    app = fastify()
    await registerPages(app, {
      bank: 'Bank <of> "Tests"',
      recoveryHours: 24,
      hasSms: true,
      hasMail: true,
      nonce: () => 'nonce-1',
    })
  })
  after(() => app.close())

  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })

  test('nobody is promised a mail where none goes out', async () => {
    const unmailed = fastify()
    await registerPages(unmailed, { bank: 'B', recoveryHours: 24, hasSms: false, hasMail: false, nonce: () => 'n' })
    for (const path of PAGES)
      assert.doesNotMatch((await unmailed.inject({ url: path })).body, /mail address|id="email"/)
    assert.match((await get('/login/')).body, /of which all your devices and your mail address are told/)
    assert.match((await get('/login/set-up')).body, /id="email"/)
    await unmailed.close()
  })

  for (const path of PAGES) {
    test(`${path} lets in no foreign origin, no inline script, no frame`, async () => {
      const [first, second] = [await get(path), await get(path)]
      assert.equal(first.statusCode, 200)
      assert.equal(first.headers['cache-control'], 'no-store')
      assert.equal(first.headers['x-content-type-options'], 'nosniff')
      assert.equal(first.headers['cross-origin-opener-policy'], 'same-origin')
      assert.equal(first.headers['referrer-policy'], 'same-origin')
      const policy = policyOf(first.headers['content-security-policy'])
      const [nonce = ''] = /(?<='nonce-)[\w-]{22}(?=')/.exec(policy.get('script-src') ?? '') ?? []
      assert.equal(policy.get('default-src'), "'none'")
      assert.equal(policy.get('script-src'), `'nonce-${nonce}'`)
      assert.equal(policy.get('frame-ancestors'), "'none'")
      assert.equal(policy.get('base-uri'), "'none'")
      assert.equal(policy.get('form-action'), "'self'")
      assert.equal(policy.get('require-trusted-types-for'), "'script'")
      assert.doesNotMatch([...policy.values()].join(' '), /unsafe|https?:|data:|blob:|\*/)
      assert.notEqual(first.headers['content-security-policy'], second.headers['content-security-policy'])
      // Every script and style carries this answer's nonce, and has nothing written into it.
      for (const [whole] of first.body.matchAll(
        /<(?:script|style)[^>]*>[^<]*|<link rel="(?:stylesheet|modulepreload)[^>]*>/g,
      )) {
        assert.match(whole, new RegExp(`nonce="${nonce}"`))
        assert.match(whole, /(?:src|href)="\/login\/assets\/[^"]+"/)
        assert.doesNotMatch(whole, /<(script|style)[^>]*>[^<\s]/)
      }
      assert.doesNotMatch(first.body, / on[a-z]+=| style=|javascript:/)
      assert.match(first.body, /<meta name="nonce-dpop" content="nonce-1">/)
      assert.match(first.body, /Bank &lt;of&gt; &quot;Tests&quot;/)
      assert.doesNotMatch(first.body, /<of>/)
    })
  }

  test('what a page names is there', async () => {
    for (const path of PAGES) {
      const { body } = await get(path)
      const named = [...body.matchAll(/(?:src|href)="(\/login\/assets\/[^"]+)"/g)].map(([, url = '']) => url)
      assert.ok(named.length >= 5, path)
      for (const url of named) assert.equal((await get(url)).statusCode, 200, url)
    }
  })

  test('every label has its field, every fault its place', async () => {
    for (const path of PAGES) {
      const { body } = await get(path)
      const ids = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id)
      assert.deepEqual(ids, [...new Set(ids)], `${path}: an id twice`)
      for (const [, named = ''] of body.matchAll(
        / (?:for|aria-labelledby|aria-controls|aria-describedby)="([^"]+)"/g,
      )) {
        for (const id of named.split(' ')) assert.ok(ids.includes(id), `${path} names ${id}`)
      }
      for (const [, tag = ''] of body.matchAll(/<input([^>]*)>/g)) {
        const [, id = ''] = / id="([^"]+)"/.exec(tag) ?? []
        const isLabelled = id === '' || body.includes(`for="${id}"`) || /type="checkbox"| hidden/.test(tag)
        assert.ok(isLabelled, `${path}: ${tag} has no label`)
      }
    }
  })

  test('the language is the one that is wanted most', async () => {
    const languageOf = async (wanted: string) =>
      /<html lang="(..)">/.exec((await get('/login/', { 'accept-language': wanted })).body)?.[1]
    assert.equal(await languageOf('de-AT,de;q=0.9,en;q=0.8'), 'de')
    assert.equal(await languageOf('en;q=0.9,de;q=0.5'), 'en')
    assert.equal(await languageOf('fr, de;q=0.3'), 'de')
    assert.equal(await languageOf('de;q=0'), 'en')
    assert.equal(await languageOf('fr'), 'en')
    assert.equal(await languageOf(`${'x'.repeat(5000)},de`), 'en')
    assert.equal(await languageOf('<script>'), 'en')
  })

  test('nothing of a request comes back in a page', async () => {
    const { body } = await get('/login/?to=%22%3E%3Cscript%3E&x=zebra', { host: 'zebra', 'x-forwarded-host': 'zebra' })
    assert.doesNotMatch(body, /zebra|"><script>/)
  })

  test('modules come without their types, in the smallest coding that is taken', async () => {
    const { url } = await openAssets()
    const plain = await get(url('seal.js'))
    assert.equal(plain.headers['content-type'], 'text/javascript; charset=utf-8')
    assert.equal(plain.headers['content-encoding'], undefined)
    assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.doesNotMatch(plain.body, /interface |: Promise<|import type/)
    assert.match(plain.body, /from '\.\/octets\.js'/)
    const br = await get(url('seal.js'), { 'accept-encoding': 'gzip, deflate, br, zstd' })
    assert.equal(br.headers['content-encoding'], 'br')
    assert.equal(brotliDecompressSync(br.rawPayload).toString(), plain.body)
    const gz = await get(url('seal.js'), { 'accept-encoding': 'br;q=0, gzip' })
    assert.equal(gz.headers['content-encoding'], 'gzip')
    assert.equal(gunzipSync(gz.rawPayload).toString(), plain.body)
    assert.match(`${gz.headers.vary}`, /Accept-Encoding/)
  })

  test('who has it is not sent it again', async () => {
    const first = await get('/login/worker.js')
    const { etag } = first.headers
    const again = await get('/login/worker.js', { 'if-none-match': `${etag}` })
    assert.equal(again.statusCode, 304)
    assert.equal(again.body, '')
    assert.equal((await get('/login/worker.js', { 'if-none-match': '"another"' })).statusCode, 200)
    assert.equal(
      (await get('/login/worker.js', { 'if-none-match': `${etag}`, 'accept-encoding': 'br' })).statusCode,
      200,
    )
  })

  test('WebAssembly is compiled in one worker and nowhere else, the service worker has the whole origin, and what applications import stays where it is', async () => {
    const opaque = await get('/login/opaque-worker.js')
    assert.equal(
      opaque.headers['content-security-policy'],
      "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
    )
    assert.match(opaque.body, /from '\/login\/assets\/[^']+\/opaque-client\.js'/)
    assert.equal(opaque.headers['service-worker-allowed'], undefined)
    const worker = await get('/login/worker.js')
    assert.equal(worker.headers['service-worker-allowed'], '/')
    assert.equal(worker.headers['cache-control'], 'no-cache')
    const { url } = await openAssets()
    const socket = await get('/login/web-socket.js')
    assert.equal(socket.headers['cache-control'], 'no-cache')
    assert.match(socket.body, /from '\/login\/assets\/[^']+\/dpop\.js'/)
    for (const path of [
      ...PAGES,
      '/login/worker.js',
      '/login/web-socket.js',
      url('opaque-client.js'),
      url('sign-in.js'),
    ]) {
      assert.doesNotMatch(`${(await get(path)).headers['content-security-policy']}`, /wasm/, path)
    }
  })

  test('every module of the browser is in the table, and every picture is small', async () => {
    const { find, url } = await openAssets()
    const modules = readdirSync(new URL('../../src/browser/', import.meta.url)).filter((name) => name.endsWith('.ts'))
    for (const name of modules) {
      const file = name.replace('.ts', '.js')
      const isStanding = ['worker.js', 'opaque-worker.js', 'web-socket.js'].includes(file)
      assert.ok(find(isStanding ? `/login/${file}` : url(file)), name)
    }
    const { PICTURES } = await import('../../src/pages/pictures.ts')
    assert.ok(Object.keys(PICTURES).length >= 16)
    for (const [name, svg] of Object.entries(PICTURES)) {
      assert.ok(svg.length < 3000, name)
      assert.doesNotMatch(svg, /script|href|style|<image|foreignObject/, name)
      assert.equal((await get(url(`${name}.svg`))).headers['content-type'], 'image/svg+xml')
    }
  })

  test('nothing that is not in the table', async () => {
    const { url } = await openAssets()
    const base = url('')
    const tries = [
      `${base}`,
      `${base}../../api.ts`,
      `${base}..%2f..%2fapi.ts`,
      `${base}%2e%2e/%2e%2e/package.json`,
      `${base}sign-in.ts`,
      `${base}SIGN-IN.JS`,
      `${base}sign-in.js%00`,
      `${base}sign-in.js/`,
      `${base}tsconfig.json`,
      `${base}worker.js`,
      `${base}__proto__`,
      `${base}constructor`,
      '/login/assets/0000000000000000/sign-in.js',
      '/login/assets//etc/passwd',
      '/login/assets/..%5c..%5cpackage.json',
      '/login/opaque.js',
      '/login/sign-in',
      '/login//',
    ]
    for (const path of tries) assert.equal((await get(path)).statusCode, 404, path)
    assert.equal((await app.inject({ method: 'POST', url: '/login/' })).statusCode, 404)
    assert.equal((await get('/login')).headers.location, '/login/')
  })

  test('before anybody is signed in a page weighs less than 150 kB, OPAQUE included', async () => {
    const weights: Record<string, number> = {}
    for (const path of ['/login/', '/login/set-up']) {
      const { rawPayload, body } = await get(path, { 'accept-encoding': 'br' }).then(async (sent) => ({
        rawPayload: sent.rawPayload,
        body: (await get(path)).body,
      }))
      const urls = new Set([...body.matchAll(/(?:src|href)="(\/login\/assets\/[^"]+)"/g)].map(([, url = '']) => url))
      let weight = rawPayload.length
      for (const url of urls) weight += (await get(url, { 'accept-encoding': 'br' })).rawPayload.length
      weights[path] = weight
    }
    const { url } = await openAssets()
    const worker = (await get('/login/opaque-worker.js', { 'accept-encoding': 'br' })).rawPayload.length
    let opaque = 0
    for (const name of ['opaque-client.js', 'opaque-client.wasm']) {
      opaque += (await get(url(name), { 'accept-encoding': 'br' })).rawPayload.length
    }
    console.log('octets, compressed:', { ...weights, opaque: worker + opaque })
    assert.ok((weights['/login/'] ?? Infinity) + worker + opaque < 150_000, 'sign-in with OPAQUE')
    assert.ok((weights['/login/set-up'] ?? Infinity) < 50_000, 'set-up, before a password is sent')
  })
})

function policyOf(field: unknown): ReadonlyMap<string, string> {
  return new Map(
    `${field}`.split('; ').map((part) => {
      const [name = '', ...values] = part.split(' ')
      return [name, values.join(' ')] as const
    }),
  )
}
