// What the bank does, and what it leaves undone until exactly that is confirmed.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { digestOf } from '../../src/demo/bank/orders.ts'
import { type Claims, type Confirmation, confirmationIn, openBank, SECONDS, TRANSFER } from './support.ts'

/** What a door states once a matter was confirmed. */
const confirms = (...confirmations: Confirmation[]): Claims => ({
  confirmed: confirmations.map(({ matter }) => ({
    sha256: digestOf(matter),
    by: 'passkey',
    at: SECONDS,
  })),
})
const DAVE: Claims = { sub: 'dave', identities: ['account:dave'] }

suite('what is confirmed', () => {
  test('has the digest of RFC 8785', () => {
    // By Python: json.dumps(matter, sort_keys=True, separators=(',', ':'), ensure_ascii=False), SHA-256, base64url.
    const matter = {
      title: 'Transfer €12.50',
      nonce: '0123456789abcdef',
      lines: [
        ['Amount', '€12.50'],
        ['To', 'Zoë "Z" <b>'],
        ['IBAN', 'GB82 WEST 1234 5698 7654 32'],
        ['From', 'Current account, DE'],
      ],
    } as const
    assert.equal(digestOf(matter), 'MFR2sbSf2Uq5giOOiSywH5K8OWv_-UqzhQpxZMOGtWE')
  })

  test('is a transfer, word for word, and a nonce of its own each time', async () => {
    await using bank = await openBank()
    const [first, second] = [await bank.order(), await bank.order()]
    assert.equal(first.matter.title, 'Transfer €12.50')
    assert.deepEqual(first.matter.lines.slice(0, 4), [
      ['Amount', '€12.50'],
      ['To', 'Aunt Marlene'],
      ['IBAN', 'GB82 WEST 1234 5698 7654 32'],
      ['Purpose', 'Birthday'],
    ])
    assert.match(first.matter.lines[4]?.[1] ?? '', /^Current account, DE\d\d 0000 0000/)
    assert.match(first.to, /^\/orders\/[\w-]{22}$/)
    assert.ok(first.matter.nonce.length >= 16)
    assert.notEqual(first.matter.nonce, second.matter.nonce)
    assert.notEqual(first.to, second.to)
  })
})

