// The data of a bank, stolen: what a guess at a password costs whoever has them, and what they can never read.
import assert from 'node:assert/strict'
import { argon2Sync, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { client, ready, server } from '@serenity-kit/opaque'
import { Secret } from 'otpauth'
import {
  bankOf,
  invitationOf,
  type NetworkCustomer,
  openLine,
  QUICK_STRETCHING,
  setUpOver,
  shownOf,
} from './support/customer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { BANK_DOOR } from './support/people.ts'

/** What pages stretch a password with: Argon2id with t=3, m=64 MiB, p=4. */
const KEY_STRETCHING = 'memory-constrained'
const PASSWORD = 'nine grey geese in March'
const PHRASE = 'The kettle sings in C sharp'
const IDENTIFIERS = { client: 'carol', server: 'bank.localhost' }

suite('the data of a bank, stolen', () => {
  let house: RunningHouse
  let carol: NetworkCustomer
  let account: { readonly record: string; readonly of_password: string; readonly totp_secret: Uint8Array }
  let ofDevice: string
  /** Of `login.secret`. */
  let master: Uint8Array
  let serverSetup: string
  before(async () => {
    house = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [BANK_DOOR] } })
    carol = await setUpOver(await openLine(await bankOf(house)), {
      ...{ account: 'carol', invitation: await invitationOf(house, 'carol'), password: PASSWORD },
      ...{ shown: shownOf(PHRASE, randomBytes(5000)), keyStretching: KEY_STRETCHING },
    })
    carol.line.close()
    await house.stop('SIGKILL')
    // From here on there is a thief, and nobody else.
    const files = await readdir(house.data, { recursive: true })
    const pathOf = (name: string) => join(house.data, files.find((path) => basename(path) === name) ?? '')
    const store = new DatabaseSync(pathOf('store.db'))
    account = store.prepare('SELECT record, of_password, totp_secret FROM login_account').get() as typeof account
    ofDevice = String(store.prepare('SELECT of_device FROM login_device').get()?.['of_device'])
    store.close()
    const { secret, opaque } = JSON.parse(await readFile(pathOf('login.secret'), 'utf8'))
    master = Buffer.from(secret, 'base64url')
    serverSetup = opaque.serverSetup
    await ready
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
  })

  /** One guess off line: both sides of OPAQUE are played by the thief. Answers the export key where it is right. */
  const guess = (
    password: string,
    serverSetup: string,
    keyStretching: typeof KEY_STRETCHING | typeof QUICK_STRETCHING,
  ) => {
    const { clientLoginState, startLoginRequest } = client.startLogin({ password })
    const { loginResponse } = server.startLogin({
      ...{ serverSetup, userIdentifier: 'carol', registrationRecord: account.record, startLoginRequest },
      identifiers: IDENTIFIERS,
    })
    const done = client.finishLogin({
      ...{ password, clientLoginState, loginResponse, keyStretching, identifiers: IDENTIFIERS },
    })
    return done?.exportKey
  }
  /** What the door derives for one use of its secret. */
  const keyFor = (purpose: string, context = '') =>
    new Uint8Array(hkdfSync('sha256', master, '', `countersign login ${purpose} v1\0${context}`, 32))
  const pictureKey = (exportKey: string) =>
    new Uint8Array(hkdfSync('sha256', Buffer.from(exportKey, 'base64url'), '', 'countersign login picture v1', 32))

  test('with the secret of the door a guess is an Argon2id, not less', (t) => {
    const [wrong, whole] = timed(() => guess('nine grey geese in April', serverSetup, KEY_STRETCHING))
    assert.equal(wrong, undefined)
    assert.ok(guess(PASSWORD, serverSetup, KEY_STRETCHING))
    // Whoever saves himself the stretching finds nothing, not even with the right one.
    const [cheap, quick] = timed(() => guess(PASSWORD, serverSetup, QUICK_STRETCHING))
    assert.equal(cheap, undefined)

    // RFC 9106 §4, the second recommended option, by OpenSSL.
    const options = { nonce: randomBytes(16), parallelism: 4, tagLength: 64, memory: 65_536, passes: 3 }
    const [, argon2] = timed(() => argon2Sync('argon2id', { message: Buffer.from(PASSWORD), ...options }))
    const [, bare] = timed(() => {
      for (let i = 0; i < 10_000; i++) hash('sha256', `${PASSWORD}${i}`, 'buffer')
    })
    const sha256 = bare / 10_000
    t.diagnostic(
      `a guess ${whole.toFixed(0)} ms (Argon2id by OpenSSL ${argon2.toFixed(0)} ms; all but Argon2id ${quick.toFixed(1)} ms), SHA-256 ${sha256.toFixed(5)} ms: ${Math.round(whole / sha256)} to one`,
    )
    assert.ok(whole > 1_000 * sha256, `${whole} ms`)
  })

  test('without it nothing can be tested: the right password is as wrong as any', () => {
    for (let i = 0; i < 2; i++) {
      const other = server.createSetup()
      for (const password of [PASSWORD, 'another']) assert.equal(guess(password, other, KEY_STRETCHING), undefined)
    }
    assert.doesNotMatch(account.record, new RegExp(serverSetup.slice(0, 20)))
  })

  test('picture and phrase open by the right password, and by nothing that was stolen', () => {
    const purposes = ['proof nonce', 'set-up state', 'sign-in state', 'totp secret', 'recovery code'] as const
    const more = ['waiting code', 'unknown name', 'challenge nonce', 'passkey user'] as const
    const stolen = [...purposes, ...more].flatMap((purpose) => [keyFor(purpose), keyFor(purpose, 'carol')])
    const setUp = Buffer.from(serverSetup, 'base64url')
    const record = Buffer.from(account.record, 'base64url')
    for (const octets of [setUp, record])
      for (let at = 0; at + 32 <= octets.length; at += 32) stolen.push(octets.subarray(at, at + 32))
    for (const key of stolen) assert.throws(() => open(account.of_password, key), /authenticate/)
    const wrong = pictureKey(randomBytes(64).toString('base64url'))
    assert.throws(() => open(account.of_password, wrong), /authenticate/)

    const exportKey = guess(PASSWORD, serverSetup, KEY_STRETCHING) ?? ''
    assert.ok(open(account.of_password, pictureKey(exportKey)).includes(PHRASE), 'of the password, found')
    // That of the device not even then.
    for (const key of [...stolen, pictureKey(exportKey)]) assert.throws(() => open(ofDevice, key), /authenticate/)
  })

  test('seeds of codes open with the secret of the door, as the docs say, and without it do not', () => {
    const sealed = Buffer.from(account.totp_secret)
    const seed = unsealed(keyFor('totp secret', 'carol'), sealed)
    assert.equal(new Secret({ buffer: Uint8Array.from(seed).buffer }).base32, carol.totpSecret)
    assert.throws(() => unsealed(keyFor('totp secret', 'dave'), sealed), /authenticate/)
    master = randomBytes(32)
    assert.throws(() => unsealed(keyFor('totp secret', 'carol'), sealed), /authenticate/)
  })
})

function timed<Result>(work: () => Result): readonly [Result, number] {
  const began = performance.now()
  const result = work()
  return [result, performance.now() - began]
}

/** RFC 7516 §5.2 with whatever key: what is encrypted is the same for each `alg`. */
function open(jwe: string, key: Uint8Array): Buffer {
  const [header = '', , iv = '', text = '', tag = ''] = jwe.split('.')
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
  decipher.setAAD(Buffer.from(header)).setAuthTag(Buffer.from(tag, 'base64url'))
  return Buffer.concat([decipher.update(text, 'base64url'), decipher.final()])
}

/** AES-256-GCM: nonce, text, tag. */
function unsealed(key: Uint8Array, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
}
