// The command as it is published: what it needs beside it, and the licences of what went in.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bundle } from '../bundle.ts'
import { EXTERNAL } from '../testing/link.ts'

const HOME = fileURLToPath(new URL('../../packages/countersign', import.meta.url))

suite('the bundle', () => {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-bundle-'))
  after(() => rmSync(directory, { recursive: true, force: true }))
  before(() => bundle(directory))

  test('what is found beside it is its own dependency, in the release that we test: a project may have another', () => {
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(
      readFileSync(join(HOME, 'package.json'), 'utf8'),
    )
    const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies }
    // `pg` asks for it where somebody has it, and says so.
    for (const name of EXTERNAL.filter((each) => each !== 'pg-native')) {
      const { dependencies: of = {}, peerDependencies: beside = {} } = ownerOf(name)
      assert.equal(declared[name], of[name] ?? beside[name], name)
    }
    const code = readdirSync(directory).filter((name) => name.endsWith('.js'))
    const imported = code.flatMap((name) =>
      [...readFileSync(join(directory, name), 'utf8').matchAll(/^(?:import|\} from)\b[^'"\n]*"([^"]+)"/gm)].map(
        ([, from = '']) => from,
      ),
    )
    assert.ok(imported.includes('openpgp') && imported.includes('node:fs'))
    for (const from of new Set(imported))
      assert.ok(from.startsWith('./') || isBuiltin(from) || EXTERNAL.includes(from), from)
  })

  test('licences: of a package, of what is in it from elsewhere, of one that has it in its README, of a single file', () => {
    const text = readFileSync(join(directory, 'THIRD-PARTY.txt'), 'utf8')
    for (const holder of [
      /^undici [\s\S]*?Copyright \(c\) Matteo Collina and Undici contributors/m,
      /^undici [\s\S]*?Copyright \(c\) 2020 Ethan Arrowood/m,
      /^pg-types [^\n]*: MIT\n\nThe MIT License \(MIT\)\n\nCopyright \(c\) 2014 Brian M\. Carlson/m,
      /^pgpass [^\n]*: MIT\n\nCopyright \(c\) 2013-2016 Hannes Hörl/m,
      /^abstract-logging [^\n]*: MIT\n\n\[MIT License\]/m,
    ])
      assert.match(text, holder)
    assert.doesNotMatch(text, /holds no text/)
    const code = readdirSync(directory).filter((name) => name.endsWith('.js'))
    assert.ok(
      code.some((name) => readFileSync(join(directory, name), 'utf8').includes('formdata-polyfill. MIT License')),
    )
  })
})

/** The manifest of ours that names a package for what it does itself. */
function ownerOf(name: string): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const packages = join(HOME, '..')
  const manifests = readdirSync(packages)
    .filter((each) => each !== 'countersign')
    .map((each) => JSON.parse(readFileSync(join(packages, each, 'package.json'), 'utf8')))
  return manifests.find((each) => name in { ...each.dependencies, ...each.peerDependencies }) ?? assert.fail(name)
}