suite('a transfer', () => {
  test('is made once it is confirmed, and is in both books', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const order = await bank.order()
    assert.equal(await bank.balance(), before, 'held')
    const done = await bank.ask(order.to, { claims: confirms(order) })
    assert.equal(done.status, 200)
    assert.match(done.body, /Done: Transfer €12\.50/)
    assert.match(done.body, /You confirmed it by passkey/)
    assert.equal(await bank.balance(), before - 1250)
    const { body } = await bank.ask('/accounts/current')
    assert.match(
      body,
      /Aunt Marlene\s*<span class="small">Birthday<\/span><\/th>\s*<td role="cell" class="amount">\u2212€12\.50/,
    )
  })

  test('between two accounts of the customer is booked in both', async () => {
    await using bank = await openBank()
    const [, iban = ''] = /IBAN<\/dt><dd>([^<]+)</.exec((await bank.ask('/accounts/savings')).body) ?? []
    const order = await bank.order({ iban, to: 'Myself' })
    await bank.ask(order.to, { claims: confirms(order) })
    assert.match((await bank.ask('/accounts/savings')).body, /class="amount in">\+€12\.50/)
  })

  test('that is not confirmed is not made, and the page says so', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const order = await bank.order()
    const { status, body } = await bank.ask(order.to)
    assert.equal(status, 403)
    assert.match(body, /Not confirmed/)
    assert.match(body, /Nothing was done/)
    assert.match(body, /href="\/login\/confirm\?matter=/)
    assert.equal(await bank.balance(), before)
  })

  test('is not made by the confirmation of another one, even of the same words', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const [order, same] = [await bank.order(), await bank.order()]
    assert.equal((await bank.ask(order.to, { claims: confirms(same) })).status, 403)
    const changed = { ...order, matter: { ...order.matter, title: 'Transfer €1.00' } }
    assert.equal((await bank.ask(order.to, { claims: confirms(changed) })).status, 403)
    for (const sha256 of ['', digestOf(order.matter).toLowerCase(), digestOf(order.matter).slice(1)])
      assert.equal(
        (await bank.ask(order.to, { claims: { confirmed: [{ sha256, by: 'passkey', at: '' }] } })).status,
        403,
      )
    assert.equal(await bank.balance(), before)
  })

  test('is made once, however often its confirmation comes', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const order = await bank.order()
    const claims = confirms(order)
    const answers = await Promise.all(Array.from({ length: 8 }, () => bank.ask(order.to, { claims })))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal(await bank.balance(), before - 1250)
    // Nor does it do for the next one.
    const next = await bank.order()
    assert.equal((await bank.ask(next.to, { claims })).status, 403)
    assert.equal(await bank.balance(), before - 1250)
  })

  test('of somebody else is not there, confirmed or not', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const order = await bank.order()
    assert.equal((await bank.ask(order.to, { claims: { ...DAVE, ...confirms(order) } })).status, 404)
    assert.equal(await bank.balance(), before)
  })

  test('that was confirmed too late is not made', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const order = await bank.order()
    bank.clock = bank.clock.add({ minutes: 10 })
    const { status, body } = await bank.ask(order.to, { claims: confirms(order) })
    assert.equal(status, 410)
    assert.match(body, /Not confirmed in time/)
    assert.equal(await bank.balance(), before)
  })

  test('that the account has nothing for any more is not made', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const amount = `${Math.floor(before / 100)}.00`
    const [first, second] = [await bank.order({ amount }), await bank.order({ amount })]
    const claims = confirms(first, second)
    assert.equal((await bank.ask(first.to, { claims })).status, 200)
    const failed = await bank.ask(second.to, { claims })
    assert.equal(failed.status, 409)
    assert.match(failed.body, /Not done: the account has €0\.\d\d left/)
    assert.equal(await bank.balance(), before % 100)
  })

  test('is not made because a page elsewhere leads there', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const order = await bank.order()
    for (const site of ['cross-site', 'same-site', 'none', '']) {
      const { status, body } = await bank.ask(order.to, {
        claims: confirms(order),
        headers: { 'sec-fetch-site': site },
      })
      assert.equal(status, 403)
      assert.match(body, /Not done yet/)
      assert.ok(body.includes(`href="${order.to}"`))
    }
    assert.equal(await bank.balance(), before)
    assert.equal((await bank.ask(order.to, { claims: confirms(order) })).status, 200)
  })

  test('is not made by HEAD, nor by a form', async () => {
    await using bank = await openBank()
    const before = await bank.balance()
    const order = await bank.order()
    const claims = confirms(order)
    assert.equal((await bank.ask(order.to, { method: 'HEAD', claims })).status, 403)
    const form = { token: await bank.token() }
    assert.equal((await bank.ask(order.to, { method: 'POST', claims, form })).status, 405)
    assert.equal(await bank.balance(), before)
  })

  for (const [field, value, fault] of [
    ['from', 'nobody’s', /Choose one of your accounts/],
    ['to', '  ', /Say who gets it/],
    ['to', 'x'.repeat(71), /At most 70 characters/],
    ['to', 'Aunt\u202e enelraM', /Only characters that can be seen/],
    ['to', 'Aunt\nMarlene', /Only characters that can be seen/],
    ['iban', 'GB82 WEST 1234 5698 7654 33', /check digits do not fit/],
    ['amount', '0', /more than nothing/],
    ['amount', '1,234', /Write the amount in euros/],
    ['amount', '999999.99', /The account has €[\d,.]+ left/],
    ['purpose', 'x'.repeat(141), /At most 140 characters/],
    ['purpose', 'a\u200bb', /Only characters that can be seen/],
  ] as const)
    test(`with ${field} ${JSON.stringify(value.slice(0, 20))} is not held, and the page leads to the field`, async () => {
      await using bank = await openBank()
      const form = { ...TRANSFER, [field]: value, token: await bank.token() }
      const { status, headers, body } = await bank.ask('/transfer', { method: 'POST', form })
      assert.equal(status, 422)
      assert.equal(headers['location'], undefined)
      assert.match(body, fault)
      assert.match(body, /<title>Error: /)
      assert.ok(body.includes(`<a href="#${field}">`))
      assert.match(
        body,
        new RegExp(`id="${field}" name="${field}" aria-describedby="[^"]*${field}-fault" aria-invalid="true"`),
      )
      // What was right stays.
      if (field !== 'to') assert.ok(body.includes('value="Aunt Marlene"'))
    })

  test('from the account to itself is not held', async () => {
    await using bank = await openBank()
    const [, iban = ''] = /IBAN<\/dt><dd>([^<]+)</.exec((await bank.ask('/accounts/current')).body) ?? []
    const form = { ...TRANSFER, iban, token: await bank.token() }
    const { status, body } = await bank.ask('/transfer', { method: 'POST', form })
    assert.equal(status, 422)
    assert.match(body, /This is the account that it comes from/)
  })
})

