// What countersign.yaml may say of people who sign in at a web door.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readConfig } from '../src/config/read-config.ts'

const HOUSE = 'authority: {name: a.localhost, domain: acme.example, listen: "127.0.0.1:7443"}\n'
const door = (...lines: readonly string[]) => `doors:
  - name: bank
    kind: web
    host: [bank.localhost]
    listen: "127.0.0.1:8444"
    upstream: bank
    allow: ["*"]
${lines.map((line) => `    ${line}\n`).join('')}`
const ASSERTION = 'assertion: bank'

const read = (text: string) => readConfig(new TextEncoder().encode(text), '/etc/house/c.yaml')
const peopleOf = (text: string) => {
  const [found] = read(text).doors
  return found?.kind === 'web' ? found.people : assert.fail()
}

suite('people of a web door', () => {
  test('need to be told of, and nothing more', () => {
    assert.deepEqual(peopleOf(HOUSE + door(ASSERTION, 'people: {}')), {})
    assert.equal(peopleOf(HOUSE + door(ASSERTION)), undefined)
  })

  test('name files from the folder of the configuration on, and descriptors as they are', () => {
    const mail = (password: string) =>
      `mail: {url: "smtps://bank@mail.acme.example", from: bank@acme.example, password: "${password}"}`
    assert.deepEqual(
      peopleOf(
        HOUSE + door(ASSERTION, `people: {recoveryHours: 48, secret: keys/bank.secret, ${mail('mail.password')}}`),
      ),
      {
        recoveryHours: 48,
        secret: '/etc/house/keys/bank.secret',
        mail: {
          url: 'smtps://bank@mail.acme.example',
          from: 'bank@acme.example',
          password: '/etc/house/mail.password',
        },
      },
    )
    assert.equal(peopleOf(HOUSE + door(ASSERTION, `people: {${mail('fd:3')}}`))?.mail?.password, 'fd:3')
    assert.deepEqual(peopleOf(HOUSE + door(ASSERTION, 'people: {secret: /run/bank.secret}')), {
      secret: '/run/bank.secret',
    })
  })

  const refused: readonly (readonly [string, string, RegExp])[] = [
    [
      'at a house that joins another',
      `join: identity\n${door(ASSERTION, 'people: {}')}`,
      /^\/etc\/house\/c\.yaml:10: doors\.0\.people must be left out at a house that joins another: accounts stand in the store/,
    ],
    ['without a statement for the service', HOUSE + door('people: {}'), /doors\.0\.assertion is missing/],
    [
      'behind a proxy that says who calls',
      HOUSE + door(ASSERTION, 'from: spiffe://acme.example/proxy', 'people: {}'),
      /doors\.0\.from must be left out/,
    ],
    [
      'with an unknown key',
      HOUSE + door(ASSERTION, 'people: {recoverHours: 1}'),
      /doors\.0\.people: there is no key recoverHours; did you mean recoveryHours\?/,
    ],
    ['as a word', HOUSE + door(ASSERTION, 'people: yes'), /doors\.0\.people is not as it must be/],
    [
      'with no waiting time',
      HOUSE + door(ASSERTION, 'people: {recoveryHours: 0}'),
      /doors\.0\.people\.recoveryHours must be more than 0/,
    ],
    [
      'with a password in an address',
      HOUSE + door(ASSERTION, 'people: {mail: {url: "smtp://a:b@mail.example", from: a@b.example}}'),
      /doors\.0\.people\.mail\.url must be smtp:/,
    ],
    [
      'at a door of another kind',
      `${HOUSE}doors:\n  - {name: db, kind: tcp, host: [db.localhost], listen: "127.0.0.1:1", upstream: "127.0.0.1:2", allow: ["*"], people: {}}\n`,
      /doors\.0: there is no key people/,
    ],
  ]
  for (const [why, text, message] of refused)
    test(`${why}: refused`, () => {
      assert.throws(() => read(text), { name: 'Failure', exit: 3, message })
    })
})
