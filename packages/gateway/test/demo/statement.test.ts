// Whom the bank believes: each rule of the door's statement broken alone, beside one that holds.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { CompactSign, SignJWT, UnsecuredJWT } from 'jose'
import { STATEMENT_RULES, type StatementRule } from '../../src/demo/bank/statement.ts'
import { AUDIENCE, carolClaims, ISSUER, type Key, makeKey, openBank, SECONDS, type TestBank } from './support.ts'

suite('a statement of the door', () => {
  let bank: TestBank
  let stranger: Key
  before(async () => {
    bank = await openBank()
    stranger = await makeKey('one')
  })
  after(() => bank[Symbol.asyncDispose]())

  const refused = async (statements: readonly string[], rule: StatementRule) => {
    const { status, body } = await bank.ask('/', { statements })
    assert.equal(status, 401)
    assert.ok(body.includes(STATEMENT_RULES[rule]), body)
    assert.doesNotMatch(body, /carol|IBAN|€/)
  }

  test('that holds opens the accounts of whom it names', async () => {
    const { status, body } = await bank.ask('/')
    assert.equal(status, 200)
    assert.match(body, /Signed in as <strong>carol<\/strong> by password and one-time code, on a device/)
    assert.match(body, /M-7F3K-92QD/)
  })

  test('is needed, once', async () => {
    await refused([], 'present')
    const token = await bank.key.sign(carolClaims())
    await refused([token, token], 'present')
  })

  const forms: [string, () => Promise<string>, StatementRule][] = [
    ['no JWT', async () => 'hello', 'form'],
    ['empty', async () => '', 'form'],
    ['too long', async () => bank.key.sign(carolClaims({ more: 'x'.repeat(9000) })), 'form'],
    [
      'head is no JSON',
      async () => `e30x.${(await bank.key.sign(carolClaims())).split('.').slice(1).join('.')}`,
      'form',
    ],
    ['head is a list', async () => `${Buffer.from('[]').toString('base64url')}.e30.AAAA`, 'form'],
    ['no time', async () => bank.key.sign(carolClaims({ exp: undefined })), 'form'],
    ['a time that is a text', async () => bank.key.sign(carolClaims({ jti: 1, iat: 1.5 })), 'form'],
    ['of another type', async () => bank.key.sign(carolClaims(), { typ: 'dpop+jwt' }), 'form'],
    ['unsigned', async () => new UnsecuredJWT(carolClaims()).encode(), 'form'],
    [
      'signed with the public key as a secret',
      async () =>
        new SignJWT(carolClaims())
          .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'one' })
          .sign(Buffer.from(JSON.stringify(bank.key.published))),
      'algorithm',
    ],
    ['of a key that is not published', async () => (await makeKey('two')).sign(carolClaims()), 'key'],
    ['without the name of a key', async () => bank.key.sign(carolClaims(), { kid: undefined }), 'form'],
    ['of another key by the same name', async () => stranger.sign(carolClaims()), 'signature'],
    ['for another service', async () => bank.key.sign(carolClaims({ aud: 'shop' })), 'audience'],
    ['for several services', async () => bank.key.sign(carolClaims({ aud: [AUDIENCE, 'shop'] })), 'form'],
    ['of another door', async () => bank.key.sign(carolClaims({ iss: `${ISSUER}.example` })), 'issuer'],
    ['that is over', async () => bank.key.sign(carolClaims({ iat: SECONDS - 60, exp: SECONDS })), 'time'],
    ['of later', async () => bank.key.sign(carolClaims({ iat: SECONDS + 3, exp: SECONDS + 63 })), 'time'],
    ['that holds too long', async () => bank.key.sign(carolClaims({ exp: SECONDS + 61 })), 'time'],
    ['of nobody who signed in', async () => bank.key.sign(carolClaims({ proofs: undefined })), 'person'],
    ['with no proof at all', async () => bank.key.sign(carolClaims({ proofs: [] })), 'person'],
    ['bound to nothing', async () => bank.key.sign(carolClaims({ cnf: undefined })), 'person'],
    [
      'of a certificate of that name',
      async () => bank.key.sign(carolClaims({ identities: ['dNSName:carol'] })),
      'person',
    ],
    ['of another account', async () => bank.key.sign(carolClaims({ sub: 'dave' })), 'person'],
    ['without a name', async () => bank.key.sign(carolClaims({ sub: undefined })), 'form'],
  ]
  for (const [what, make, rule] of forms)
    test(`${what} is refused: ${rule}`, async () => {
      await refused([await make()], rule)
    })

  test('with something critical that is not understood is refused', async () => {
    // RFC 7515 §4.1.11: `b64` is understood by jose, and not by us.
    const { privateKey } = await generate()
    const token = await new CompactSign(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'one', crit: ['b64'], b64: true })
      .sign(privateKey)
    await refused([token], 'form')
  })

  test('with one octet changed is refused, wherever it is', async () => {
    const token = await bank.key.sign(carolClaims())
    const [head = '', body = '', signature = ''] = token.split('.')
    const other = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1)
    await refused([`${head}.${body}.${other(signature)}`], 'signature')
    await refused([`${head}.${body}.${signature.slice(0, 40)}`], 'signature')
    const claims = Buffer.from(JSON.stringify(carolClaims({ sub: 'dave', identities: ['account:dave'] })))
    await refused([`${head}.${claims.toString('base64url')}.${signature}`], 'signature')
  })

  test('of later by no more than the clocks differ holds', async () => {
    const token = await bank.key.sign(carolClaims({ iat: SECONDS + 2, exp: SECONDS + 62 }))
    assert.equal((await bank.ask('/', { statements: [token] })).status, 200)
  })

  test('is asked for by every page, whatever the method', async () => {
    for (const [method, path] of [
      ['GET', '/accounts/current'],
      ['GET', '/nowhere'],
      ['POST', '/transfer'],
      ['HEAD', '/'],
      ['DELETE', '/payees/payee-0'],
    ])
      assert.equal((await bank.ask(path ?? '', { method: method ?? '', statements: [] })).status, 401)
  })
})

async function generate() {
  const { generateKeyPair } = await import('jose')
  return generateKeyPair('ES256')
}
