import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { IDENTITY_ERRORS, IdentityError, type IdentityErrorCode } from '../../src/identity/error.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { writeIdentity } from '../../src/identity/write.ts'
import { pemOf } from '../support/pki.ts'
import { alice, partsOf, renewed, type Written, written } from './written.ts'

suite('refused', () => {
  const faults: readonly [string, IdentityErrorCode, (house: Written) => Promise<unknown>][] = [
    ['a directory that is not there', 'ERR_IDENTITY_MISSING', ({ path }) => rm(path, { recursive: true })],
    ['a directory that others may enter', 'ERR_IDENTITY_MODE', ({ path }) => chmod(path, 0o750)],
    ['a file in its place', 'ERR_IDENTITY_UNREADABLE', ({ path }) => replaceByFile(path)],
    ['a missing key', 'ERR_IDENTITY_MISSING', ({ paths }) => rm(paths.key)],
    ['a key that the group may read', 'ERR_IDENTITY_MODE', ({ paths }) => chmod(paths.key, 0o640)],
    ['a key that everybody may read', 'ERR_IDENTITY_MODE', ({ paths }) => chmod(paths.key, 0o604)],
    ['a folder in the key’s place', 'ERR_IDENTITY_UNREADABLE', ({ paths }) => replaceByFolder(paths.key)],
    ['an empty key', 'ERR_IDENTITY_MALFORMED', ({ paths }) => writeFile(paths.key, '')],
    ['a key that is none', 'ERR_IDENTITY_MALFORMED', ({ paths }) => writeFile(paths.key, pemOf(alice.certificates))],
    ['a huge key', 'ERR_IDENTITY_MALFORMED', ({ paths }) => writeFile(paths.key, new Uint8Array(70_000))],
    ['a loop of links as key', 'ERR_IDENTITY_UNREADABLE', ({ paths }) => replaceByLoop(paths.key)],
    ['an enrollment without its end', 'ERR_IDENTITY_UNFINISHED', ({ paths }) => rm(paths.chain)],
    ['an empty chain', 'ERR_IDENTITY_MALFORMED', ({ paths }) => writeFile(paths.chain, '')],
    [
      'a cut chain',
      'ERR_IDENTITY_MALFORMED',
      ({ paths }) => writeFile(paths.chain, pemOf(alice.certificates).slice(0, 300)),
    ],
    ['a huge chain', 'ERR_IDENTITY_MALFORMED', ({ paths }) => writeFile(paths.chain, new Uint8Array(1_100_000))],
    [
      'a key in the chain',
      'ERR_IDENTITY_MALFORMED',
      async ({ paths }) => writeFile(paths.chain, await readFile(paths.key)),
    ],
    [
      'another’s chain',
      'ERR_IDENTITY_KEY_MISMATCH',
      ({ paths }) => writeFile(paths.chain, pemOf(renewed.certificates)),
    ],
  ]
  for (const [name, code, spoil] of faults)
    test(name, async () => {
      await using house = await written()
      await spoil(house)
      await assert.rejects(openIdentity(house.path, { renew: false }), (error: unknown) => {
        assert.ok(error instanceof IdentityError, String(error))
        assert.equal(error.code, code)
        assert.ok(error.file.startsWith(house.path) && error.message.startsWith(error.file))
        assert.equal(error.next, IDENTITY_ERRORS[code][1])
        assert.doesNotMatch(error.message, /PRIVATE|MIG/)
        return true
      })
    })

  test('what belongs to another user', { skip: process.geteuid?.() !== 0 && 'needs root' }, async () => {
    await using house = await written()
    await chown(house.paths.key, 65_534, 65_534)
    await assert.rejects(openIdentity(house.path, { renew: false }), {
      code: 'ERR_IDENTITY_OWNER',
      file: house.paths.key,
    })
    await chown(house.paths.key, 0, 0)
    await chown(house.path, 65_534, 65_534)
    await assert.rejects(openIdentity(house.path, { renew: false }), { code: 'ERR_IDENTITY_OWNER', file: house.path })
    await assert.rejects(writeIdentity(house.path, partsOf(alice)), { code: 'ERR_IDENTITY_OWNER' })
  })

  test('trust or status that is not whole, as they say it themselves', async () => {
    await using house = await written()
    await writeFile(join(house.paths.status, 'x.crl'), 'x')
    await assert.rejects(openIdentity(house.path, { renew: false }), {
      name: 'TrustFileError',
      code: 'ERR_TRUST_FILE_MALFORMED',
    })
    await rm(house.paths.status, { recursive: true })
    await assert.rejects(openIdentity(house.path, { renew: false }), {
      name: 'TrustFileError',
      code: 'ERR_TRUST_NO_STATUS',
    })
    await rm(house.paths.trust)
    await assert.rejects(openIdentity(house.path, { renew: false }), {
      name: 'TrustFileError',
      code: 'ERR_TRUST_FILE_MISSING',
    })
  })

  test('writing into a directory that others may enter; nothing changes there', async () => {
    await using house = await written()
    await chmod(house.path, 0o755)
    const before = await readFile(house.paths.key, 'utf8')
    await assert.rejects(writeIdentity(house.path, partsOf(renewed)), { code: 'ERR_IDENTITY_MODE' })
    assert.equal(await readFile(house.paths.key, 'utf8'), before)
  })
})

async function replaceByFile(path: string): Promise<void> {
  await rm(path, { recursive: true })
  await writeFile(path, '', { mode: 0o600 })
}

async function replaceByFolder(path: string): Promise<void> {
  await rm(path)
  await mkdir(path, { mode: 0o700 })
}

async function replaceByLoop(path: string): Promise<void> {
  await rm(path)
  await symlink(path, path)
}
