// The secret of a door: made once, and what it has sealed is opened by it alone, for the purpose that it was sealed for.
import assert from 'node:assert/strict'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { suite, test } from 'node:test'
import { LoginSecretError, openSecret, SECRET_FILE } from '../src/secret.ts'
import { testFiles, testSecret } from './support/secret.ts'

const text = new TextEncoder().encode('carol')
const noAccount = async () => undefined

suite('login.secret', () => {
  test('is made once, for nobody else to read, and is the same at the next start', async (t) => {
    const files = testFiles(t)
    const first = await openSecret(files, async () => undefined)
    assert.equal((await stat(files.pathOf(SECRET_FILE))).mode & 0o777, 0o600)
    const second = await openSecret(files, noAccount)
    assert.deepEqual(second.key('proof nonce'), first.key('proof nonce'))
    assert.deepEqual(second.opaque, first.opaque)
    assert.notDeepEqual((await testSecret(t)).key('proof nonce'), first.key('proof nonce'))
  })

  test('is one for all who start at once, and so is what each of them goes on with', async (t) => {
    const files = testFiles(t)
    const opened = await Promise.all(Array.from({ length: 8 }, () => openSecret(files, async () => undefined)))
    opened.push(await openSecret(files, async () => undefined))
    const nonces = opened.map((one) => Buffer.from(one.key('proof nonce')).toString('hex'))
    assert.equal(new Set(nonces).size, 1)
    assert.equal(new Set(opened.map(({ opaque }) => opaque.serverSetup)).size, 1)
    assert.deepEqual(await readdir(dirname(files.pathOf(SECRET_FILE))), [SECRET_FILE])
  })

  test('that is of another house than the accounts stops the start: nobody could sign in, and no password would be right', async (t) => {
    const [own, other] = [testFiles(t), testFiles(t)]
    const secret = await openSecret(own, async () => undefined)
    await openSecret(other, async () => undefined)
    const witness = { account: 'carol', totp_secret: secret.seal('totp secret', 'carol', text) }
    assert.deepEqual((await openSecret(own, async () => witness)).key('proof nonce'), secret.key('proof nonce'))
    await assert.rejects(
      openSecret(other, async () => witness),
      {
        name: 'LoginSecretError',
        message: /login\.secret is not the one that the accounts of this door were opened with/,
      },
    )
    // One that was never told a secret says nothing.
    await openSecret(other, async () => ({ account: 'dave', totp_secret: null }))
  })

  test('that is gone while there are accounts stops the start, and no other is made', async (t) => {
    const files = testFiles(t)
    await assert.rejects(
      openSecret(files, async () => ({ account: 'carol', totp_secret: null })),
      { name: 'LoginSecretError', message: /login\.secret is not there.*restore/ },
    )
    assert.equal(await files.read(SECRET_FILE), undefined)
  })

  test('that is not as it was written stops the start, and the text is not told', async (t) => {
    const files = testFiles(t)
    await openSecret(files, async () => undefined)
    const path = files.pathOf(SECRET_FILE)
    const good = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
    for (const bad of [
      '',
      '{',
      '{"secret":"hunter2"',
      JSON.stringify({ ...good, secret: 'AAAA' }),
      JSON.stringify({ ...good, version: 2 }),
      JSON.stringify({ ...good, more: 1 }),
      JSON.stringify({ ...good, opaque: {} }),
    ]) {
      await writeFile(path, bad)
      await assert.rejects(openSecret(files, noAccount), (error) => {
        assert.ok(error instanceof LoginSecretError)
        assert.ok(!error.message.includes('hunter2') && !JSON.stringify(error.cause ?? '').includes('hunter2'))
        return true
      })
    }
  })

  test('that others may read is not used', async (t) => {
    const files = testFiles(t)
    await openSecret(files, async () => undefined)
    await chmod(files.pathOf(SECRET_FILE), 0o644)
    await assert.rejects(openSecret(files, noAccount), { name: 'IdentityError' })
  })
})

suite('what is sealed', () => {
  test('is opened for its purpose and context, and is another text each time', async (t) => {
    const secret = await testSecret(t)
    const sealed = secret.seal('totp secret', 'carol', text)
    assert.deepEqual(secret.open('totp secret', 'carol', sealed), text)
    assert.notDeepEqual(secret.seal('totp secret', 'carol', text), sealed)
    assert.equal(sealed.length, 12 + text.length + 16)
  })

  test('is not opened for another purpose, context or door, nor changed', async (t) => {
    const secret = await testSecret(t)
    const sealed = secret.seal('totp secret', 'carol', text)
    const refused = (open: () => unknown) => assert.throws(open, { name: 'LoginSecretError' })
    refused(() => secret.open('waiting code', 'carol', sealed))
    refused(() => secret.open('totp secret', 'dave', sealed))
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.slice()
      changed[at]! ^= 1
      refused(() => secret.open('totp secret', 'carol', changed))
    }
    for (let length = 0; length < sealed.length; length++)
      refused(() => secret.open('totp secret', 'carol', sealed.subarray(0, length)))
    const other = await testSecret(t)
    refused(() => other.open('totp secret', 'carol', sealed))
  })

  test('parts of a MAC do not run into each other', async (t) => {
    const secret = await testSecret(t)
    assert.notDeepEqual(secret.mac('recovery code', 'ab', 'c'), secret.mac('recovery code', 'a', 'bc'))
    assert.notDeepEqual(secret.mac('recovery code', 'ab'), secret.mac('recovery code', 'ab', ''))
    assert.notDeepEqual(secret.mac('recovery code', 'a'), secret.mac('unknown name', 'a'))
    assert.deepEqual(secret.mac('recovery code', 'a', 'b'), secret.mac('recovery code', 'a', 'b'))
  })
})
