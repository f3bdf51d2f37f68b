// A door that proves itself to browsers by a certificate of an authority that is not ours: made by OpenSSL, believed by curl.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { needs, programPath } from '../../../../interop/peer.ts'
import { ask, CALLERS, openTestDoor } from '../../../../tools/testing/web-house.ts'
import { WEB_SECTION } from '../../src/web/section.ts'
import { serveHttp } from '../support/plain-upstream.ts'

const NAME = 'hello.localhost'
const hello = () => serveHttp((_request, response) => response.end('hello'))

/** An authority as a public one is: a root, an issuer below it, and certificates for names. */
async function authority(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const openssl = (...words: readonly string[]) =>
    void execFileSync(programPath('openssl'), [...words], { cwd: folder, stdio: 'pipe' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
  const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
    '-subj',
    '/CN=Public Root',
    '-days',
    '30',
    ...ca,
  )
  const below = (issuer: string, ...extensions: readonly string[]) =>
    ['-x509', '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, ...extensions] as const
  openssl(
    'req',
    ...key,
    '-keyout',
    'issuer.key',
    '-out',
    'issuer.pem',
    '-subj',
    '/CN=Public Issuer',
    '-days',
    '30',
    ...below('root', ...ca),
  )
  const leaf = async (file: string, names: readonly string[]) => {
    const san = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`
    const extensions = [
      '-addext',
      san,
      '-addext',
      'extendedKeyUsage=serverAuth',
      '-addext',
      'basicConstraints=critical,CA:FALSE',
    ]
    openssl(
      'req',
      ...key,
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.leaf`,
      '-subj',
      `/CN=${file}`,
      ...['-days', '10'],
      ...below('issuer', ...extensions),
    )
    const chain = execFileSync('cat', [`${file}.leaf`, 'issuer.pem'], { cwd: folder })
    await writeFile(join(folder, `${file}.pem`), chain, { mode: 0o600 })
    await chmod(join(folder, `${file}.key`), 0o600)
    return { chain: join(folder, `${file}.pem`), key: join(folder, `${file}.key`) }
  }
  return { folder, root: join(folder, 'root.pem'), leaf }
}

/** What curl gets, which believes `root` and nobody else; an error says why not. */
async function curl(root: string, port: number, host = NAME): Promise<string> {
  const { stdout } = await promisify(execFile)(programPath('curl'), [
    ...['--silent', '--show-error', '--max-time', '10', '--cacert', root, '--resolve', `${host}:${port}:127.0.0.1`],
    ...['--write-out', '\n%{certs}', `https://${host}:${port}/`],
  ])
  return stdout
}

const ALL_NAMES = [NAME, '127.0.0.1', 'localhost', 'h', 'a', 'real.example']
const BROWSERS = { [NAME]: 'none' } as const
const options = (certificate: { readonly chain: string; readonly key: string }) =>
  ({ callers: BROWSERS, allow: ['*'], certificate }) as const

suite('a certificate for browsers', { ...needs('openssl', 'openssl'), ...needs('curl', 'curl') }, () => {
  test('is presented where callers are asked for nothing, and the house’s own where they are', async (t) => {
    const { root, leaf } = await authority(t)
    await using upstream = await hello()
    await using door = await openTestDoor(upstream, options(await leaf('public', [NAME])))
    assert.match(await curl(root, door.port), /Public Issuer/)
    // Whoever has a certificate of ours believes ours, and meets the door at a name that asks for it.
    const met = await ask(door, CALLERS.alice, '/', {
      servername: 'localhost',
      headers: { Host: 'localhost' },
      // The certificate of the test is of one name; its issuer is what counts here.
      checkServerIdentity: () => undefined,
    })
    assert.equal(met.status, 200)
    await assert.rejects(curl(root, door.port, 'localhost'), /60|certificate/)
    const [record] = door.records
    assert.equal(record?.callee.name, NAME)
  })

  test('is another from the moment that its files are; a pair that does not fit is an alarm, and changes nothing', async (t) => {
    const { root, leaf, folder } = await authority(t)
    const used = { chain: join(folder, 'live.pem'), key: join(folder, 'live.key') }
    const put = async (pair: { readonly chain: string; readonly key: string }, parts = ['chain', 'key'] as const) => {
      for (const part of parts as readonly ('chain' | 'key')[]) {
        await copyFile(pair[part], `${used[part]}.new`)
        await rename(`${used[part]}.new`, used[part])
      }
    }
    await put(await leaf('first', [NAME]))
    await using upstream = await hello()
    await using door = await openTestDoor(upstream, options(used))
    assert.match(await curl(root, door.port), /CN ?= ?first/)
    const second = await leaf('second', [NAME])
    await put(second)
    await door.door.reread?.()
    assert.match(await curl(root, door.port), /CN ?= ?second/)
    assert.deepEqual(
      door.logs.map(({ event }) => event),
      ['certificate.replaced'],
    )

    const third = await leaf('third', [NAME])
    await copyFile(third.chain, used.chain)
    await door.door.reread?.()
    const [, alarm] = door.logs
    assert.deepEqual([alarm?.event, alarm?.fields['code']], ['certificate.unusable', 'ERR_IDENTITY_KEY_MISMATCH'])
    assert.match(await curl(root, door.port), /CN ?= ?second/)
    await copyFile(third.key, used.key)
    await door.door.reread?.()
    assert.match(await curl(root, door.port), /CN ?= ?third/)
    await rm(used.chain)
    await door.door.reread?.()
    assert.match(await curl(root, door.port), /CN ?= ?third/)
  })

  test('that cannot be used is why the door does not open', async (t) => {
    const { leaf, folder } = await authority(t)
    const good = await leaf('good', [NAME])
    const other = await leaf('other', [NAME])
    const readable = join(folder, 'readable.key')
    await copyFile(good.key, readable)
    await chmod(readable, 0o644)
    const backwards = join(folder, 'backwards.pem')
    await writeFile(backwards, execFileSync('cat', ['good.leaf', 'root.pem'], { cwd: folder }))
    await using upstream = await hello()
    for (const [why, certificate, code] of [
      ['a key of another', { ...good, key: other.key }, 'ERR_IDENTITY_KEY_MISMATCH'],
      ['a key that others may read', { ...good, key: readable }, 'ERR_IDENTITY_MODE'],
      ['no key', { ...good, key: good.chain }, 'ERR_IDENTITY_MALFORMED'],
      ['nothing', { ...good, chain: join(folder, 'nothing.pem') }, 'ERR_IDENTITY_MISSING'],
      ['another name', await leaf('elsewhere', ['elsewhere.localhost']), 'ERR_IDENTITY_NAMES'],
      ['a wildcard of another depth', await leaf('wild', ['*.hello.localhost']), 'ERR_IDENTITY_NAMES'],
      ['an issuer that is none', { ...good, chain: backwards }, 'ERR_IDENTITY_CHAIN'],
    ] as const)
      await assert.rejects(openTestDoor(upstream, options(certificate)), { code }, why)
    await assert.rejects(openTestDoor(upstream, { certificate: good }), TypeError)
  })
})

suite('the key `certificate`', () => {
  const faults = (door: object) => WEB_SECTION.faults?.({ host: ALL_NAMES, upstream: 'demo', ...door }) ?? []
  const certificate = { chain: 'chain.pem', key: 'key.pem' }
  test('stands where a name asks callers for nothing', () => {
    assert.deepEqual(faults({ certificate, callers: 'none' }), [])
    assert.deepEqual(faults({ certificate, callers: BROWSERS }), [])
    assert.deepEqual(faults({ certificate, people: {}, assertion: 'bank' }), [])
    for (const callers of ['require', 'ask', { [NAME]: 'ask' }, undefined])
      assert.deepEqual(
        faults({ certificate, ...(callers && { callers }) }).map(({ path }) => path),
        [['certificate']],
      )
  })

  test('has both files, and nothing else', () => {
    const read = (value: unknown) => WEB_SECTION.keys['certificate']?.safeParse(value).success
    assert.equal(read(certificate), true)
    for (const wrong of [
      { chain: 'chain.pem' },
      { key: 'key.pem' },
      { ...certificate, passphrase: 'x' },
      { ...certificate, key: '' },
      'chain.pem',
    ])
      assert.equal(read(wrong), false, JSON.stringify(wrong))
  })
})
