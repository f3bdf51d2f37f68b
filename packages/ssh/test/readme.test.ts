import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { formatAuthorizedKey } from '@countersign/ssh'

test('the programs of the README run, and print what it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [signing = '', reading = ''] = [...readme.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1])

  const key = formatAuthorizedKey({ key: { kind: 'Ed25519', key: new Uint8Array(32) }, comment: 'alice' })
  const line = run(signing, key).trimEnd()
  assert.match(line, /^ssh-ed25519-cert-v01@openssh\.com [A-Za-z0-9+/]+=* alice$/)
  const said = [...reading.matchAll(/\/\/ (.*)$/gm)].map((match) => match[1])
  assert.deepEqual(run(reading, line).trimEnd().split('\n'), said)
})

/** Runs `program` as a module of this folder, with `line` as its constant of that name. @returns what it printed. */
function run(program: string, line: string): string {
  const text = `const line = ${JSON.stringify(line)}\n${program}`
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return stdout
}
