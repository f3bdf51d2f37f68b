import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { exportRootKey } from '../../src/keys/export-root-key.ts'
import { openCore, temporaryDirectory } from '../support/core.ts'

suite('exporting the root key', () => {
  test('writes it for its owner alone; the original stays without remove', async (t) => {
    const { directory, hierarchy } = await openCore(t)
    const file = join(temporaryDirectory(t), 'root.key')
    exportRootKey(directory, file, { remove: false })
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const spki = createPublicKey(createPrivateKey(readFileSync(file, 'utf8'))).export({ type: 'spki', format: 'der' })
    assert.deepEqual(Uint8Array.from(spki), hierarchy.root.subjectPublicKeyInfo.der)
    assert.ok(existsSync(join(directory, 'authority', 'root.key')))
  })

  test('with remove everything goes on: issuing, revoking, lists, the next start', async (t) => {
    const core = await openCore(t)
    exportRootKey(core.directory, join(temporaryDirectory(t), 'root.key'), { remove: true })
    assert.equal(existsSync(join(core.directory, 'authority', 'root.key')), false)
    await core.certify('alice')
    await core.crls.publish()
    await core.store.close()
    const again = await openCore(t, { directory: core.directory })
    await again.certify('bob')
    await again.crls.publish()
    assert.equal(again.published.at(-1)?.cRLNumber, 2n)
  })

  test('a second time there is nothing to export, and it says where to look', async (t) => {
    const { directory } = await openCore(t)
    const away = temporaryDirectory(t)
    exportRootKey(directory, join(away, 'root.key'), { remove: true })
    assert.throws(() => exportRootKey(directory, join(away, 'again.key'), { remove: true }), {
      code: 'ERR_AUTHORITY_ROOT_KEY_ABSENT',
      next: 'find the file that it was exported to',
    })
    assert.equal(existsSync(join(away, 'again.key')), false)
  })

  test('a file that is there is never written over, and the original stays', async (t) => {
    const { directory } = await openCore(t)
    const file = join(temporaryDirectory(t), 'precious')
    writeFileSync(file, 'precious')
    assert.throws(() => exportRootKey(directory, file, { remove: true }), { code: 'ERR_AUTHORITY_EXPORT', path: file })
    assert.equal(readFileSync(file, 'utf8'), 'precious')
    assert.ok(existsSync(join(directory, 'authority', 'root.key')))
  })

  test('a place that cannot be written keeps the original', async (t) => {
    const { directory } = await openCore(t)
    const file = join(temporaryDirectory(t), 'absent', 'root.key')
    assert.throws(() => exportRootKey(directory, file, { remove: true }), { code: 'ERR_AUTHORITY_EXPORT', path: file })
    assert.ok(existsSync(join(directory, 'authority', 'root.key')))
  })

  test('a directory without an authority, and one that others can enter, are refused', (t) => {
    const directory = temporaryDirectory(t)
    const file = join(temporaryDirectory(t), 'root.key')
    assert.throws(() => exportRootKey(directory, file, { remove: false }), { code: 'ERR_AUTHORITY_FILE_MISSING' })
    chmodSync(directory, 0o755)
    assert.throws(() => exportRootKey(directory, file, { remove: false }), { code: 'ERR_AUTHORITY_DIRECTORY_MODE' })
  })
})
