// What can be wrong in the section `authority:` of countersign.yaml, key by key: each is refused with its line and path, and
// what nearly fits is named. What its values lead to (a secret that is absent, a store that is away) is told at the start.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readConfig } from '../src/config/read-config.ts'
import { keysAt } from '../src/config/schema.ts'

const read = (authority: object) =>
  readConfig(new TextEncoder().encode(JSON.stringify({ authority: { listen: '127.0.0.1:0', ...authority } })), 'c.yaml')

/** Of each key: how it is easily miswritten, and values that it does not take. */
const KEYS: Readonly<Record<string, { readonly near: string; readonly wrong: readonly unknown[] }>> = {
  name: { near: 'nmae', wrong: [7, ['a.localhost'], '', 'A b', 'a..b', '-a.example', null] },
  domain: { near: 'domian', wrong: [7, {}, '', 'Acme Example', 'spiffe://acme.example', null] },
  organization: { near: 'organisation', wrong: [7, ['Acme'], '', 'x'.repeat(49), null] },
  algorithm: { near: 'algoritm', wrong: [256, ['p256'], '', 'P256', 'rsa', 'p255', null] },
  passphrase: { near: 'passfrase', wrong: [1234, ['secret'], '', { file: 'secret' }, null] },
  issuingKey: { near: 'issueingKey', wrong: [1, ['pkcs11:'], '', 'issuing.key', 'file:issuing.key', null] },
  store: {
    near: 'stor',
    wrong: [5432, ['postgres://a/b'], '', 'mysql://a/b', 'store.db', 'postgres:', 'postgres://a b/c', null],
  },
  keyDirectory: { near: 'keyDirectroy', wrong: [7, 'acme.example', [], [7], ['A b'], [''], {}, null] },
  listen: { near: 'listne', wrong: [7443, ['127.0.0.1:1'], '', '127.0.0.1', ':::1', '127.0.0.1:65536', 'a:b', null] },
}

suite('the section authority', () => {
  test('each of its keys has its cases', () => {
    assert.deepEqual(Object.keys(KEYS).sort(), [...keysAt('authority')].sort())
  })

  let refused = 0
  for (const [key, { near, wrong }] of Object.entries(KEYS)) {
    test(`${near} is no key: its line, its path, and ${key}`, () => {
      assert.throws(() => read({ [near]: 'x' }), {
        name: 'Failure',
        exit: 3,
        code: 'ERR_CLI_CONFIG',
        message: `c.yaml:1: authority: there is no key ${near}; did you mean ${key}?`,
        next: 'see docs/configuration.md',
      })
      refused++
    })
    for (const value of wrong)
      test(`${key}: ${JSON.stringify(value)} is refused by its path`, () => {
        assert.throws(
          () => read({ [key]: value }),
          (error: Error & { exit?: number; code?: string }) => {
            assert.equal(error.exit, 3)
            assert.equal(error.code, 'ERR_CLI_CONFIG')
            assert.match(
              error.message,
              new RegExp(`^c\\.yaml:1: authority\\.${key}\\b(?:\\.\\d+)? (?:must|is not as it must)`),
            )
            return true
          },
        )
        refused++
      })
  }

  test('several faults are told together', () => {
    assert.throws(
      () => read({ nmae: 'a', organization: '', store: 1 }),
      (error: Error) => {
        for (const word of ['no key nmae', 'authority.organization', 'authority.store'])
          assert.ok(error.message.includes(word))
        return true
      },
    )
  })

  test('what all of it is', (t) => {
    assert.equal(
      refused,
      Object.values(KEYS).reduce((sum, { wrong }) => sum + wrong.length + 1, 0),
    )
    t.diagnostic(`${refused} configurations refused, each by its path`)
  })
})
