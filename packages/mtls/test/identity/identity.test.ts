import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { needs } from '../../../../interop/peer.ts'
import { IdentityError } from '../../src/identity/error.ts'
import { pathsOf } from '../../src/identity/files.ts'
import { openIdentity } from '../../src/identity/open.ts'
import { writeIdentity } from '../../src/identity/write.ts'
import type { Credential } from '../../src/model.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { alice, issuing, opened, partsOf, renewed, root, written } from './written.ts'

suite('writeIdentity and openIdentity', () => {
  test('what was written is opened, with its chain, trust and lists, and without the root in the chain', async () => {
    await using house = await written()
    const identity = await openIdentity(house.path, { renew: false })
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

function pemBody({ certificates }: Credential): string {
  return certificates[0].der.toBase64().slice(0, 60).replaceAll(/[+/]/g, '.')
}