suite('a payee', () => {
  const ibanOf = async (bank: Awaited<ReturnType<typeof openBank>>, path: string) =>
    /name="iban"[^>]* value="([^"]*)"/.exec((await bank.ask(path)).body)?.[1]

  test('has another IBAN once that is confirmed, and not before', async () => {
    await using bank = await openBank()
    const before = await ibanOf(bank, '/payees/payee-2')
    const form = { name: 'Aunt Marlene', iban: 'NO93 8601 1117 947', token: await bank.token() }
    const order = confirmationIn(await bank.ask('/payees/payee-2', { method: 'POST', form }))
    assert.equal(order.matter.title, 'Change a payee')
    assert.deepEqual(order.matter.lines.slice(0, 2), [
      ['Payee', 'Aunt Marlene'],
      ['IBAN', 'NO93 8601 1117 947'],
    ])
    assert.match(order.matter.lines[2]?.join() ?? '', /^Until now,Aunt Marlene, DE/)
    assert.equal((await bank.ask(order.to)).status, 403)
    assert.equal(await ibanOf(bank, '/payees/payee-2'), before)
    assert.equal((await bank.ask(order.to, { claims: confirms(order) })).status, 200)
    assert.equal(await ibanOf(bank, '/payees/payee-2'), 'NO9386011117947')
    assert.equal(await ibanOf(bank, '/transfer?payee=payee-2'), 'NO9386011117947')
  })

  test('is added once that is confirmed, and can be removed', async () => {
    await using bank = await openBank()
    const form = { name: 'New & Sons', iban: 'NO93 8601 1117 947', token: await bank.token() }
    const order = confirmationIn(await bank.ask('/payees/new', { method: 'POST', form }))
    assert.doesNotMatch((await bank.ask('/payees')).body, /New/)
    await bank.ask(order.to, { claims: confirms(order) })
    const { body } = await bank.ask('/payees')
    const [, id = ''] = /New &#38; Sons<\/th>[\s\S]*?action="\/payees\/([\w-]+)\/remove"/.exec(body) ?? []
    const removed = await bank.ask(`/payees/${id}/remove`, { method: 'POST', form: { token: form.token } })
    assert.deepEqual([removed.status, removed.headers['location']], [303, '/payees'])
    assert.doesNotMatch((await bank.ask('/payees')).body, /New/)
    assert.equal((await bank.ask(`/payees/${id}/remove`, { method: 'POST', form: { token: form.token } })).status, 404)
  })

  test('that went away meanwhile is not changed', async () => {
    await using bank = await openBank()
    const form = { name: 'Aunt Marlene', iban: 'NO93 8601 1117 947', token: await bank.token() }
    const order = confirmationIn(await bank.ask('/payees/payee-2', { method: 'POST', form }))
    await bank.ask('/payees/payee-2/remove', { method: 'POST', form: { token: form.token } })
    assert.equal((await bank.ask(order.to, { claims: confirms(order) })).status, 409)
  })

  test('with a wrong IBAN, or of nobody, is not held', async () => {
    await using bank = await openBank()
    const form = { name: 'Aunt Marlene', iban: 'NO93 8601 1117 948', token: await bank.token() }
    assert.equal((await bank.ask('/payees/payee-2', { method: 'POST', form })).status, 422)
    assert.equal((await bank.ask('/payees/payee-9', { method: 'POST', form })).status, 404)
    assert.equal((await bank.ask('/payees/__proto__', { method: 'POST', form })).status, 404)
  })

  test('is one of at most fifty', async () => {
    await using bank = await openBank()
    const form = { name: 'Another', iban: 'NO93 8601 1117 947', token: await bank.token() }
    const orders: Confirmation[] = []
    for (let i = 3; i < 51; i++) orders.push(confirmationIn(await bank.ask('/payees/new', { method: 'POST', form })))
    const answers = []
    for (const order of orders) answers.push((await bank.ask(order.to, { claims: confirms(order) })).status)
    assert.deepEqual(answers, [...Array.from({ length: 47 }, () => 200), 409])
    assert.equal((await bank.ask('/payees/new', { method: 'POST', form })).status, 422)
  })
})
