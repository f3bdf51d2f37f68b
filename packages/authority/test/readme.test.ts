import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryDirectory } from './support/core.ts'

test('the program of the README runs, and prints what it says', (t) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, program = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  const said = [...program.matchAll(/\/\/ (.*)$/gm)].map((match) => match[1])
  const directory = temporaryDirectory(t)
  const here = program.replace("'./countersign-data'", JSON.stringify(directory))
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', here], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  assert.deepEqual(stdout.trimEnd().split('\n'), said)
})
