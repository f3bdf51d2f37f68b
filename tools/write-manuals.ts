/**
 * Writes `docs/api.md`, `docs/cli.md`, `docs/configuration.md`, `docs/profiles.md`, and what the command line asks of the API as
 * types, from the tables of commands, operations and profiles, and the schema: `node tools/write-manuals.ts [--check]`.
 * With `--check` nothing is written, and a page that is out of step ends with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { apiManual } from './manuals/api.ts'
import { cliManual } from './manuals/cli.ts'
import { clientTypes } from './manuals/client-types.ts'
import { configurationManual } from './manuals/configuration.ts'
import { profilesPage } from './manuals/profiles.ts'

const PAGES = {
  'docs/api.md': apiManual,
  'docs/cli.md': cliManual,
  'docs/configuration.md': configurationManual,
  'docs/profiles.md': profilesPage,
  'packages/countersign/src/admin/api-types.ts': clientTypes,
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
for (const [page, write] of Object.entries(PAGES)) {
  const file = fileURLToPath(new URL(`../${page}`, import.meta.url))
  if (!values.check) writeFileSync(file, write())
  else if (readFileSync(file, 'utf8') !== write()) {
    console.error(`${page} is not what the code says: run node tools/write-manuals.ts`)
    process.exitCode = 1
  }
}
