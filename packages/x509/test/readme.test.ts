import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

test('the programs of the README run, and print what it says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [reading = '', writing = ''] = [...readme.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1])

  const pem = run(writing, '')
  assert.match(pem, /^-----BEGIN CERTIFICATE-----\n/)
  const said = [...reading.matchAll(/\/\/ (.*)$/gm)].map((match) => match[1])
  const preamble = `import { readFileSync } from 'node:fs'\nconst text = readFileSync(0, 'utf8')\n`
  assert.deepEqual(run(`${preamble}${reading}`, pem).trimEnd().split('\n'), said)
})

/** Runs `program` as a module of this folder. @returns what it printed. */
function run(program: string, input: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    input,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  return stdout
}
