import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { findProgram, needs, needsVectors, programPath } from '../../interop/peer.ts'

const peer = new URL('../../interop/peer.ts', import.meta.url).href

test('an installed program is found by its absolute path, and its test is not skipped', () => {
  assert.match(String(findProgram('sh')), /^\/.*\/sh$/)
  assert.deepEqual(needs('sh', 'dash'), {})
})

test('a missing program skips its test with the package that brings it', () => {
  const { status, stdout } = needsIn({ COUNTERSIGN_NO_SKIPS: '' })
  assert.equal(status, 0)
  assert.equal(stdout, '{"skip":"no-such-program is not installed (Debian package no-such-package)"}')
})

test('a missing program is a failure where nothing may be skipped', () => {
  const { status, stderr } = needsIn({ COUNTERSIGN_NO_SKIPS: '1' })
  assert.equal(status, 1)
  assert.match(
    stderr,
    /no-such-program is not installed \(Debian package no-such-package\), and COUNTERSIGN_NO_SKIPS=1/,
  )
})

test('an absent vector set is named in the skip', () => {
  assert.deepEqual(needsVectors('no-such-set/file.json'), { skip: 'no-such-set/file.json is not present' })
})

test('a test that did not declare its program is told so', () => {
  assert.throws(() => programPath('no-such-program'), /declare it with needs/)
})

function needsIn(env: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  const program = `import { needs } from ${JSON.stringify(peer)}
process.stdout.write(JSON.stringify(needs('no-such-program', 'no-such-package')))`
  return spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
}
