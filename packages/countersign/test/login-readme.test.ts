// The program of login's README, with the authority whose store it uses: only here are both at hand.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('the program of the README of login runs, and prints what it says', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-login-readme-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const readme = await readFile(new URL('../../login/README.md', import.meta.url), 'utf8')
  const [, program = ''] = /```ts fastify\n(.*?)```/s.exec(readme) ?? []
  const said = [...program.matchAll(/^console\.log.* \/\/ (.*)$/gm)].map((match) => match[1])
  assert.equal(said.length, 3)
  const here = program.replaceAll("'./bank-data'", JSON.stringify(join(directory, 'bank-data')))
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', here], {
    cwd: import.meta.dirname,
  })
  assert.deepEqual(stdout.trimEnd().split('\n'), said)
})
