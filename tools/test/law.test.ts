/**
 * Every prohibition of the house is planted once into a copy of it, and must be found there. A check that cannot fail
 * is a defect; so is one that fails on the house as it stands, which the first test and `npm run lint` show.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { after, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { breachesOf, longFiles } from '../law/index.ts'
import { RINGS } from '../law/rings.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LEFT_OUT = new Set(['node_modules', 'dist', 'bundle', '.git', 'countersign-data', 'alice', 'coverage'])
const TOOLS = fileURLToPath(import.meta.resolve('@biomejs/biome/package.json'))
const house = copyHouse()
after(() => rmSync(house, { recursive: true, force: true }))

/** Rule of Biome, file, and what is planted in it. `@` in a path stands for every package of rings 1 and 2. */
const PLANTED_FOR_BIOME: readonly (readonly [rule: string, file: string, code: string])[] = [
  ['correctness/noNodejsModules', '@/fs.ts', "import { readFileSync } from 'node:fs'\nreadFileSync('x')"],
  ['correctness/noNodejsModules', '@/bare.ts', "import { readFileSync } from 'fs'\nreadFileSync('x')"],
  ['correctness/noNodejsModules', '@/late.ts', "export const fs: unknown = import('node:fs')"],
  ['nursery/noJsRestrictedProperties', '@/random.ts', 'export const entropy: number = Math.random()'],
  ['nursery/noJsRestrictedProperties', '@/random-taken.ts', 'export const { random } = Math'],
  ['nursery/noJsRestrictedProperties', '@/now.ts', 'export const now: unknown = Temporal.Now.instant()'],
  ['nursery/noJsRestrictedProperties', '@/now-quoted.ts', "export const now: unknown = Temporal['Now'].instant()"],
  ['nursery/noJsRestrictedProperties', '@/now-taken.ts', 'export const { Now } = Temporal'],
  ...Object.keys(deniedGlobals()).map(
    (name) => ['style/noRestrictedGlobals', `@/global-${name}.ts`, `export const taken: unknown = ${name}`] as const,
  ),
  ['suspicious/noConsole', '@/console.ts', "console.log('x')"],
  ['suspicious/noConsole', 'packages/mtls/src/planted/console.ts', "console.log('x')"],
  ['correctness/noUndeclaredDependencies', '@/ring.ts', "import { x } from '@countersign/mtls'\nx()"],
  ['correctness/noUndeclaredDependencies', '@/ring-type.ts', "import type { X } from 'countersign'\nexport type Y = X"],
  ['correctness/noUndeclaredDependencies', '@/third.ts', "import { z } from 'zod'\nz()"],
  ['correctness/noUndeclaredDependencies', 'packages/mtls/src/planted/through.ts', "import ajv from 'ajv'\najv()"],
  [
    'correctness/noUndeclaredDependencies',
    'packages/countersign/src/planted/test-only.ts',
    "import ws from 'ws'\nws()",
  ],
  [
    'correctness/noUndeclaredDependencies',
    'packages/gateway/src/planted/sibling.ts',
    "import { x } from '@countersign/authority'\nx()",
  ],
  [
    'correctness/noUndeclaredDependencies',
    'packages/authority/test/planted/sibling.ts',
    "import { x } from '@countersign/gateway'\nx()",
  ],
  ['correctness/noUndeclaredDependencies', 'scenario/planted/undeclared.ts', "import pino from 'pino'\npino()"],
  ['suspicious/noImportCycles', '@/ring-a.ts', "import type { B } from './ring-b.ts'\nexport type A = B"],
  ['suspicious/noImportCycles', '@/ring-b.ts', "import type { A } from './ring-a.ts'\nexport type B = A"],
  ['suspicious/noExplicitAny', 'packages/gateway/src/planted/any.ts', 'export const x: any = 1'],
  ['suspicious/noExplicitAny', 'packages/gateway/test/planted/any.ts', 'export const x: any = 1'],
  ['style/noNonNullAssertion', 'packages/gateway/src/planted/bang.ts', 'export const x = (y?: 1): 1 => y!'],
  ['suspicious/noEmptyBlockStatements', 'packages/gateway/src/planted/empty.ts', 'try {\n  x()\n} catch {}'],
  ['performance/noReExportAll', 'packages/gateway/src/planted/all.ts', "export * from './any.ts'"],
  ['nursery/noFloatingPromises', 'packages/gateway/src/planted/float.ts', 'async function f() {}\nf()'],
  [
    'nursery/noMisusedPromises',
    'packages/gateway/src/planted/misused.ts',
    'async function f(): Promise<boolean> {\n  return false\n}\nif (f()) throw new Error()',
  ],
  ['style/noExcessiveLinesPerFile', 'packages/gateway/src/planted/long.ts', 'export {}\n'.repeat(501)],
  ['style/useNodeAssertStrict', 'scenario/planted/loose.ts', "import assert from 'node:assert'\nassert(1)"],
  [
    'suspicious/noFocusedTests',
    'scenario/planted/only.ts',
    "import { test } from 'node:test'\ntest.only('x', () => {})",
  ],
  [
    'suspicious/noSkippedTests',
    'scenario/planted/skip.ts',
    "import { test } from 'node:test'\ntest.skip('x', () => {})",
  ],
]

