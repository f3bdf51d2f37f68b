// The program in the README does what the README says.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { compilePolicy, createDirectory, decide, readPolicy } from '@countersign/policy'

test('the README’s program prints what stands below it', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const [, program = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
  const printed: unknown[] = []
  const console = { log: (value: unknown) => printed.push(value) }
  const given = { compilePolicy, createDirectory, decide, readPolicy, console }
  new Function(...Object.keys(given), program.replaceAll(/^import .*$/gm, ''))(...Object.values(given))
  assert.match(program, /\/\/ \{ ok: true, rule: 'ops reach the database' \}\n$/)
  assert.deepEqual(printed, [{ ok: true, rule: 'ops reach the database' }])
})
