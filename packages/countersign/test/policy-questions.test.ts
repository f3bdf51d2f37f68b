// The questions to a policy as a person asks them: from files, by names in any spelling, at doors and at routes.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'

const HOUSE = `
authority: {domain: acme.example, listen: "127.0.0.1:0"}
policy: policy.yaml
parties:
  alice: {labels: [group:ops]}
  dora: {labels: [group:ops], identities: [SPIFFE://Partner.example/dora]}
doors:
  - name: shop
    kind: web
    host: shop.localhost
    listen: "127.0.0.1:0"
    routes: [{path: /admin, service: admin, upstream: {url: "http://127.0.0.1:1"}}]
    upstream: demo
  - name: library
    kind: web
    host: library.localhost
    listen: "127.0.0.1:0"
    routes: [{path: /admin, service: admin, upstream: {url: "http://127.0.0.1:1"}}]
    upstream: demo
`
const RULES = 'meet: [{rule: all, who: any, what: service:shop}]'

async function ask(words: readonly string[], policy: string | Uint8Array, other = RULES) {
  const around = fakeAround({
    cwd: '/house',
    files: { '/house/countersign.yaml': HOUSE, 'other.yaml': other },
  })
  const { readFile } = around
  const code = await main([...words, '--json'], {
    ...around,
    readFile: async (path, maxOctets) => {
      if (path !== '/house/policy.yaml') return readFile(path, maxOctets)
      return typeof policy === 'string' ? new TextEncoder().encode(policy) : policy
    },
  })
  const [line = '{}'] = around.stdout
  return { code, answer: JSON.parse(line), said: around.stderr.join('\n') }
}
const rule = (who: string, more = '') => `meet: [{rule: r, who: "${who}", what: service:shop${more}}]`

