// What the pages name is there: codes, files, tests and chains; and every code has its row.
import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FINDINGS } from '@countersign/verify'
import { EVERY_CASE } from '../../interop/chains/every-case.ts'
import { findingsPage } from '../refusals/findings.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')
const pages = readdirSync(`${root}docs/protocols`)
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/protocols/${name}`)
const files = [
  'packages/*/{src,test}/**',
  'interop/**',
  'vectors/**',
  'tools/**',
  'bench/**',
  'scenario/**',
  'attack/**',
  'fuzz/**',
  'docs/**',
]
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .map((path) => `/${path}`)
const sources = files
  .filter((path) => /^\/(packages\/[a-z0-9]+\/src|tools)\/.*\.ts$/.test(path))
  .map((path) => read(path.slice(1)))
  .join('\n')

suite('docs/findings.md', () => {
  const page = read('docs/findings.md')
  test('is what the tables say', () => assert.equal(page, findingsPage(), 'run node tools/write-refusals.ts'))
  test('has a chain for every code', () => {
    const chainless = Object.keys(FINDINGS).filter(
      (code) => !new RegExp(`^\\| \`${code}\` .* \\| [^–|][^|]* \\|$`, 'm').test(page),
    )
    assert.deepEqual(chainless, [])
  })
})

test('docs/protocols/rfc9618.md: its chains are there by name', () => {
  const cells = [...read('docs/protocols/rfc9618.md').matchAll(/^\| .* \| ([^|`]+) \|$/gm)].map(([, cell = '']) => cell)
  const named = cells.filter((cell) => cell !== 'Chain').flatMap((cell) => cell.split('; '))
  const known = new Set(EVERY_CASE.map(({ what }) => what))
  assert.ok(named.length > 20)
  assert.deepEqual(
    named.filter((what) => !known.has(what)),
    [],
  )
})

suite('what the pages of protocols name', () => {
  for (const page of pages) {
    const text = read(page)
    test(`${page}: its codes are codes`, () => {
      const codes = [...text.matchAll(/\bERR_[A-Z0-9_]+\b/g)].map(([code]) => code)
      assert.deepEqual(
        [...new Set(codes)].filter((code) => !sources.includes(code)),
        [],
      )
    })
    test(`${page}: its files are there`, () => {
      const named = [...text.matchAll(/`([A-Za-z0-9_./-]+\/|[A-Za-z0-9_./-]+\.(?:ts|json))`/g)].map(
        ([, path = '']) => path,
      )
      const missing = named.filter(
        (path) =>
          !files.some((file) =>
            path.endsWith('/')
              ? file.includes(`/${path}`) || `${file}/`.endsWith(`/${path}`)
              : file.endsWith(`/${path}`),
          ),
      )
      assert.deepEqual([...new Set(missing)], [])
    })
    test(`${page}: its chains are there`, () => {
      const named = [...text.matchAll(/\b((?:[a-z]+-, )*(?:[a-z]+- and )?[a-z]+-cases)\b/g)].flatMap(([words = '']) =>
        words.replace(/-cases$/, '').split(/-(?:, | and )/),
      )
      assert.deepEqual(
        named.filter((name) => !files.includes(`/interop/chains/${name}-cases.ts`)),
        [],
      )
    })
  }
})