/** Law, file, and what is planted in it. */
const PLANTED_FOR_US: readonly (readonly [law: string, file: string, code: string])[] = [
  ['import law', 'packages/x509/src/path.ts', "import type { Verdict } from '../../verify/src/model.ts'"],
  ['import law', 'packages/x509/src/test.ts', "import { x } from '../test/x.ts'"],
  ['import law', 'packages/x509/test/path.ts', "import { x } from '../../verify/src/model.ts'"],
  ['import law', 'packages/x509/src/in-type.ts', "export type Door = import('@countersign/mtls').Door"],
  ['import law', 'packages/x509/src/again.ts', "export { x } from '@countersign/verify'"],
  ['import law', 'interop/path.ts', "import { x } from '../packages/x509/src/index.ts'"],
  ['one gate', 'packages/gateway/src/tls.ts', 'connect({ rejectUnauthorized: false })'],
  ['one gate', 'packages/gateway/src/own-tls.ts', "import { connect as open, type TLSSocket } from 'node:tls'"],
  ['one gate', 'packages/gateway/src/own-https.ts', "import { request } from 'node:https'"],
  ['one gate', 'packages/mtls/src/environment.ts', "process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'"],
  [
    'one verifier',
    'packages/gateway/src/own.ts',
    'if (socket.authorized) serve(new X509Certificate(der).checkHost(name))',
  ],
  ['listed exports', 'packages/gateway/src/types.ts', "export type * from './model.ts'"],
  ['no suppression', 'packages/x509/src/quiet.ts', `// ${'biome'}-ignore lint/correctness/noNodejsModules: I must`],
  ['no suppression', 'packages/x509/src/quiet-group.ts', `// ${'biome'}-ignore-all lint/correctness: I must`],
  ['no suppression', 'packages/x509/src/quiet-all.ts', `// ${'biome'}-ignore-all lint: I must`],
  ['nothing left open', 'packages/gateway/src/later.ts', `// ${'TO'}${'DO'}: check the peer`],
  ['peers', 'packages/x509/test/silent.test.ts', "spawnSync('openssl', ['version'])"],
  ['peers', 'interop/unknown.interop.ts', "test('x', needs('foreign', 'foreign-package'), f)"],
]

test('the house as it stands breaks no law', () => {
  assert.deepEqual(breachesOf(ROOT), [])
})

suite('Biome finds what is planted', () => {
  const inner = Object.keys(RINGS).filter((name) => (RINGS[name] ?? 0) <= 2)
  const planted = PLANTED_FOR_BIOME.flatMap(([rule, file, code]) =>
    file.startsWith('@/')
      ? inner.map((name) => [rule, file.replace('@', `packages/${name}/src/planted`), code] as const)
      : [[rule, file, code] as const],
  )
  for (const [, file, code] of planted) plant(file, code)
  const found = biome(house)
  for (const [, file] of planted) rmSync(join(house, file))
  for (const [rule, file] of planted) {
    test(`${rule} in ${file}`, () => {
      assert.ok(found.includes(`lint/${rule} ${file}`), found.filter((each) => each.endsWith(file)).join())
    })
  }
})

