/**
 * Writes `docs/refusals.md` and `docs/findings.md` from the tables in `@countersign/protocol` and `@countersign/verify`:
 * `node tools/write-refusals.ts [--check]`. With `--check` nothing is written, and a page that is out of step ends with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findingsPage } from './refusals/findings.ts'
import { refusalsPage } from './refusals/page.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
for (const [file, page] of [
  ['docs/refusals.md', refusalsPage()],
  ['docs/findings.md', findingsPage()],
] as const) {
  const path = new URL(`../${file}`, import.meta.url)
  if (!values.check) writeFileSync(path, page)
  else if (readFileSync(path, 'utf8') !== page) {
    console.error(`${file} is not what its table says: run node tools/write-refusals.ts`)
    process.exitCode = 1
  }
}
