/** Writes `docs/differences.md` from the tables in `interop/differ`: `node --conditions=source tools/write-differences.ts`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { differencesPage } from '../interop/differ/page.ts'

writeFileSync(fileURLToPath(new URL('../docs/differences.md', import.meta.url)), differencesPage())
