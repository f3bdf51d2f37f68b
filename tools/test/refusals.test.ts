import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { REFUSALS } from '@countersign/protocol'
import { refusalsPage } from '../refusals/page.ts'

suite('docs/refusals.md', () => {
  const page = readFileSync(new URL('../../docs/refusals.md', import.meta.url), 'utf8')
  test('is what the table says', () => {
    assert.equal(page, refusalsPage(), 'run node tools/write-refusals.ts')
  })
  test('has one row for every code', () => {
    const rows = [...page.matchAll(/^\| `(ERR_[A-Z_]+)` \|/gm)].map((match) => match[1])
    assert.deepEqual(rows.toSorted(), Object.keys(REFUSALS).toSorted())
  })
})
