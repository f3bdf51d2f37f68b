// Keys that OpenSSL wrote, and OpenSSL reading ours, are in the contract of keys; here are the refusals.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { formatKey, parseKey } from '../../src/keys/key-file.ts'

const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const PLAIN = KEY.export({ type: 'pkcs8', format: 'pem' }).toString()
/** As Node and OpenSSL write it: PBES2 with 2,048 iterations. */
const ENCRYPTED = KEY.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }).toString()

suite('key files', () => {
  test('a key that Node encrypted is opened, and one of ours comes back', () => {
    assert.ok(parseKey(ENCRYPTED, 'k', 'right').equals(KEY))
    const ours = formatKey(KEY, 'p\u00e1ss')
    assert.match(ours, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
    assert.ok(parseKey(ours, 'k', 'p\u00e1ss').equals(KEY))
    assert.notEqual(formatKey(KEY, 'p\u00e1ss'), ours)
  })

  test('without a passphrase it is what Node writes', () => {
    assert.equal(formatKey(KEY, undefined), PLAIN)
    assert.ok(parseKey(PLAIN, 'k', undefined).equals(KEY))
  })

  test('refused: a wrong passphrase, none, and one too many; each with what to do', () => {
    assert.throws(() => parseKey(ENCRYPTED, 'k', 'wrong'), {
      code: 'ERR_AUTHORITY_KEY_PASSPHRASE',
      path: 'k',
      message: 'the passphrase does not open this private key',
      next: 'give the passphrase that this key was encrypted with',
    })
    assert.throws(() => parseKey(ENCRYPTED, 'k', undefined), {
      code: 'ERR_AUTHORITY_KEY_PASSPHRASE',
      next: /passphrase: FILE/,
    })
    assert.throws(() => parseKey(PLAIN, 'k', 'right'), {
      code: 'ERR_AUTHORITY_KEY_PLAIN',
      next: /openssl pkcs8 -topk8/,
    })
  })

  const REFUSED: readonly (readonly [string, string])[] = [
    ['nothing', ''],
    ['text', 'secret'],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['the older form of a key', KEY.export({ type: 'sec1', format: 'pem' }).toString()],
    [
      'the older form of an encrypted key',
      KEY.export({ type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'right' }).toString(),
    ],
    ['two keys', PLAIN + PLAIN],
    ['a torn block', PLAIN.slice(0, -20)],
    ['octets that are no key', PLAIN.replace(/\n[^-]+\n/, '\nMAMCAQA=\n')],
  ]
  for (const [name, pem] of REFUSED)
    test(`refused: ${name}`, () => {
      assert.throws(() => parseKey(pem, 'k', undefined), { code: 'ERR_AUTHORITY_FILE_MALFORMED', path: 'k' })
    })

  test('refused: encrypted octets that are no key file', () => {
    const broken = ENCRYPTED.replace(/\n[^-]+\n/, '\nMAMCAQA=\n')
    assert.throws(() => parseKey(broken, 'k', 'right'), { code: 'ERR_AUTHORITY_FILE_MALFORMED' })
  })
})
