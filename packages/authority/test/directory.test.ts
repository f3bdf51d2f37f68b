import assert from 'node:assert/strict'
import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openDirectory } from '../src/directory.ts'
import { temporaryDirectory } from './support/core.ts'

const root = process.getuid?.() === 0

suite('the data directory', () => {
  test('is made with mode 0700, its parents too', (t) => {
    const directory = join(temporaryDirectory(t), 'a', 'b')
    openDirectory(directory)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    assert.equal(statSync(join(directory, '..')).mode & 0o777, 0o700)
  })

  for (const mode of [0o755, 0o750, 0o701])
    test(`with mode ${mode.toString(8)} it is refused`, (t) => {
      const directory = temporaryDirectory(t)
      chmodSync(directory, mode)
      assert.throws(() => openDirectory(directory), {
        code: 'ERR_AUTHORITY_DIRECTORY_MODE',
        path: directory,
        next: 'close it to others with chmod 700',
      })
    })

  test('that is read-only is refused', (t) => {
    const directory = temporaryDirectory(t)
    chmodSync(directory, 0o500)
    assert.throws(() => openDirectory(directory), { code: 'ERR_AUTHORITY_DIRECTORY_READ_ONLY', path: directory })
    chmodSync(directory, 0o700)
  })

  test("that is someone else's is refused", root ? {} : { skip: 'only root can give a directory away' }, (t) => {
    const directory = temporaryDirectory(t)
    chownSync(directory, 65534, 65534)
    assert.throws(() => openDirectory(directory), { code: 'ERR_AUTHORITY_DIRECTORY_OWNER', path: directory })
  })

  test('that is a file is refused', (t) => {
    const file = join(temporaryDirectory(t), 'file')
    writeFileSync(file, '', { mode: 0o700 })
    assert.throws(() => openDirectory(file), { code: 'ERR_AUTHORITY_DIRECTORY', path: file })
    assert.throws(() => openDirectory(join(file, 'below')), { name: 'AuthorityError', path: join(file, 'below') })
  })
})