suite('tools/law.ts finds what is planted', () => {
  for (const [, file, code] of PLANTED_FOR_US) plant(file, code)
  const found = breachesOf(house)
  for (const [, file] of PLANTED_FOR_US) rmSync(join(house, file))
  for (const [law, file, code] of PLANTED_FOR_US)
    test(`${law}: ${code}`, () => {
      assert.deepEqual(
        found.filter((breach) => breach.file === file).map((breach) => [breach.law, breach.line]),
        [[law, 1]],
      )
    })
  test('and nothing else', () => {
    assert.equal(found.length, PLANTED_FOR_US.length)
  })

  const changed: readonly (readonly [law: string, file: string, from: string, to: string])[] = [
    ['import law', 'packages/x509/package.json', '"files"', '"dependencies": { "@countersign/verify": "*" }, "files"'],
    ['import law', 'packages/verify/package.json', '"files"', '"devDependencies": { "countersign": "*" }, "files"'],
    [
      'import law',
      'packages/authority/package.json',
      '"@countersign/mtls"',
      '"@countersign/gateway": "*", "@countersign/mtls"',
    ],
    ['import law', 'packages/mtls/tsconfig.json', '../protocol', '../authority'],
    ['dependencies', 'docs/dependencies.md', '| `fastify`', '| `slowify`'],
    ['lock', 'package-lock.json', '"integrity"', '"resolved": "http://mirror.example/x.tgz", "integrity"'],
    ['lock', 'package-lock.json', '"integrity"', '"was"'],
    ['docstrings', 'packages/verify/src/anchor.ts', '*/\nexport function anchorOf', '*/\n\nexport function anchorOf'],
  ]
  // All that can stand beside each other are looked for at once.
  const rounds = Map.groupBy(
    changed,
    ([law, file], index) => changed.slice(0, index).filter(([l, f]) => l === law && f === file).length,
  )
  for (const round of rounds.values()) {
    const before = new Map(round.map(([, file]) => [file, readFileSync(join(house, file), 'utf8')]))
    for (const [, file, from, to] of round) {
      const path = join(house, file)
      const text = readFileSync(path, 'utf8')
      assert.ok(text.includes(from), `${file} has no ${from}`)
      writeFileSync(path, text.replace(from, to))
    }
    const breaches = breachesOf(house)
    for (const [file, text] of before) writeFileSync(join(house, file), text)
    for (const [law, file, , to] of round)
      test(`${law}: ${to} in ${file}`, () => {
        assert.ok(breaches.some((breach) => breach.law === law && breach.file === file))
      })
  }

  test('a package without a ring', () => {
    plant('packages/stranger/package.json', '{ "name": "@countersign/stranger" }')
    try {
      assert.deepEqual(breachesOf(house), [
        {
          file: 'packages/stranger/package.json',
          law: 'import law',
          text: 'stranger has no ring in tools/law/rings.ts',
        },
      ])
    } finally {
      rmSync(join(house, 'packages/stranger'), { recursive: true })
    }
  })

  test('a file over 300 lines is listed', () => {
    plant('packages/gateway/src/long.ts', 'export {}\n'.repeat(301))
    try {
      assert.deepEqual(
        longFiles(house).filter(({ file }) => file.includes('gateway/src/long')),
        [{ file: 'packages/gateway/src/long.ts', lines: 301 }],
      )
    } finally {
      rmSync(join(house, 'packages/gateway/src/long.ts'))
    }
  })

  test('the command prints the breach and ends with 1, and with 0 on the house as it stands', () => {
    const law = fileURLToPath(new URL('../law.ts', import.meta.url))
    const good = spawnSync(process.execPath, [law, house], { encoding: 'utf8' })
    assert.deepEqual([good.status, good.stderr], [0, ''])
    plant('packages/gateway/src/tls.ts', 'connect({ rejectUnauthorized: false })')
    const bad = spawnSync(process.execPath, [law, house], { encoding: 'utf8' })
    rmSync(join(house, 'packages/gateway/src/tls.ts'))
    assert.equal(bad.status, 1)
    assert.match(bad.stderr, /^packages\/gateway\/src\/tls\.ts:1 {2}one gate: /)
  })
})

function plant(file: string, code: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true })
  writeFileSync(join(house, file), `${code.trimEnd()}\n`)
}

/** The errors of `biome lint`, each as "rule file". Under npm and not, it is the Biome of this house that runs. */
function biome(root: string): readonly string[] {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(dirname(TOOLS), 'bin/biome'),
      'lint',
      '--reporter=json',
      '--max-diagnostics=none',
      '--diagnostic-level=error',
    ],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  assert.match(stdout, /^\{"summary"/, stderr)
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: readonly { category: string; location: { path: string } }[]
  }
  return diagnostics.map(({ category, location }) => `${category} ${location.path}`)
}

function copyHouse(): string {
  const copy = mkdtempSync(join(tmpdir(), 'countersign-law-'))
  cpSync(ROOT, copy, { recursive: true, filter: (source) => !LEFT_OUT.has(basename(source)) || source === ROOT })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function deniedGlobals(): Record<string, string> {
  const { overrides } = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8')) as {
    overrides: readonly {
      linter: { rules: { style?: { noRestrictedGlobals?: { options: { deniedGlobals: Record<string, string> } } } } }
    }[]
  }
  const [denied, second] = overrides.flatMap(({ linter }) => {
    const rule = linter.rules.style?.noRestrictedGlobals
    return rule === undefined ? [] : [rule.options.deniedGlobals]
  })
  assert.ok(denied !== undefined && second === undefined, 'biome.json denies globals to rings 1 and 2, once')
  return denied
}
