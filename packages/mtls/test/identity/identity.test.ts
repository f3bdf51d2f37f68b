import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { needs } from '../../../../interop/peer.ts'
import { IDENTITY_ERRORS, IdentityError, type IdentityErrorCode } from '../../src/identity/error.ts'
import { pathsOf } from '../../src/identity/files.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { type IdentityParts, writeIdentity } from '../../src/identity/write.ts'
import type { Credential } from '../../src/model.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createIntermediate, createRoot, issueLeaf, pemOf } from '../support/pki.ts'

const root = createRoot('root')
const issuing = createIntermediate(root, 'issuing')
const alice = issueLeaf(issuing, 'alice')
const renewed = issueLeaf(issuing, 'alice')

function partsOf({ privateKey, certificates }: Credential): IdentityParts {
  return {
    privateKey,
    certificates: [certificates[0], issuing.certificate, root.certificate],
    anchors: [root.certificate],
    crls: [issueCrl(root), issueCrl(issuing)],
    authority: { address: '127.0.0.1:8443', name: 'authority.localhost' },
  }
}

/** A written identity in a directory that goes with the test. */
async function written() {
  const directory = await temporaryDirectory()
  const path = join(directory.path, 'alice')
  await writeIdentity(path, partsOf(alice))
  return { path, paths: pathsOf(path), [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
}

const leafOf = (identity: { current(): Credential }) => identity.current().certificates[0].der

suite('writeIdentity and openIdentity', () => {
  test('what was written is opened, with its chain, trust and lists, and without the root in the chain', async () => {
    await using house = await written()
    const identity = await openIdentity(house.path)
    try {
      const { certificates, privateKey } = identity.current()
      assert.deepEqual(
        certificates.map(({ der }) => der),
        [alice.certificates[0].der, issuing.certificate.der],
      )
      assert.ok(privateKey.equals(alice.privateKey))
      assert.deepEqual(identity.trust.anchors[0]?.certificate?.der, root.certificate.der)
      assert.equal(identity.trust.crls.length, 2)
      assert.equal(identity.trust.revocation, 'require')
      assert.equal(identity.directory, house.path)
    } finally {
      identity.close()
    }
  })

  test('only the owner may read the directory and the key, and nothing else lies there', async () => {
    await using house = await written()
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
    assert.equal(await mode(house.path), '700')
    assert.equal(await mode(house.paths.key), '600')
    assert.deepEqual((await readdir(house.path)).sort(), [
      'authority.json',
      'identity.key',
      'identity.pem',
      'status',
      'trust.pem',
    ])
    assert.equal((await readdir(house.paths.status)).length, 2)
    assert.deepEqual(JSON.parse(await readFile(house.paths.authority, 'utf8')), {
      address: '127.0.0.1:8443',
      name: 'authority.localhost',
    })
  })

  test('openssl takes the files as they are', needs('openssl', 'openssl'), async () => {
    await using house = await written()
    const { key, chain, trust } = house.paths
    const verify = ['verify', '-attime', '1780315200', '-CAfile', trust, '-untrusted', chain, chain]
    assert.match(execFileSync('openssl', verify, { encoding: 'utf8' }), /: OK/)
    const publicOf = (args: string[]) => execFileSync('openssl', args, { encoding: 'utf8' })
    assert.equal(publicOf(['pkey', '-in', key, '-pubout']), publicOf(['x509', '-in', chain, '-noout', '-pubkey']))
  })

  test('a CRL of the same issuer takes the place of the older one', async () => {
    await using house = await written()
    await writeIdentity(house.path, { crls: [issueCrl(issuing, { number: 2n })] })
    assert.equal((await readdir(house.paths.status)).length, 2)
  })

  test('a renewal that ended between its two names is found, and its files then fit', async () => {
    await using house = await written()
    await using other = await temporaryDirectory()
    await writeIdentity(join(other.path, 'next'), partsOf(renewed))
    const next = pathsOf(join(other.path, 'next'))
    await rename(next.chain, house.paths.nextChain)
    await rename(next.key, house.paths.nextKey)
    // Before the first name: the old one is in force.
    assert.deepEqual(await opened(house.path), alice.certificates[0].der)
    await rename(house.paths.nextKey, house.paths.key)
    assert.deepEqual(await opened(house.path), renewed.certificates[0].der)
    await assert.rejects(stat(house.paths.nextChain), { code: 'ENOENT' })
    assert.match(await readFile(house.paths.chain, 'utf8'), new RegExp(pemBody(renewed)))
    // A first enrollment that ended between its two names.
    await rename(house.paths.chain, house.paths.nextChain)
    assert.deepEqual(await opened(house.path), renewed.certificates[0].der)
  })

  const faults: readonly [
    string,
    IdentityErrorCode,
    (house: Awaited<ReturnType<typeof written>>) => Promise<unknown>,
  ][] = [
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
    test(`refuses ${name}`, async () => {
      await using house = await written()
      await spoil(house)
      await assert.rejects(openIdentity(house.path), (error: unknown) => {
        assert.ok(error instanceof IdentityError, String(error))
        assert.equal(error.code, code)
        assert.ok(error.file.startsWith(house.path) && error.message.startsWith(error.file))
        assert.equal(error.next, IDENTITY_ERRORS[code][1])
        assert.doesNotMatch(error.message, /PRIVATE|MIG/)
        return true
      })
    })

  test('refuses what belongs to another user', { skip: process.geteuid?.() !== 0 && 'needs root' }, async () => {
    await using house = await written()
    await chown(house.paths.key, 65_534, 65_534)
    await assert.rejects(openIdentity(house.path), { code: 'ERR_IDENTITY_OWNER', file: house.paths.key })
    await chown(house.paths.key, 0, 0)
    await chown(house.path, 65_534, 65_534)
    await assert.rejects(openIdentity(house.path), { code: 'ERR_IDENTITY_OWNER', file: house.path })
    await assert.rejects(writeIdentity(house.path, partsOf(alice)), { code: 'ERR_IDENTITY_OWNER' })
  })

  test('refuses trust or status that is not whole, as they say it themselves', async () => {
    await using house = await written()
    await writeFile(join(house.paths.status, 'x.crl'), 'x')
    await assert.rejects(openIdentity(house.path), { name: 'TrustFileError', code: 'ERR_TRUST_FILE_MALFORMED' })
    await rm(house.paths.status, { recursive: true })
    await assert.rejects(openIdentity(house.path), { name: 'TrustFileError', code: 'ERR_TRUST_NO_STATUS' })
    await rm(house.paths.trust)
    await assert.rejects(openIdentity(house.path), { name: 'TrustFileError', code: 'ERR_TRUST_FILE_MISSING' })
  })

  test('writes into no directory that others may enter, and changes nothing there', async () => {
    await using house = await written()
    await chmod(house.path, 0o755)
    const before = await readFile(house.paths.key, 'utf8')
    await assert.rejects(writeIdentity(house.path, partsOf(renewed)), { code: 'ERR_IDENTITY_MODE' })
    assert.equal(await readFile(house.paths.key, 'utf8'), before)
  })

  test('what a killed process left beside is void and no obstacle, not even as a link', async () => {
    await using house = await written()
    const prey = join(house.path, 'prey')
    await writeFile(prey, 'untouched')
    await symlink(prey, `${house.paths.nextKey}.tmp`)
    await writeFile(`${house.paths.trust}.tmp`, 'half')
    await writeIdentity(house.path, partsOf(renewed))
    assert.equal(await readFile(prey, 'utf8'), 'untouched')
    assert.deepEqual(await opened(house.path), renewed.certificates[0].der)
    assert.deepEqual(
      (await readdir(house.path)).filter((name) => name.endsWith('.tmp')),
      [],
    )
  })

  test('a full disk is said so, and leaves the old identity and nothing half-made', async (t) => {
    await using house = await temporaryDirectory()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', house.path], { stdio: 'pipe' })
    } catch {
      t.skip('a small tmpfs cannot be mounted here')
      return
    }
    try {
      const path = join(house.path, 'alice')
      await writeIdentity(path, partsOf(alice))
      await writeFile(join(house.path, 'filler'), new Uint8Array(36_864)).catch(() => undefined)
      const before = (await readdir(path, { recursive: true })).sort()
      await assert.rejects(writeIdentity(path, partsOf(renewed)), (error: unknown) => {
        assert.ok(error instanceof IdentityError)
        assert.equal(error.code, 'ERR_IDENTITY_NO_SPACE')
        assert.match(error.message, /the disk is full/)
        return true
      })
      assert.deepEqual((await readdir(path, { recursive: true })).sort(), before)
      assert.deepEqual(await opened(path), alice.certificates[0].der)
      await rm(join(house.path, 'filler'))
      await writeIdentity(path, partsOf(renewed))
      assert.deepEqual(await opened(path), renewed.certificates[0].der)
    } finally {
      execFileSync('umount', [house.path])
    }
  })
})

suite('an open identity follows its directory', () => {
  test('another process’s renewal and lists come in force, once', async () => {
    await using house = await written()
    const identity = await openIdentity(house.path)
    try {
      let changes = 0
      const changed = new Promise<void>((resolve) => {
        identity.onChange(() => {
          changes++
          resolve()
        })
      })
      await writeIdentity(house.path, { ...partsOf(renewed), crls: [issueCrl(issuing, { number: 2n })] })
      await changed
      assert.deepEqual(leafOf(identity), renewed.certificates[0].der)
      await identity.reload()
      assert.equal(changes, 1)
      assert.ok(identity.trust.crls.some(({ crl }) => crl.cRLNumber === 2n))
    } finally {
      identity.close()
    }
  })

  test('what can no longer be used raises an alarm with the file’s name, and the old stays', async () => {
    await using house = await written()
    const alarms: unknown[] = []
    const identity = await openIdentity(house.path, {
      log: (event, fields) => {
        alarms.push([event, fields?.['code'], fields?.['file']])
      },
    })
    try {
      await writeFile(house.paths.chain, 'nonsense')
      for (let i = 0; i < 100 && alarms.length === 0; i++) await pause(20)
      assert.deepEqual(alarms[0], ['identity.reload-failed', 'ERR_IDENTITY_MALFORMED', house.paths.chain])
      assert.deepEqual(leafOf(identity), alice.certificates[0].der)
      await assert.rejects(identity.reload(), { code: 'ERR_IDENTITY_MALFORMED' })
    } finally {
      identity.close()
    }
  })
})

async function opened(directory: string): Promise<Uint8Array> {
  const identity = await openIdentity(directory)
  identity.close()
  return leafOf(identity)
}

function pemBody({ certificates }: Credential): string {
  return certificates[0].der.toBase64().slice(0, 60).replaceAll(/[+/]/g, '.')
}

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
