// What other people install: the tarballs of `npm pack`, in an empty project, without a network.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { crl, hours, intermediate, leaf, root, sans } from '../interop/chains/house.ts'
import { openPage, pageOf } from '../interop/chromium/verifier-page.ts'
import { needs } from '../interop/peer.ts'

const HOUSE = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)
const project = mkdtempSync(join(tmpdir(), 'countersign-packed-'))
after(() => rmSync(project, { recursive: true }))

/** Our own conditions must not reach what is installed: it has no sources. */
const { NODE_OPTIONS: _, NODE_COMPILE_CACHE: __, ...env } = process.env

/** Runs a program of the project. @returns what it printed. */
async function inProject(program: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(program, words, { cwd: project, env, maxBuffer: 2 ** 24 }).catch(
    (error: { stdout?: string }) => {
      throw new Error(`${program} ${words.join(' ')}: ${error.stdout}`, { cause: error })
    },
  )
  return stdout
}

const DOOR = { extensions: { subjectAltName: sans({ kind: 'dNSName', value: 'door.example' }) } }

/** Of a certificate that is good for as long as these tests may be run. */
function twentyYears() {
  const long = { notBefore: hours(-24 * 365), notAfter: hours(24 * 365 * 20), thisUpdate: hours(-1) }
  const anchor = root(long)
  const issuing = intermediate(anchor, long)
  const party = leaf(issuing, { ...long, ...DOOR })
  const lists = [anchor, issuing].map((by) => crl(by, { ...long, nextUpdate: hours(24 * 365 * 19) }).crl.der)
  return { anchor, issuing, party, lists }
}

const readmeOf = (name: string) => readFile(join(project, 'node_modules', name, 'README.md'), 'utf8')

function programsOf(readme: string): readonly string[] {
  return [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, program = '']) => program)
}

/** The README's, with the octets that it takes for given. */
async function verifyProgram(): Promise<string> {
  const { anchor, issuing, party, lists } = twentyYears()
  const [rootCrlDer, issuingCrlDer] = lists
  const given = {
    rootDer: anchor.certificate.der,
    issuingDer: issuing.certificate.der,
    leafDer: party.certificate.der,
    rootCrlDer,
    issuingCrlDer,
  }
  const values = Object.entries(given).map(
    ([name, der]) => `const ${name} = Uint8Array.fromBase64('${der?.toBase64()}')`,
  )
  return [...values, ...programsOf(await readmeOf('@countersign/verify'))].join('\n')
}

