import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, closeSync, openSync, readSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { readSecret } from '../../src/keys/secret.ts'
import { temporaryDirectory } from '../support/core.ts'

function fileWith(t: TestContext, contents: string | Uint8Array, mode = 0o600): string {
  const path = join(temporaryDirectory(t), 'secret')
  writeFileSync(path, contents, { mode })
  return path
}

suite('secrets', () => {
  test('a file: its line, without the end of it', (t) => {
    assert.equal(readSecret(fileWith(t, 'correct horse\n')), 'correct horse')
    assert.equal(readSecret(fileWith(t, 'correct horse\r\n')), 'correct horse')
    assert.equal(readSecret(fileWith(t, ' \u00e1 ', 0o400)), ' \u00e1 ')
  })

  test('a descriptor, which is closed after it', (t) => {
    const descriptor = openSync(fileWith(t, '1234\n'), 'r')
    assert.equal(readSecret(`fd:${descriptor}`), '1234')
    assert.throws(() => readSync(descriptor, new Uint8Array(1)), { code: 'EBADF' })
  })

  test('a link to a file counts as the file does', (t) => {
    const target = fileWith(t, '1234')
    const link = `${target}.link`
    symlinkSync(target, link)
    assert.equal(readSecret(link), '1234')
    chmodSync(target, 0o644)
    assert.throws(() => readSecret(link), { code: 'ERR_AUTHORITY_FILE_MODE' })
  })

  test('refused: what others can read, by path and by descriptor', (t) => {
    const path = fileWith(t, '1234')
    for (const mode of [0o640, 0o604, 0o620, 0o601]) {
      chmodSync(path, mode)
      assert.throws(() => readSecret(path), { code: 'ERR_AUTHORITY_FILE_MODE', path })
    }
    const descriptor = openSync(path, 'r')
    t.after(() => closeSync(descriptor))
    assert.throws(() => readSecret(`fd:${descriptor}`), { code: 'ERR_AUTHORITY_FILE_MODE' })
  })

  test('a descriptor that nobody handed over is refused, and what the runtime has there goes on', () => {
    const module = new URL('../../src/keys/secret.ts', import.meta.url).href
    const script = `import { readSecret } from ${JSON.stringify(module)}
try { readSecret('fd:3') } catch (error) { console.log(error.code) }
setTimeout(() => console.log('the loop turns'), 1)`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.equal(stdout, 'ERR_AUTHORITY_KEY_SECRET\nthe loop turns\n')
  })

  const REFUSED: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['an empty file', '', /empty/],
    ['an empty line', '\n', /empty/],
    ['two lines', 'one\ntwo\n', /one line/],
    ['two ends of a line', 'one\n\n', /one line/],
    ['a NUL', 'one\0two', /one line/],
    ['no UTF-8', Uint8Array.of(0xff, 0xfe), /UTF-8/],
    ['1,025 octets', 'a'.repeat(1_025), /1024/],
  ]
  for (const [name, contents, message] of REFUSED)
    test(`refused: ${name}`, (t) => {
      const path = fileWith(t, contents)
      assert.throws(() => readSecret(path), { code: 'ERR_AUTHORITY_KEY_SECRET', path, message })
    })

  test('1,024 octets are a secret', (t) => {
    assert.equal(readSecret(fileWith(t, 'a'.repeat(1_024))).length, 1_024)
  })

  test('refused: what is not there, a directory, our own output, a descriptor that is not open', (t) => {
    const directory = temporaryDirectory(t)
    for (const [source, message] of [
      [join(directory, 'absent'), /missing/],
      [directory, /directory/],
      ['fd:1', /3 or above/],
      ['fd:', /3 or above/],
      ['fd:-1', /3 or above/],
      ['fd:9999', /not open/],
    ] as const)
      assert.throws(() => readSecret(source), { code: 'ERR_AUTHORITY_KEY_SECRET', message })
  })
})
