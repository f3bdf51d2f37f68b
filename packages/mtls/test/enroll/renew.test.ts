// Renewal and the fetching of lists at an authority that is right in all but one thing: what is in hand stays.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { enroll } from '../../src/enroll/enroll.ts'
import { refreshStatus } from '../../src/enroll/refresh-status.ts'
import { renew } from '../../src/enroll/renew.ts'
import { issuing, listener, type Recipe, root, startAuthority } from '../support/authority.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createRoot, NOW } from '../support/pki.ts'

const clock = () => NOW
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey

/** Alice, enrolled at a right authority, and what `act` does at one by `recipe`. */
async function later(recipe: Recipe, act: (directory: string) => Promise<unknown>) {
  await using house = await temporaryDirectory()
  const directory = join(house.path, 'alice')
  const enrolled = await startAuthority()
  await enroll(enrolled.token, { directory, clock })
  await enrolled[Symbol.asyncDispose]()
  await using authority = await startAuthority(recipe)
  const { address, name } = authority.token
  await writeFile(join(directory, 'authority.json'), JSON.stringify({ address, name }))
  const before = await contents(directory)
  const outcome = await act(directory).catch((error: unknown) => error)
  return { outcome, before, after: await contents(directory), requests: authority.requests }
}

async function contents(directory: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name !== 'status').sort()
  const entries = names.map(async (name) => [name, await readFile(join(directory, name), 'base64')] as const)
  return Object.fromEntries(await Promise.all(entries))
}

suite('renew', () => {
  test('puts the new key, certificate and lists in their places', async () => {
    const { outcome, before, after } = await later({}, (directory) => renew(directory, { clock }))
    assert.ok(!(outcome instanceof Error), String(outcome))
    assert.deepEqual(Object.keys(after), Object.keys(before))
    for (const name of ['identity.key', 'identity.pem']) assert.notEqual(after[name], before[name])
    assert.equal(after['trust.pem'], before['trust.pem'])
  })

  test('a new certificate that is not accepted when it is tried never takes the old one’s place', async () => {
    const status = { status: 403, body: JSON.stringify({ code: 'ERR_CALLER_NOT_ALLOWED' }) }
    const { outcome, before, after, requests } = await later({ status }, (directory) => renew(directory, { clock }))
    assert.equal((outcome as { code?: string }).code, 'ERR_CALLER_NOT_ALLOWED')
    assert.equal(requests.length, 1)
    assert.deepEqual(after, before)
  })

  test('what cannot be believed never comes near the old one', async () => {
    const recipes: readonly [Recipe, string][] = [
      [{ leaf: { publicKey: otherKey } }, 'ERR_ENROLL_ANSWER_CERTIFICATE'],
      [{ change: { party: 'bob' } }, 'ERR_ENROLL_ANSWER_CERTIFICATE'],
      [{ raw: { status: 201, body: '{}' } }, 'ERR_ENROLL_ANSWER'],
    ]
    for (const [recipe, code] of recipes) {
      const { outcome, before, after } = await later(recipe, (directory) => renew(directory, { clock }))
      assert.equal((outcome as { code?: string }).code, code)
      const { 'identity.key.next': next, ...rest } = after
      assert.ok(next)
      assert.deepEqual(rest, before)
    }
  })

  test('a directory that names no authority, or none that can be read, is said so', async () => {
    const cases = {
      '': 'ERR_ENROLL_AUTHORITY_FILE',
      '{}': 'ERR_ENROLL_AUTHORITY_FILE',
      '{"address":"x","name":"y"}': 'ERR_ENROLL_AUTHORITY_FILE',
    }
    for (const [text, code] of Object.entries(cases)) {
      const { outcome } = await later({}, async (directory) => {
        await writeFile(join(directory, 'authority.json'), text)
        return renew(directory, { clock })
      })
      assert.equal((outcome as { code?: string }).code, code)
    }
    const { outcome } = await later({}, async (directory) => {
      await rm(join(directory, 'authority.json'))
      return renew(directory, { clock })
    })
    assert.equal((outcome as { code?: string }).code, 'ERR_IDENTITY_MISSING')
  })
})

suite('refreshStatus', () => {
  const refresh = (directory: string) => refreshStatus(directory, { clock })

  test('writes newer lists, and only those', async () => {
    const { outcome, before, after } = await later(
      { crls: [issueCrl(root), issueCrl(issuing, { number: 2n })] },
      refresh,
    )
    assert.equal(outcome, 1)
    assert.deepEqual(Object.keys(after), Object.keys(before))
    assert.notDeepEqual(after, before)
  })

  const stranger = createRoot('Acme Root')
  const unwritten: Readonly<Record<string, Recipe>> = {
    'the same lists': {},
    'an older list': { crls: [issueCrl(issuing, { number: 0n })] },
    'no list': { crls: [] },
    'a list that another key of that name signed': { crls: [issueCrl(stranger, { number: 9n })] },
    'a list with a signature by another key': { crls: [issueCrl(root, { number: 9n, signedBy: stranger.privateKey })] },
  }
  for (const [name, recipe] of Object.entries(unwritten))
    test(`writes nothing for ${name}`, async () => {
      const { outcome, before, after } = await later(recipe, refresh)
      assert.equal(outcome, 0)
      assert.deepEqual(after, before)
    })

  test('refuses an authority that our own lists have revoked', async () => {
    const { outcome } = await later({}, async (directory) => {
      const revoked = issueCrl(issuing, { number: 5n, revoked: [listener.certificates[0]] })
      await writeFile(join(directory, 'status', 'news.crl'), revoked.der)
      return refresh(directory)
    })
    assert.equal((outcome as { code?: string }).code, 'ERR_CALLEE_REVOKED')
  })
})
