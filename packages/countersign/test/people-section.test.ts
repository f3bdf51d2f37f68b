// What a door may say of the people who sign in at it, and what it may not say beside it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readConfig } from '../src/config/read-config.ts'

const BANK = {
  ...{ name: 'bank', kind: 'web', host: 'bank.localhost', allow: ['*'], listen: '127.0.0.1:0' },
  ...{ upstream: 'bank', assertion: 'bank', people: {} },
} as const
const read = (door: object) =>
  readConfig(
    new TextEncoder().encode(JSON.stringify({ authority: { listen: '127.0.0.1:0' }, doors: [{ ...BANK, ...door }] })),
    'c.yaml',
  )

suite('the section people', () => {
  for (const [name, door] of [
    ['nothing', {}],
    [
      'all that it can',
      {
        people: {
          ...{ recoveryHours: 0.5, secret: '/run/login.secret' },
          mail: { url: 'smtps://notices@mail.acme.example:465', from: 'bank@acme.example', password: 'fd:3' },
        },
      },
    ],
    ['a mail server without a user', { people: { mail: { url: 'smtp://127.0.0.1:2525', from: 'bank@acme.example' } } }],
    ['a gateway for SMS', { people: { sms: { url: 'https://sms.acme.example:8443/send?of=bank' } } }],
    ['certificates beside it', { callers: 'ask' }],
    [
      'services beside it',
      {
        routes: [
          { path: '/transfer', upstream: 'demo' },
          { path: '/loginx', upstream: 'demo' },
        ],
      },
    ],
  ] as const)
    test(`may say ${name}`, () => assert.deepEqual(read(door).doors[0], { ...read({}).doors[0], ...door }))

  for (const [name, door, message] of [
    ['no more than a mapping', { people: true }, /people/],
    [
      'no other key',
      { people: { recoveryHour: 1 } },
      /people: there is no key recoveryHour; did you mean recoveryHours\?/,
    ],
    ['no waiting that is none', { people: { recoveryHours: 0 } }, /people\.recoveryHours must be more than 0/],
    ['no waiting for ever', { people: { recoveryHours: 721 } }, /people\.recoveryHours must be at most 720/],
    [
      'no gateway for SMS in clear',
      { people: { sms: { url: 'http://sms.acme.example/' } } },
      /people\.sms\.url must be https/,
    ],
    ['no password of one', { people: { sms: { url: 'https://a:b@c/' } } }, /people\.sms\.url must be https/],
    ['no gateway that is none', { people: { sms: {} } }, /people\.sms\.url is missing/],
    ['no secret itself', { people: { secret: { value: 'x' } } }, /people\.secret/],
    ['no mail without a sender', { people: { mail: { url: 'smtp://a' } } }, /people\.mail\.from is missing/],
    [
      'no password in an address',
      { people: { mail: { url: 'smtp://a:b@c', from: 'a@b.example' } } },
      /people\.mail\.url must be .* no password/,
    ],
    [
      'no mail by another protocol',
      { people: { mail: { url: 'https://a', from: 'a@b.example' } } },
      /people\.mail\.url must be smtp/,
    ],
    [
      'no mail to a path',
      { people: { mail: { url: 'smtp://a/b', from: 'a@b.example' } } },
      /people\.mail\.url must be smtp/,
    ],
    [
      'no sender that is none',
      { people: { mail: { url: 'smtp://a', from: 'bank' } } },
      /people\.mail\.from must be an address/,
    ],
    ['no service that does not learn who came', { assertion: undefined, upstream: 'demo' }, /assertion is missing/],
    ['no proxy', { from: 'edge' }, /from must be left out with people/],
    [
      'no service where people sign in',
      { routes: [{ path: '/Login', upstream: 'demo' }] },
      /routes\.0\.path must be another: people sign in below \/login/,
    ],
    ['no service below it', { routes: [{ path: '/login/api', upstream: 'demo' }] }, /routes\.0\.path must be another/],
  ] as const)
    test(`may say ${name}`, () =>
      assert.throws(
        () => read(door),
        (error: Error) => 'code' in error && error.code === 'ERR_CLI_CONFIG' && message.test(error.message),
      ))
})
