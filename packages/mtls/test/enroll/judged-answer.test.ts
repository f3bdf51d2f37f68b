// What an authority answers is believed only after it was judged: each answer is right in all but one thing.
import assert from 'node:assert/strict'
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { enroll } from '../../src/enroll/enroll.ts'
import { EnrollmentError } from '../../src/enroll/error.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { issuing, listener, type Recipe, root, startAuthority } from '../support/authority.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createIntermediate, createRoot, dns, NOW, uri } from '../support/pki.ts'

const stranger = createRoot('Acme Root')
const strange = createIntermediate(stranger, 'Acme Issuing 1')
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
const clock = () => NOW

async function enrolling(recipe: Recipe, directory: string) {
  await using authority = await startAuthority(recipe)
  const error = await enroll(authority.token, { directory, clock, timeoutMs: 2_000 }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return { error, requests: authority.requests }
}

suite('a newcomer judges what it is given', () => {
  test('and takes what is right in everything', async () => {
    await using house = await temporaryDirectory()
    const directory = join(house.path, 'alice')
    assert.equal((await enrolling({}, directory)).error, undefined)
    const identity = await openIdentity(directory, { clock })
    identity.close()
    assert.equal(identity.trust.crls.length, 2)
    assert.deepEqual(JSON.parse(await readFile(join(directory, 'authority.json'), 'utf8')), {
      address: '127.0.0.1:8440',
      name: 'authority.localhost',
    })
  })

  test('sends the token’s name and a proof of it, as the protocol has them, and never the secret', async () => {
    await using house = await temporaryDirectory()
    const { requests } = await enrolling({}, join(house.path, 'alice'))
    const [body = ''] = requests
    const sent = JSON.parse(body)
    assert.deepEqual(Object.keys(sent).sort(), ['mac', 'request', 'token'])
    const secret = new Uint8Array(32).fill(7)
    const id = createHmac('sha256', secret).update('countersign enrollment token id v1').digest('base64url')
    assert.equal(sent.token, id)
    assert.equal(Buffer.from(sent.mac, 'base64url').length, 32)
    for (const form of ['base64', 'base64url', 'hex'] as const)
      assert.ok(!body.includes(Buffer.from(secret).toString(form)))
    assert.notEqual(sent.mac, createHash('sha256').update(Buffer.from(sent.request, 'base64')).digest('base64url'))
  })

  const leaf = (change: Recipe['leaf']): Recipe => ({ ...(change && { leaf: change }) })
  const bob = [uri('spiffe://acme.example/bob')]
  const cases: readonly [string, Recipe, string, RegExp][] = [
    ['a certificate for another key', leaf({ publicKey: otherKey }), 'ERR_ENROLL_ANSWER_CERTIFICATE', /another key/],
    ['a certificate for another party', leaf({ names: bob }), 'ERR_ENROLL_ANSWER_CERTIFICATE', /another party/],
    ['another party by word', { change: { party: 'bob' } }, 'ERR_ENROLL_ANSWER_CERTIFICATE', /another party/],
    [
      'a certificate without a party',
      leaf({ names: [dns('alice.acme.example')] }),
      'ERR_ENROLL_ANSWER_CERTIFICATE',
      /another party/,
    ],
    [
      'a certificate of another root',
      { issuer: { ...strange, above: [issuing.certificate, root.certificate] } },
      'ERR_ENROLL_ANSWER_CERTIFICATE',
      /ERR_CALLER_/,
    ],
    [
      'a certificate that another key signed',
      leaf({ signedBy: stranger.privateKey }),
      'ERR_ENROLL_ANSWER_CERTIFICATE',
      /BAD_SIGNATURE/,
    ],
    [
      'an expired certificate',
      leaf({ notAfter: NOW.subtract({ seconds: 1 }) }),
      'ERR_ENROLL_ANSWER_CERTIFICATE',
      /EXPIRED/,
    ],
    [
      'a certificate of tomorrow',
      leaf({ notBefore: NOW.add({ hours: 24 }) }),
      'ERR_ENROLL_ANSWER_CERTIFICATE',
      /NOT_YET_VALID/,
    ],
    ['no revocation list', { crls: [] }, 'ERR_ENROLL_ANSWER_STATUS', /STATUS_UNKNOWN/],
    ['a list of the root alone', { crls: [issueCrl(root)] }, 'ERR_ENROLL_ANSWER_STATUS', /STATUS_UNKNOWN/],
    [
      'lists that strangers signed',
      { crls: [issueCrl(stranger), issueCrl(strange)] },
      'ERR_ENROLL_ANSWER_STATUS',
      /STATUS_UNKNOWN/,
    ],
    [
      'lists that have run out',
      { crls: [issueCrl(root), issueCrl(issuing, { thisUpdate: NOW.subtract({ hours: 48 }) })] },
      'ERR_ENROLL_ANSWER_STATUS',
      /STATUS_UNKNOWN/,
    ],
    [
      'lists that revoke the authority itself',
      { crls: [issueCrl(root), issueCrl(issuing, { revoked: [listener.certificates[0]] })] },
      'ERR_ENROLL_ANSWER_STATUS',
      /REVOKED/,
    ],
    [
      'lists that revoke its issuer',
      { crls: [issueCrl(root, { revoked: [issuing.certificate] }), issueCrl(issuing)] },
      'ERR_ENROLL_ANSWER_STATUS',
      /REVOKED/,
    ],
    ['no certificate', { change: { certificates: [] } }, 'ERR_ENROLL_ANSWER', /certificates/],
    ['too many certificates', { change: { certificates: Array(129).fill('') } }, 'ERR_ENROLL_ANSWER', /certificates/],
    ['octets that are no certificate', { change: { certificates: ['MAA='] } }, 'ERR_ENROLL_ANSWER', /ERR_DER/],
    ['octets that are no list', { change: { crls: ['MAA='] } }, 'ERR_ENROLL_ANSWER', /ERR_DER/],
    [
      'an address that is none',
      { change: { authority: { address: 'x', name: 'y' } } },
      'ERR_ENROLL_ANSWER',
      /authority\.address/,
    ],
    [
      'a list in place of an object',
      { raw: { status: 201, body: '[]' } },
      'ERR_ENROLL_ANSWER',
      /not an object|certificates/,
    ],
    ['no JSON', { raw: { status: 201, body: '<html>' } }, 'ERR_ENROLL_ANSWER', /not JSON/],
    ['octets that are no text', { raw: { status: 201, body: '\u{fffd}'.repeat(3) } }, 'ERR_ENROLL_ANSWER', /not JSON/],
    ['another status', { raw: { status: 200, body: '{}' } }, 'ERR_ENROLL_ANSWER', /HTTP status 200/],
    ['a way elsewhere', { raw: { status: 302, body: '{}' } }, 'ERR_ENROLL_ANSWER', /HTTP status 302/],
    ['more than can be read', { raw: { status: 201, body: 'x'.repeat(67_108_865) } }, 'ERR_ENROLL_ANSWER', /too large/],
    ['nothing', { silent: true }, 'ERR_ENROLL_CONNECTION', /no answer within 2 s/],
  ]
  for (const [name, recipe, code, detail] of cases)
    test(`refuses ${name}, and keeps only its key`, async () => {
      await using house = await temporaryDirectory()
      const directory = join(house.path, 'alice')
      const { error } = await enrolling(recipe, directory)
      assert.ok(error instanceof EnrollmentError, String(error))
      assert.equal(error.code, code, error.message)
      assert.match(error.message, detail)
      assert.match(error.reference ?? '', /^M-/)
      assert.ok(error.next.length > 0)
      assert.deepEqual((await readdir(directory)).sort(), ['identity.csr', 'identity.key', 'status'])
      assert.deepEqual(await readdir(join(directory, 'status')), [])
    })
})

suite('a refusal of the authority', () => {
  const problem = (fields: object): Recipe => ({
    raw: { status: 403, type: 'application/problem+json', body: JSON.stringify(fields) },
  })
  test('speaks in our words, with its detail made harmless and its reference', async () => {
    await using house = await temporaryDirectory()
    const fields = {
      code: 'ERR_ENROLL_NAME',
      title: 'lies',
      next: 'run this',
      detail: 'dns:\u001b[31mx',
      reference: 'M-7F3K-92QD',
    }
    const { error } = await enrolling(problem(fields), join(house.path, 'alice'))
    assert.ok(error instanceof EnrollmentError)
    assert.equal(error.code, 'ERR_ENROLL_NAME')
    assert.equal(error.message, 'the request asks for a name that the invitation does not give: dns:\\u{1b}[31mx')
    assert.equal(error.next, 'ask for the invited names only')
    assert.equal(error.reference, 'M-7F3K-92QD')
  })

  test('without a code that we know is an answer that we did not expect', async () => {
    for (const fields of [{ code: 'ERR_MADE_UP' }, {}, { code: 'ERR_ENROLL_NAME', detail: 7 }]) {
      await using house = await temporaryDirectory()
      const { error } = await enrolling(problem(fields), join(house.path, 'alice'))
      assert.ok(error instanceof EnrollmentError)
      assert.equal(error.code, 'ERR_ENROLL_ANSWER')
    }
  })

  test('of a key that is another’s is answered with a new key, once', async () => {
    await using house = await temporaryDirectory()
    const { error, requests } = await enrolling(problem({ code: 'ERR_ENROLL_KEY_TAKEN' }), join(house.path, 'alice'))
    assert.ok(error instanceof EnrollmentError)
    assert.equal(error.code, 'ERR_ENROLL_KEY_TAKEN')
    assert.equal(requests.length, 2)
    assert.notEqual(requests[0], requests[1])
  })
})
