import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { byHand } from '../src/browser/by-hand.ts'

suite('what to do by hand', () => {
  for (const [platform, first] of [
    ['linux', /^Debian, Ubuntu: sudo apt-get install/],
    ['darwin', /^macOS: sudo security add-trusted-cert .* '\/tmp\/my root\.pem'$/],
    ['win32', /^Windows, as administrator: certutil -addstore -f Root "\/tmp\/my root\.pem"$/],
  ] as const)
    test(`${platform} comes first there, and every other follows`, () => {
      const lines = byHand('/tmp/my root.pem', platform)
      assert.match(lines[0] ?? '', first)
      for (const other of [/^Fedora/, /^Firefox/, /^Chromium/, /^macOS/, /^Windows/, /^iPhone/])
        assert.equal(lines.filter((line) => other.test(line)).length, 1)
    })

  test('a system that nobody thought of gets all of them', () => {
    assert.equal(byHand('root.pem', 'sunos').length, byHand('root.pem', 'linux').length)
  })
})
