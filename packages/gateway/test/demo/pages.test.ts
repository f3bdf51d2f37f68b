// What the pages are made of, and which requests are taken.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { html } from '../../src/demo/bank/html.ts'
import { openBank, type TestBank, TRANSFER } from './support.ts'

suite('markup', () => {
  test('holds what is put into it as text', () => {
    const evil = `<script>alert("1")</script>' onfocus='x' & more`
    assert.equal(
      String(html`<p title="${evil}">${evil}</p>`).replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(code)),
      `<p title="${evil}">${evil}</p>`,
    )
    assert.doesNotMatch(String(html`${evil}`), /[<>"']|&(?!#)/)
    assert.equal(String(html`${html`<b>`}${[html`<i>`, html`<u>`]}${undefined}${false}${0}`), '<b><i><u>0')
  })
})

suite('the pages of the bank', () => {
  let bank: TestBank
  before(async () => {
    bank = await openBank()
  })
  after(() => bank[Symbol.asyncDispose]())

  const PATHS = ['/', '/accounts/current', '/transfer', '/payees', '/payees/new', '/payees/payee-0', '/nowhere']

  test('may do nothing but show their own style and send their own forms', async () => {
    for (const path of PATHS) {
      const { headers, body } = await bank.ask(path)
      const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(body) ?? []
      const digest = createHash('sha256').update(style).digest('base64')
      assert.equal(
        headers['content-security-policy'],
        `default-src 'none'; style-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
      )
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['cache-control'], 'no-store')
      assert.doesNotMatch(body, /<script|\son\w+=|javascript:|style=|https?:\/\//)
    }
  })

  test('can be read aloud: language, title, one heading, labels, headers of tables, where one is', async () => {
    for (const path of PATHS) {
      const { body } = await bank.ask(path)
      assert.match(body, /<html lang="en">/)
      assert.match(body, /<title>[^<]+ · The Small Bank<\/title>/)
      assert.equal([...body.matchAll(/<h1/g)].length, 1)
      for (const [, id] of body.matchAll(/<(?:input|select) id="(\w+)"/g))
        assert.ok(body.includes(`<label for="${id}">`))
      const heads = [...body.matchAll(/<thead[^>]*>(.*?)<\/thead>/g)]
      assert.equal(heads.length, [...body.matchAll(/<table/g)].length)
      for (const [head] of heads) assert.doesNotMatch(head, /<th (?!role="columnheader" scope="col")|<td/)
    }
    assert.match((await bank.ask('/payees')).body, /<a href="\/payees" aria-current="page">/)
    assert.match((await bank.ask('/')).body, /<a class="skip" href="#main">/)
  })

  test('are of the customer alone, and the same each time', async () => {
    const dave = { sub: 'dave', identities: ['account:dave'] }
    const own = (await bank.ask('/')).body
    const his = (await bank.ask('/', { claims: dave })).body
    const ibans = (page: string) => [...page.matchAll(/DE\d\d(?: \d{4}){4} \d\d/g)].map(([iban]) => iban)
    assert.equal(ibans(own).length, 2)
    assert.deepEqual(
      ibans(own).filter((iban) => ibans(his).includes(iban)),
      [],
    )
    await using other = await openBank()
    assert.deepEqual(ibans((await other.ask('/')).body), ibans(own))
  })

  test('say what the customer is called, and whatever they typed, as text', async () => {
    const evil = `"><script>alert(1)</script><b a='`
    const claims = { sub: evil, identities: [`account:${evil}`], reference: '<img src=x>' }
    const page = await bank.ask('/', { claims })
    assert.equal(page.status, 200)
    const form = { ...TRANSFER, to: evil, purpose: evil, iban: evil, token: await bank.token() }
    const wrong = await bank.ask('/transfer', { method: 'POST', form })
    assert.equal(wrong.status, 422)
    const order = await bank.order({ to: evil, purpose: evil })
    const held = await bank.ask(order.to)
    for (const { body } of [page, wrong, held]) {
      assert.doesNotMatch(body, /<script|<img|<b a/)
      assert.match(body, /&#60;script&#62;/)
    }
    assert.deepEqual(order.matter.lines[1], ['To', evil])
  })

  test('take a form from themselves alone', async () => {
    const token = await bank.token()
    const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
      bank.ask('/transfer', { method: 'POST', form: { ...TRANSFER, ...form }, headers })
    assert.equal((await post({ token })).status, 303)
    for (const site of ['cross-site', 'same-site', 'none', ''])
      assert.equal((await post({ token }, { 'sec-fetch-site': site })).status, 403)
    assert.equal((await post({})).status, 403)
    assert.equal((await post({ token: '' })).status, 403)
    assert.equal((await post({ token: token.slice(1) })).status, 403)
    const others = [{ sub: 'dave', identities: ['account:dave'] }, { cnf: { jkt: 'B'.repeat(43) } }]
    for (const claims of others) assert.equal((await post({ token: await bank.token(claims) })).status, 403)
  })

  test('take nothing but a form of a certain length, each field once', async () => {
    const token = await bank.token()
    const post = (body: string, type = 'application/x-www-form-urlencoded') =>
      bank.ask('/payees/payee-0/remove', { method: 'POST', body, headers: { 'content-type': type } })
    assert.equal((await post(JSON.stringify({ token }), 'application/json')).status, 415)
    assert.equal((await post(`token=${token}`, 'text/plain')).status, 415)
    assert.equal((await post(`token=${token}&token=${token}`)).status, 400)
    assert.equal((await post(`token=${token}&more=${'x'.repeat(9000)}`)).status, 413)
    assert.match((await bank.ask('/payees')).body, /Garden Flats/)
  })

  test('are not there under other names, and each knows its methods', async () => {
    for (const path of [
      '/nowhere',
      '//',
      '/accounts/',
      '/accounts/none',
      '/accounts/%2f',
      '/payees/none',
      '/orders/none',
      '/%',
    ])
      assert.equal((await bank.ask(path)).status, 404, path)
    for (const [method, path, allow] of [
      ['PUT', '/transfer', 'GET, HEAD, POST'],
      ['POST', '/', 'GET, HEAD'],
      ['GET', '/payees/payee-0/remove', 'POST'],
      ['OPTIONS', '/payees', 'GET, HEAD'],
    ] as const) {
      const { status, headers } = await bank.ask(path, { method })
      assert.deepEqual([status, headers['allow']], [405, allow])
    }
    const { status, body } = await bank.ask('/', { method: 'HEAD' })
    assert.deepEqual([status, body], [200, ''])
  })
})
