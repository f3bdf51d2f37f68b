/**
 * Writes `docs/refusals.md` from the table in `@countersign/protocol`: `node tools/write-refusals.ts [--check]`.
 * With `--check` nothing is written, and a page that is out of step ends with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { refusalsPage } from './refusals/page.ts'

const FILE = fileURLToPath(new URL('../docs/refusals.md', import.meta.url))

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const page = refusalsPage()
if (!values.check) writeFileSync(FILE, page)
else if (readFileSync(FILE, 'utf8') !== page) {
  console.error('docs/refusals.md is not what the table says: run node tools/write-refusals.ts')
  process.exitCode = 1
}
