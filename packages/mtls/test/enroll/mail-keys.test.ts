// A certificate for mail beside a person's own, and the keys of others, at an authority that is right in all but one thing.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type GeneralName, readCertificate } from '@countersign/x509'
import { enroll } from '../../src/enroll/enroll.ts'
import { findMailKeys } from '../../src/enroll/find-mail-keys.ts'
import { certifyMailKey } from '../../src/enroll/renew.ts'
import { issuing, listener, type Recipe, startAuthority } from '../support/authority.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { NOW, uri } from '../support/pki.ts'

const clock = () => NOW
const mail = (value: string): GeneralName => ({ kind: 'rfc822Name', value })
const ALICE = mail('alice@acme.example')
const PERSON = [uri('spiffe://acme.example/alice'), ALICE]
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const FOR_MAIL = { purposes: ['emailProtection'], names: [ALICE] } as const

/** What Alice, who is a person, gets at an authority by `recipe`. */
async function asAlice<T>(recipe: Recipe, act: (directory: string) => Promise<T>) {
  await using house = await temporaryDirectory()
  const directory = join(house.path, 'alice')
  const right = await startAuthority({ leaf: { names: PERSON, purposes: ['clientAuth', 'emailProtection'] } })
  await enroll(right.token, { directory, clock })
  await right[Symbol.asyncDispose]()
  await using authority = await startAuthority(recipe)
  const { address, name } = authority.token
  await writeFile(join(directory, 'authority.json'), JSON.stringify({ address, name }))
  const outcome = await act(directory).catch((error: unknown) => error)
  return { outcome, requests: authority.requests }
}
const codeOf = (outcome: unknown) => (outcome as { code?: string }).code

suite('certifyMailKey', () => {
  test('brings a certificate for the key, of addresses of the person alone', async () => {
    const { privateKey, publicKey } = newKey()
    const { outcome, requests } = await asAlice({ leaf: FOR_MAIL }, (directory) =>
      certifyMailKey(directory, privateKey, { clock }),
    )
    assert.ok(Array.isArray(outcome), String(outcome))
    const spki = publicKey.export({ format: 'der', type: 'spki' })
    assert.deepEqual(Buffer.from(outcome[0].subjectPublicKeyInfo.der), spki)
    assert.equal((JSON.parse(requests[0]!) as { beside?: string }).beside, 'person-encryption')
  })

  const refused: readonly (readonly [string, Recipe])[] = [
    ['for the address of another', { leaf: { ...FOR_MAIL, names: [mail('bob@acme.example')] } }],
    ['for one more address', { leaf: { ...FOR_MAIL, names: [ALICE, mail('bob@acme.example')] } }],
    ['that is a name at doors too', { leaf: { ...FOR_MAIL, names: PERSON } }],
    ['for doors and not for mail', { leaf: { names: [ALICE], purposes: ['clientAuth'] } }],
    ['for another key', { leaf: { ...FOR_MAIL, publicKey: newKey().publicKey } }],
    ['of another party', { leaf: FOR_MAIL, change: { party: 'bob' } }],
  ]
  for (const [what, recipe] of refused)
    test(`believes none ${what}`, async () => {
      const { outcome } = await asAlice(recipe, (directory) =>
        certifyMailKey(directory, newKey().privateKey, { clock }),
      )
      assert.equal(codeOf(outcome), 'ERR_ENROLL_ANSWER_CERTIFICATE')
    })
})

suite('findMailKeys', () => {
  const find = (body: unknown) =>
    asAlice({ raw: { status: 200, body: JSON.stringify(body) } }, (directory) =>
      findMailKeys(directory, 'bob@acme.example', { clock }),
    )
  const certificate = listener.certificates[0].der.toBase64()

  test('answers what the authority says, read and not judged', async () => {
    const { outcome } = await find({
      keys: [{ party: 'bob', certificate }],
      issuers: [issuing.certificate.der.toBase64()],
    })
    assert.deepEqual(outcome, {
      certificates: [readCertificate(listener.certificates[0].der)],
      issuers: [readCertificate(issuing.certificate.der)],
    })
  })

  test('answers nothing where nothing is known', async () => {
    assert.deepEqual((await find({ keys: [], issuers: [] })).outcome, { certificates: [], issuers: [] })
  })

  for (const [what, body] of [
    ['no object', []],
    ['no list', { keys: {}, issuers: [] }],
    ['no base64', { keys: [{ certificate: '*' }], issuers: [] }],
    ['no certificate', { keys: [{ certificate: 'MAA=' }], issuers: [] }],
    ['more keys than an address has', { keys: Array.from({ length: 101 }, () => ({ certificate })), issuers: [] }],
  ] as const)
    test(`takes for an answer ${what}: it is said so`, async () => {
      assert.equal(codeOf((await find(body)).outcome), 'ERR_ENROLL_ANSWER')
    })

  test('hands on a refusal', async () => {
    const raw = { status: 403, body: JSON.stringify({ code: 'ERR_ADMIN_FORBIDDEN' }) }
    const { outcome } = await asAlice({ raw }, (directory) => findMailKeys(directory, 'bob@acme.example', { clock }))
    assert.equal(codeOf(outcome), 'ERR_ADMIN_FORBIDDEN')
  })
})