suite('the packages as they are installed', () => {
  let packed: readonly {
    readonly filename: string
    readonly name: string
    readonly size: number
    readonly files: readonly { path: string }[]
  }[]

  before(async () => {
    const words = [
      'pack',
      '--json',
      '--pack-destination',
      project,
      '-w',
      '@countersign/x509',
      '-w',
      '@countersign/ssh',
      '-w',
      '@countersign/verify',
    ]
    const { stdout } = await run('npm', words, { cwd: HOUSE, env })
    packed = JSON.parse(stdout.slice(stdout.indexOf('[\n')))
    writeFileSync(join(project, 'package.json'), '{ "name": "a-user", "private": true, "type": "module" }\n')
    await inProject(
      'npm',
      'install',
      '--offline',
      '--no-audit',
      '--no-fund',
      ...packed.map(({ filename }) => `./${filename}`),
    )
  })

  test('each holds its modules, their types, a README and the licence, and no source or test', () => {
    for (const { name, files } of packed) {
      const paths = files.map(({ path }) => path)
      for (const wanted of ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts'])
        assert.ok(paths.includes(wanted), `${name} lacks ${wanted}`)
      const others = paths.filter((path) => !/^(LICENSE|README\.md|package\.json|dist\/.*\.(js|d\.ts))$/.test(path))
      assert.deepEqual(others, [], name)
    }
  })

  test('nothing else comes with them', async () => {
    assert.deepEqual((await readdir(join(project, 'node_modules'))).toSorted(), ['.package-lock.json', '@countersign'])
    assert.deepEqual((await readdir(join(project, 'node_modules/@countersign'))).toSorted(), ['ssh', 'verify', 'x509'])
  })

  test('each is as small as its README says', async () => {
    for (const { name, size } of packed) {
      const stated = / (\d+) kB packed/.exec(await readmeOf(name))?.[1]
      assert.ok(size < Number(stated) * 1000, `${name}: ${size} octets, ${stated} kB stated`)
    }
  })

  test('the programs of their READMEs run', async () => {
    const [readPem = '', writePem = ''] = programsOf(await readmeOf('@countersign/x509'))
    writeFileSync(join(project, 'write.mjs'), writePem)
    const pem = await inProject(process.execPath, 'write.mjs')
    writeFileSync(join(project, 'read.mjs'), `const text = ${JSON.stringify(pem)}\n${readPem}`)
    assert.equal(
      await inProject(process.execPath, 'read.mjs'),
      'CN=Acme Root,O=Acme\n2036-01-01T00:00:00Z\n{ cA: true }\ntrue\n',
    )
    const [sign = '', readLine = ''] = programsOf(await readmeOf('@countersign/ssh'))
    const withLine = (line: string, program: string) => `const line = ${JSON.stringify(line)}\n${program}`
    // RFC 8032 §7.1, TEST 1.
    const key = '0000000b7373682d6564323535313900000020d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
    writeFileSync(join(project, 'sign.mjs'), withLine(`ssh-ed25519 ${Uint8Array.fromHex(key).toBase64()}`, sign))
    const line = (await inProject(process.execPath, 'sign.mjs')).trimEnd()
    writeFileSync(join(project, 'line.mjs'), withLine(line, readLine))
    const said = [...readLine.matchAll(/\/\/ (.*)$/gm)].map(([, text]) => text)
    assert.deepEqual((await inProject(process.execPath, 'line.mjs')).trimEnd().split('\n'), said)
    writeFileSync(join(project, 'verify.mjs'), await verifyProgram())
    assert.equal(await inProject(process.execPath, 'verify.mjs'), `believed until ${hours(24 * 365 * 19)}\n`)
  })

  test('the program of the verifier runs in a browser, too', needs('chromium', 'chromium'), async () => {
    const program = `${await verifyProgram()}\nglobalThis.done = true`
    const imports = {
      '@countersign/x509': '/@countersign/x509/dist/index.js',
      '@countersign/verify': '/@countersign/verify/dist/index.js',
    }
    const browser = await openPage((path) => {
      if (path === '/') return ['text/html', pageOf(imports, '/program.js')]
      if (path === '/program.js') return ['text/javascript', program]
      if (!/^\/@countersign\/(?:[\w-]+\/)+[\w-]+\.js$/.test(path)) return undefined
      return ['text/javascript', readFileSync(join(project, 'node_modules', path), 'utf8')]
    })
    try {
      await browser.page.waitForFunction('globalThis.done')
      assert.deepEqual(browser.complaints, [`believed until ${hours(24 * 365 * 19)}`])
    } finally {
      await browser.close()
    }
  })

  test('a strict program without the types of Node compiles against them, runs, accepts and refuses', async () => {
    const { anchor, issuing, party, lists } = twentyYears()
    const text = (ders: readonly Uint8Array[]) => JSON.stringify(ders.map((der) => der.toBase64()))
    const main = `
import { readSshCertificate, SshError } from '@countersign/ssh'
import { anchorOf, checkSignatureOver, indexCrl, type Verdict, verifyPathAsync } from '@countersign/verify'
import { formatName, readCertificate, readCertificateList } from '@countersign/x509'

const octets = (text: string): Uint8Array => Uint8Array.fromBase64(text)
const [root, issuing, leaf] = ${text([anchor, issuing, party].map(({ certificate }) => certificate.der))}.map(octets) as
  [Uint8Array, Uint8Array, Uint8Array]
const crls = ${text(lists)}.map((der) => indexCrl(readCertificateList(octets(der))))
for (const value of ['door.example', 'another.example']) {
  const verdict: Verdict = await verifyPathAsync([leaf, issuing], {
    anchors: [anchorOf(readCertificate(root))],
    issuers: [],
    status: { mode: 'require', crls },
    now: Temporal.Instant.from('${hours(0)}'),
    purpose: 'clientAuth',
    name: { kind: 'dNSName', value },
    checkSignature: checkSignatureOver(crypto.subtle),
  })
  if (verdict.ok) console.log(formatName(verdict.path.anchor.name), verdict.evidence.length)
  else for (const { code, detail } of verdict.findings) console.log(code, detail)
}
try {
  console.log(readSshCertificate(root).principals)
} catch (error) {
  console.log(error instanceof SshError && error.code)
}
`
    writeFileSync(join(project, 'main.ts'), main)
    const options = ['--strict', '--module', 'nodenext', '--target', 'esnext', '--lib', 'esnext,dom', '--types', '']
    await inProject(join(HOUSE, 'node_modules/.bin/tsc'), ...options, '--exactOptionalPropertyTypes', 'main.ts')
    const lines = (await inProject(process.execPath, 'main.js')).trimEnd().split('\n')
    assert.equal(lines[0], 'CN=Root 2')
    assert.match(lines[1] ?? '', /^ERR_VERIFY_NAME /)
    assert.equal(lines[2], 'ERR_SSH_TRUNCATED')
    assert.equal(lines.length, 3)
  })
})
