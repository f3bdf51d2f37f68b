import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FAILPOINTS } from '../src/failpoints.ts'

suite('failpoints', () => {
  const root = fileURLToPath(new URL('../src', import.meta.url))
  const files = globSync('**/*.ts', { cwd: root }).map((file) => readFileSync(`${root}/${file}`, 'utf8'))
  const sites = files.flatMap((text) => [...text.matchAll(/failpoint\('([^']+)'\)/g)].map(([, name]) => name))

  test('every name has exactly one call site, and every call site a name', () => {
    assert.deepEqual(sites.sort(), [...FAILPOINTS].sort())
  })

  test('each moment has a before and an after', () => {
    for (const name of FAILPOINTS) {
      const other = name.includes('.before-')
        ? name.replace('.before-', '.after-')
        : name.replace('.after-', '.before-')
      assert.ok(
        FAILPOINTS.some((candidate) => candidate === other),
        other,
      )
    }
  })
})