suite('the questions to a policy', () => {
  for (const [who, expected] of [
    ['party:alice & spiffe://acme.example/alice', ['alice']],
    [
      'authority:partner & spiffe://partner.example/dora',
      ['dora as spiffe://partner.example/dora of authority:partner'],
    ],
    ['group:ops & authority:partner', ['dora as spiffe://partner.example/dora of authority:partner']],
  ] as const)
    test(`${who}: who-can, what-if and config check say who it is`, async () => {
      const who_ = await ask(['who-can', 'shop'], rule(who))
      assert.equal(who_.code, 0)
      assert.deepEqual(
        who_.answer.who.map((one: { who: string }) => one.who),
        expected,
      )
      const then = await ask(['what-if', 'other.yaml'], rule('party:nobody'), rule(who))
      assert.equal(then.code, 1, 'somebody gains')
      assert.deepEqual(
        then.answer.gains.map((one: { who: string }) => one.who),
        expected,
      )
      const checked = await ask(['config', 'check'], rule(who))
      assert.deepEqual([checked.code, checked.answer.idle], [0, []])
    })

  test('why knows a party by its SPIFFE ID, and another only by its own', async () => {
    const named = rule('spiffe://acme.example/alice')
    for (const word of ['alice', 'party:alice', 'spiffe://acme.example/alice', 'SPIFFE://Acme.example/alice'])
      assert.equal((await ask(['why', word, 'shop'], named)).code, 0, word)
    for (const word of ['alice', 'SPIFFE://Acme.example/alice', 'newcomer'])
      assert.equal((await ask(['why', word, 'shop'], rule('any'))).code, 0, 'a party of this house')
    for (const word of ['dora', 'spiffe://acme.example/Alice', 'spiffe://partner.example/alice'])
      assert.equal((await ask(['why', word, 'shop'], named)).code, 1, word)
    const partner = rule('spiffe://partner.example/dora & group:ops')
    assert.equal((await ask(['why', 'spiffe://Partner.example/dora', 'shop'], partner)).code, 0)
    assert.equal((await ask(['why', 'dora', 'shop'], partner)).code, 1)
  })

  test('why asks for the service of a route at each door that has it', async () => {
    const sees = (name: string) => `meet: [{rule: r, who: any, what: service:admin, sees: ${name}}]`
    for (const name of ['shop.localhost', 'library.localhost', 'spiffe://acme.example/door/library'])
      assert.equal((await ask(['why', 'alice', 'admin'], sees(name))).code, 0, name)
    for (const name of ['other.localhost', '[shop.localhost, library.localhost]', 'spiffe://acme.example/door/admin']) {
      const { code, answer } = await ask(['why', 'alice', 'admin'], sees(name))
      assert.deepEqual([code, answer.decision.code], [1, 'ERR_POLICY_CALLEE'], name)
    }
  })

  test('a name that certificates do not have in this spelling is a fault, as a lock by it would lock nobody', async () => {
    for (const [policy, why] of [
      [`${RULES}\nlock: [{who: Alice@Acme.example, reason: lost}]`, /policy\.yaml:2:14: who: .*: Alice@acme\.example/],
      [rule('DB.acme.example'), /policy\.yaml:1:24: who: .*: db\.acme\.example/],
      [rule('2001:db8:0::7'), /who: .*: 2001:db8::7/],
      [rule('any', ', sees: SPIFFE://acme.example/db'), /sees: .*: spiffe:\/\/acme\.example\/db/],
      [rule('x_y.example'), /no certificate can prove x_y\.example/],
    ] as const)
      for (const words of [
        ['config', 'check'],
        ['who-can', 'shop'],
        ['why', 'alice', 'shop'],
      ]) {
        const { code, said } = await ask(words, policy)
        assert.equal(code, 3)
        assert.match(said, why)
      }
    assert.equal((await ask(['config', 'check'], `${RULES}\nlock: [{who: Alice@acme.example, reason: lost}]`)).code, 0)
  })

  test('a policy compared with itself is a mistake, and not the answer that nobody gains', async () => {
    for (const name of ['policy.yaml', './policy.yaml', '/house/policy.yaml']) {
      const { code, said } = await ask(['what-if', name], RULES)
      assert.equal(code, 2)
      assert.match(said, /is the policy of the house itself/)
    }
    assert.equal((await ask(['what-if', 'other.yaml'], RULES)).code, 0)
  })

  test('a policy that is no text, or empty, is none', async () => {
    const latin1 = new Uint8Array([...new TextEncoder().encode('# caf'), 0xe9, 10, ...new TextEncoder().encode(RULES)])
    for (const [policy, why] of [
      [latin1, /policy\.yaml is not text in UTF-8/],
      ['', /policy\.yaml:1:1: the policy is empty/],
    ] as const) {
      const { code, said } = await ask(['config', 'check'], policy)
      assert.equal(code, 3)
      assert.match(said, why)
    }
  })

  const MUST =
    'must: [encrypt to *@partner.example, encrypt to bob@partner.example, be verified from *@xn--bcher-kva.example]\n'
  for (const [who, to, encrypted, verified] of [
    ['alice', 'bob@Partner.example', 'must encrypt to *@partner.example', null],
    ['alice', 'bob@acme.example', null, null],
    ['eve@b\u00fccher.example', 'bob@acme.example', null, 'must be verified from *@xn--bcher-kva.example'],
    ['bob@partner.example', 'alice@acme.example', null, null],
  ] as const)
    test(`why ${who} mailto:${to}: what must be with it`, async () => {
      const { code, answer } = await ask(['why', who, `mailto:${to}`], MUST)
      assert.equal(code, 0)
      assert.deepEqual(answer, { from: who, to, encrypted, verified })
    })
  test('why mailto: with what is no address is a fault of usage', async () => {
    for (const word of ['partner.example', 'bob', '"bob"@partner.example'])
      assert.equal((await ask(['why', 'alice', `mailto:${word}`], MUST)).code, 2, word)
  })

  test('mail that must be less than before: what-if names it, and wants a second look', async () => {
    const { code, answer } = await ask(
      ['what-if', 'other.yaml'],
      MUST,
      `${RULES}\nmust: [encrypt to bob@partner.example]`,
    )
    assert.equal(code, 1)
    assert.deepEqual(answer.looser, [
      'must encrypt to *@partner.example',
      'must be verified from *@xn--bcher-kva.example',
    ])
    assert.equal((await ask(['what-if', 'other.yaml'], RULES, `${RULES}\n${MUST}`)).code, 0)
    const checked = await ask(['config', 'check'], MUST)
    assert.deepEqual(
      [checked.code, checked.answer.musts, checked.answer.repeated],
      [0, 3, [{ line: 1, rule: 'must encrypt to bob@partner.example' }]],
    )
  })
})
