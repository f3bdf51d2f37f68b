// docs/security/asvs.md has a row for each requirement of its chapters, and names what is there.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/**
 * The requirements of OWASP ASVS 5.0.0 in these chapters, by section: the level of each in its order. Taken from
 * OWASP_Application_Security_Verification_Standard_5.0.0_en.csv, columns req_id and L.
 */
const LEVELS = {
  'V3.1': '3',
  'V3.2': '113',
  'V3.3': '12223',
  'V3.4': '11222233',
  'V3.5': '11122333',
  'V3.6': '3',
  'V3.7': '22333',
  'V6.1': '122',
  'V6.2': '111111112222',
  'V6.3': '11223333',
  'V6.4': '112233',
  'V6.5': '22222333',
  'V6.6': '2223',
  'V6.7': '33',
  'V6.8': '2222',
  'V7.1': '222',
  'V7.2': '1111',
  'V7.3': '22',
  'V7.4': '11222',
  'V7.5': '223',
  'V7.6': '22',
  'V8.1': '1233',
  'V8.2': '1123',
  'V8.3': '133',
  'V8.4': '23',
  'V11.1': '2233',
  'V11.2': '22233',
  'V11.3': '11233',
  'V11.4': '1222',
  'V11.5': '23',
  'V11.6': '23',
  'V11.7': '33',
  'V12.1': '12233',
  'V12.2': '11',
  'V12.3': '22223',
} as const
const REQUIREMENTS = Object.entries(LEVELS).flatMap(([section, levels]) =>
  [...levels].map((level, i) => ({ id: `${section}.${i + 1}`, level })),
)

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const text = readFileSync(join(ROOT, 'docs/security/asvs.md'), 'utf8')
const ROWS = [...text.matchAll(/^\| (V\d+\.\d+\.\d+) \| (\d) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(
  ([, id = '', level = '', asked = '', state = '', where = '']) => ({ id, level, asked, state, where }),
)
const filesOf = (where: string) => [...where.matchAll(/`([\w./-]+\/[\w.-]+\.ts)`/g)].map(([, file = '']) => file)

suite('docs/security/asvs.md', () => {
  test('has each requirement once, in its order, with its level', () => {
    assert.equal(REQUIREMENTS.length, 146)
    assert.deepEqual(
      ROWS.map(({ id, level }) => ({ id, level })),
      REQUIREMENTS,
    )
  })

  test('says of each that it is met, is not applicable, or is not there yet', () => {
    for (const { id, asked, state, where } of ROWS) {
      assert.match(state, /^(?:met|not applicable|not yet)$/, id)
      assert.ok(asked.length > 4 && where.length > 4, id)
    }
  })

  test('names files that are there; what is met has a test, or is a page', () => {
    for (const { id, state, where } of ROWS) {
      const files = filesOf(where)
      for (const file of files) assert.ok(existsSync(join(ROOT, file)), `${id} names ${file}`)
      if (state !== 'met') continue
      const isPage = /\]\([\w./#-]+\.md[^)]*\)/.test(where)
      const isTested = files.some((file) => /\/test\/|^(?:scenario|attack|interop)\//.test(file))
      assert.ok(isPage || isTested, `${id} says by what it is shown`)
    }
  })

  test('leaves nothing of levels 1 and 2 for later', () => {
    const later = ROWS.filter(({ level, state }) => level !== '3' && state === 'not yet')
    assert.deepEqual(
      later.map(({ id }) => id),
      [],
    )
  })

  test('counts as its rows do', () => {
    for (const level of ['1', '2', '3']) {
      const counted = (state: string) => ROWS.filter((row) => row.level === level && row.state === state).length
      const line = `| ${level} | ${counted('met')} | ${counted('not applicable')} | ${counted('not yet')} |`
      assert.ok(text.includes(`\n${line}\n`), line)
    }
  })
})
