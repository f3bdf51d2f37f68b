import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = globSync(['*.md', 'docs/**/*.md', 'packages/*/*.md', 'vectors/**/*.md'], { cwd: ROOT })

for (const page of PAGES)
  test(`every page that ${page} links to is there`, () => {
    const text = readFileSync(join(ROOT, page), 'utf8')
    const linked = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, to = '']) => to)
    const missing = linked.filter((to) => !/^[a-z]+:/.test(to) && !existsSync(join(ROOT, dirname(page), to)))
    assert.deepEqual(missing, [])
  })
