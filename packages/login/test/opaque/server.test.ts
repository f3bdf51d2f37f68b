// OPAQUE's server with OPAQUE's own client: a name that nobody has looks like one that somebody has.
import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { client, server } from '@serenity-kit/opaque'
import { createOpaqueServer } from '../../src/opaque/server.ts'
import { HOST } from '../support/device.ts'
import { testSecret } from '../support/secret.ts'

/** As pages stretch (`browser/opaque-worker.ts`): the server has nothing to do with it. */
const KEY_STRETCHING = 'memory-constrained' as const
const identifiers = { client: 'carol', server: HOST }
const octets = (text: string) => Buffer.from(text, 'base64url')

async function registered(t: TestContext, keyStretching: typeof KEY_STRETCHING = KEY_STRETCHING) {
  const secret = await testSecret(t)
  const opaque = await createOpaqueServer(secret, HOST)
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password: 'a blue horse' })
  const registrationResponse = opaque.register('carol', registrationRequest)
  const given = { password: 'a blue horse', clientRegistrationState, registrationResponse, identifiers, keyStretching }
  const { registrationRecord: record, exportKey } = client.finishRegistration(given)
  return { secret, opaque, record, exportKey }
}
const startOf = (password: string) => client.startLogin({ password })

suite('OPAQUE', () => {
  test('signs in who knows the password, with the export key of the registration', async (t) => {
    const { opaque, record, exportKey } = await registered(t)
    const { clientLoginState, startLoginRequest } = startOf('a blue horse')
    const { response, state } = opaque.start('carol', record, startLoginRequest)
    const given = { clientLoginState, loginResponse: response, identifiers, keyStretching: KEY_STRETCHING }
    const done = client.finishLogin({ password: 'a blue horse', ...given })
    assert.ok(done)
    assert.equal(done.exportKey, exportKey)
    assert.equal(opaque.finish('carol', state, done.finishLoginRequest), true)
    // KE3 is for this state, and no other octets.
    const other = opaque.start('carol', record, startLoginRequest)
    assert.equal(opaque.finish('carol', other.state, done.finishLoginRequest), false)
    const changed = octets(done.finishLoginRequest)
    changed[0]! ^= 1
    assert.equal(opaque.finish('carol', state, changed.toString('base64url')), false)
  })

  test('tells nobody else: a wrong password, another account, another server', async (t) => {
    const { opaque, record, secret } = await registered(t)
    const finish = (password: string, response: string, clientLoginState: string, own = identifiers) =>
      client.finishLogin({
        password,
        clientLoginState,
        loginResponse: response,
        identifiers: own,
        keyStretching: KEY_STRETCHING,
      })
    const wrong = startOf('a red horse')
    const answer = opaque.start('carol', record, wrong.startLoginRequest)
    assert.equal(finish('a red horse', answer.response, wrong.clientLoginState), undefined)
    const right = startOf('a blue horse')
    for (const [asked, account, own] of [
      [await createOpaqueServer(secret, 'evil.example'), 'carol', identifiers],
      [opaque, 'dave', identifiers],
      [opaque, 'carol', { client: 'carol', server: 'evil.example' }],
    ] as const) {
      const { response } = asked.start(account, record, right.startLoginRequest)
      assert.equal(finish('a blue horse', response, right.clientLoginState, own), undefined)
    }
  })

  test('refuses what is no message, and what is no record', async (t) => {
    const { opaque, record } = await registered(t)
    const { startLoginRequest } = startOf('x')
    const none = { name: 'OpaqueMessageError' }
    for (const bad of ['', 'AAAA', '!', `${startLoginRequest}AAAA`, Buffer.alloc(96, 255).toString('base64url')]) {
      assert.throws(() => opaque.start('carol', record, bad), none)
      assert.throws(() => opaque.register('carol', bad), none)
    }
    const { state } = opaque.start('carol', record, startLoginRequest)
    for (const bad of ['', 'AAAA', Buffer.alloc(63).toString('base64url')])
      assert.throws(() => opaque.finish('carol', state, bad), none)
    for (const bad of ['', 'AAAA', record.slice(4), `${record}AAAA`, Buffer.alloc(192, 255).toString('base64url')])
      assert.equal(opaque.isRecord(bad), false)
    assert.equal(opaque.isRecord(record), true)
    // A row of ours that is damaged is no fault of whoever asks.
    assert.throws(() => opaque.start('carol', record.slice(4), startLoginRequest), { name: 'Error' })
  })
})

suite('a name that nobody has', () => {
  test('is answered with as many octets, and with the same each time where the protocol shows it twice', async (t) => {
    const { opaque, record, secret } = await registered(t)
    const { startLoginRequest } = startOf('a red horse')
    const ask = (account: string, kept?: string) => octets(opaque.start(account, kept, startLoginRequest).response)
    const [known, again, unknown, unknownAgain] = [
      ask('carol', record),
      ask('carol', record),
      ask('nobody'),
      ask('nobody'),
    ]
    assert.equal(unknown.length, known.length)
    assert.equal(
      octets(opaque.start('nobody', undefined, startLoginRequest).state).length,
      octets(opaque.start('carol', record, startLoginRequest).state).length,
    )
    // RFC 9807 §6.3.2.2: evaluated_message is the OPRF's, of the seed and the name. The rest is fresh for both.
    assert.deepEqual(unknown.subarray(0, 32), unknownAgain.subarray(0, 32))
    assert.deepEqual(known.subarray(0, 32), again.subarray(0, 32))
    assert.notDeepEqual(unknown.subarray(0, 32), ask('noone').subarray(0, 32))
    for (const [one, other] of [
      [known, again],
      [unknown, unknownAgain],
    ] as const)
      for (let at = 32; at < one.length; at += 32)
        assert.notDeepEqual(one.subarray(at, at + 32), other.subarray(at, at + 32))
    // So it stays with another process and after a restart.
    const restarted = await createOpaqueServer(secret, HOST)
    assert.deepEqual(
      octets(restarted.start('nobody', undefined, startLoginRequest).response).subarray(0, 32),
      unknown.subarray(0, 32),
    )
  })

  test('has no password, and no other name opens its answer', async (t) => {
    const { opaque } = await registered(t)
    const { clientLoginState, startLoginRequest } = startOf('a blue horse')
    const { response, state } = opaque.start('nobody', undefined, startLoginRequest)
    const given = { password: 'a blue horse', clientLoginState, loginResponse: response, keyStretching: KEY_STRETCHING }
    assert.equal(client.finishLogin({ ...given, identifiers: { client: 'nobody', server: HOST } }), undefined)
    assert.equal(opaque.finish('nobody', state, Buffer.alloc(64, 1).toString('base64url')), false)
  })

  test('goes the way of a record that is there, which what the library makes up does not', async (t) => {
    const { secret } = await registered(t)
    // Its own is drawn anew for each try: another key, where this one is of the file.
    const publicKey = octets(secret.opaque.fakeRecord).subarray(0, 32)
    assert.equal(octets(secret.opaque.fakeRecord).length, 192)
    assert.notDeepEqual(publicKey, octets(server.getPublicKey(secret.opaque.serverSetup)))
  })
})
