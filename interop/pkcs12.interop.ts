// PKCS #8 and PKCS #12 files of ours opened by OpenSSL, GnuTLS and NSS, and theirs by us.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { performWith } from '@countersign/mtls'
import {
  openPkcs12,
  openPrivateKey,
  PKCS12_ENTROPY_OCTETS,
  type Pkcs12,
  performSteps,
  readCertificate,
  readPem,
  readPrivateKeyInfo,
  sealPkcs12,
  sealPrivateKey,
  writePem,
  writePrivateKeyInfo,
} from '@countersign/x509'
import { needs } from './peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-pkcs12-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, contents?: string | Uint8Array): string {
  const path = join(folder, name)
  if (contents !== undefined) writeFileSync(path, contents)
  return path
}

function ran({ status, stdout, stderr }: { status: number | null; stdout: string; stderr: string }): string {
  assert.equal(status, 0, `${stdout}${stderr}`)
  return `${stdout}${stderr}`
}

const openssl = (...args: string[]) => ran(spawnSync('openssl', args, { encoding: 'utf8' }))
const certtool = (...args: string[]) => ran(spawnSync('certtool', args, { encoding: 'utf8' }))
const pk12util = (...args: string[]) => ran(spawnSync('pk12util', args, { encoding: 'utf8' }))
const certutil = (...args: string[]) => ran(spawnSync('certutil', args, { encoding: 'utf8' }))

const random = (octets: number) => new Uint8Array(randomBytes(octets))
const octetsOf = (path: string) => new Uint8Array(readFileSync(path))
/** Of ASCII, Latin, and beyond the BMP: programs differ in how they encode it. */
const PASSWORDS = ['countersign', 'Grüße', 'pass 😀 word']

const KEYS = {
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  RSA: ['-newkey', 'rsa:2048'],
} as const
type KeyName = keyof typeof KEYS
const keyNames = Object.keys(KEYS) as KeyName[]

const made = new Map<KeyName, ReturnType<typeof make>>()
function identity(name: KeyName) {
  const known = made.get(name) ?? make(name)
  made.set(name, known)
  return known
}

/** Issuer and leaf. */
function make(name: KeyName) {
  const [rootKey, root, key, request, leaf] = ['root.key', 'root.pem', 'key', 'csr', 'pem'].map((kind) =>
    file(`${name}.${kind}`),
  ) as [string, string, string, string, string]
  openssl('req', '-x509', ...KEYS[name], '-nodes', '-keyout', rootKey, '-out', root, '-subj', `/CN=${name} Root`)
  openssl('req', ...KEYS[name], '-nodes', '-keyout', key, '-out', request, '-subj', `/CN=${name} leaf`)
  openssl('x509', '-req', '-in', request, '-CA', root, '-CAkey', rootKey, '-CAcreateserial', '-out', leaf)
  const der = (path: string) => readPem(readFileSync(path, 'utf8'))[0]?.der ?? assert.fail(path)
  return {
    ...{ key, leaf, root },
    privateKey: readPrivateKeyInfo(der(key)),
    certificates: [der(leaf), der(root)] as const,
  }
}

function sealed(name: KeyName, password: string): Uint8Array {
  const { privateKey, certificates } = identity(name)
  const entropy = random(PKCS12_ENTROPY_OCTETS)
  return performSteps(
    sealPkcs12(
      { privateKey, certificates: [...certificates], friendlyName: 'Älice', entropy, iterations: 2_048 },
      password,
    ),
    performWith(),
  )
}

const opened = (path: string, password: string) => performSteps(openPkcs12(octetsOf(path), password), performWith())

function assertIdentity(name: KeyName, { keys, certificates }: Pkcs12, all = true): void {
  const { privateKey, certificates: expected } = identity(name)
  assert.deepEqual(keys.map(publicOf), [publicOf({ privateKey })])
  const found = new Set(certificates.map(({ der }) => der.toHex()))
  assert.deepEqual(found, new Set((all ? expected : expected.slice(0, 1)).map((der) => der.toHex())))
  const own = certificates.find(({ der }) => der.toHex() === expected[0].toHex())
  assert.deepEqual(own?.localKeyId, keys[0]?.localKeyId)
  assert.ok(own?.localKeyId)
}

function publicOf({ privateKey }: { readonly privateKey: Pkcs12['keys'][number]['privateKey'] }): string {
  const key = Buffer.from(writePrivateKeyInfo(privateKey))
  return createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))
    .export({ format: 'pem', type: 'spki' })
    .toString()
}

suite('OpenSSL', needs('openssl', 'openssl'), () => {
  for (const name of keyNames)
    for (const password of PASSWORDS) {
      test(`opens ours: ${name}, ${password}`, () => {
        const path = file('ours.p12', sealed(name, password))
        const said = openssl('pkcs12', '-in', path, '-info', '-noout', '-passin', `pass:${password}`)
        assert.match(said, /MAC: sha256, Iteration 2048/)
        assert.match(said, /PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 2048, PRF hmacWithSHA256/)
        assert.match(said, /Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC/)
        openssl('pkcs12', '-in', path, '-nodes', '-passin', `pass:${password}`, '-out', file('all.pem'))
        const blocks = readPem(readFileSync(file('all.pem'), 'utf8'))
        const { certificates, privateKey } = identity(name)
        assert.deepEqual(
          blocks.map(({ der }) => der.toHex()),
          [...certificates, writePrivateKeyInfo(privateKey)].map((der) => der.toHex()),
        )
      })

      test(`its file: ${name}, ${password}`, () => {
        const { key, leaf, root } = identity(name)
        openssl(
          ...['pkcs12', '-export', '-inkey', key, '-in', leaf, '-certfile', root, '-name', 'älice'],
          ...['-passout', `pass:${password}`, '-out', file('theirs.p12')],
        )
        const contents = opened(file('theirs.p12'), password)
        assertIdentity(name, contents)
        assert.equal(contents.keys[0]?.friendlyName, 'älice')
        assert.throws(() => opened(file('theirs.p12'), `${password}.`), { code: 'ERR_PKCS12_PASSWORD' })
      })
    }

  const options: Readonly<Record<string, readonly string[]>> = {
    'SHA-1 for its MAC': ['-macalg', 'sha1'],
    'SHA-384 for its MAC': ['-macalg', 'sha384'],
    'SHA-512 for its MAC, 1 iteration': ['-macalg', 'sha512', '-nomaciter'],
    'AES-128': ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC'],
    'AES-192, certificates in the clear': ['-keypbe', 'AES-192-CBC', '-certpbe', 'NONE'],
    'nothing encrypted': ['-keypbe', 'NONE', '-certpbe', 'NONE'],
    '100,000 iterations': ['-iter', '100000'],
  }
  for (const [what, given] of Object.entries(options))
    for (const password of ['countersign', ''])
      test(`its file with ${what}, ${password === '' ? 'empty password' : 'password'}`, () => {
        const { key, leaf } = identity('P-256')
        openssl(
          ...['pkcs12', '-export', '-inkey', key, '-in', leaf, '-passout', `pass:${password}`],
          ...[...given, '-out', file('theirs.p12')],
        )
        assertIdentity('P-256', opened(file('theirs.p12'), password), false)
      })

  const refusals: Readonly<Record<string, readonly [readonly string[], string]>> = {
    'RC2 and Triple DES': [['-legacy'], 'ERR_PKCS12_LEGACY'],
    'Triple DES for the key': [['-keypbe', 'PBE-SHA1-3DES'], 'ERR_PKCS12_LEGACY'],
    'Triple DES by PBES2': [['-keypbe', 'DES-EDE3-CBC'], 'ERR_PKCS12_LEGACY'],
    'no MAC': [['-nomac'], 'ERR_PKCS12_INTEGRITY'],
    'a MAC of MD5': [['-macalg', 'md5'], 'ERR_PKCS12_MAC'],
    'too many iterations': [['-iter', '2000000'], 'ERR_PBES2_WORK_LIMIT'],
  }
  for (const [what, [given, code]] of Object.entries(refusals))
    test(`its file with ${what} is refused`, () => {
      const { key, leaf } = identity('P-256')
      openssl(
        ...['pkcs12', '-export', '-inkey', key, '-in', leaf, '-passout', 'pass:x', ...given],
        ...['-out', file('theirs.p12')],
      )
      assert.throws(() => opened(file('theirs.p12'), 'x'), { code })
    })

  test('what our refusal tells the owner of an old file to do', () => {
    const { key, leaf } = identity('P-256')
    const [old, plain, renewed] = [file('old.p12'), file('plain.pem'), file('new.p12')]
    openssl('pkcs12', '-export', '-legacy', '-inkey', key, '-in', leaf, '-passout', 'pass:x', '-out', old)
    openssl('pkcs12', '-legacy', '-in', old, '-nodes', '-passin', 'pass:x', '-out', plain)
    openssl('pkcs12', '-export', '-in', plain, '-passout', 'pass:x', '-out', renewed)
    assertIdentity('P-256', opened(renewed, 'x'), false)
  })
})

suite('OpenSSL, encrypted PKCS #8', needs('openssl', 'openssl'), () => {
  const utf8 = (text: string) => new TextEncoder().encode(text)
  const variants: readonly (readonly string[])[] = [
    ['-v2', 'aes-256-cbc'],
    ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1'],
    ['-v2', 'aes-192-cbc', '-v2prf', 'hmacWithSHA384'],
    ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '10000'],
    ['-scrypt'],
    ['-scrypt', '-scrypt_N', '1024', '-scrypt_r', '4', '-scrypt_p', '2'],
  ]
  for (const options of variants)
    test(`its key: ${options.join(' ')}`, () => {
      const { key, privateKey } = identity('P-256')
      openssl('pkcs8', '-topk8', '-in', key, '-outform', 'DER', '-passout', 'pass:Grüße', ...options, '-out', file('k'))
      assert.deepEqual(performSteps(openPrivateKey(octetsOf(file('k')), utf8('Grüße')), performWith()), privateKey)
      assert.throws(() => performSteps(openPrivateKey(octetsOf(file('k')), utf8('Grusse')), performWith()), {
        code: 'ERR_PBES2_PASSWORD',
      })
    })

  for (const options of [
    ['-v1', 'PBE-SHA1-3DES'],
    ['-v2', 'des-ede3-cbc'],
  ])
    test(`its old key is refused: ${options.join(' ')}`, () => {
      const { key } = identity('P-256')
      openssl('pkcs8', '-topk8', '-in', key, '-outform', 'DER', '-passout', 'pass:x', ...options, '-out', file('k'))
      assert.throws(() => performSteps(openPrivateKey(octetsOf(file('k')), utf8('x')), performWith()), {
        code: 'ERR_PBES2_LEGACY',
      })
    })

  for (const name of keyNames)
    test(`opens ours: ${name}`, () => {
      const { privateKey, leaf } = identity(name)
      const protection = { salt: random(16), iv: random(16), iterations: 2_048 }
      const der = performSteps(sealPrivateKey(privateKey, utf8('Grüße'), protection), performWith())
      const path = file('ours.key', writePem('ENCRYPTED PRIVATE KEY', der))
      assert.equal(
        openssl('pkey', '-in', path, '-passin', 'pass:Grüße', '-pubout'),
        openssl('x509', '-in', leaf, '-noout', '-pubkey'),
      )
    })
})

suite('GnuTLS', { ...needs('openssl', 'openssl'), ...needs('certtool', 'gnutls-bin') }, () => {
  for (const name of keyNames)
    for (const password of PASSWORDS) {
      test(`opens ours: ${name}, ${password}`, () => {
        const path = file('ours.p12', sealed(name, password))
        const said = certtool('--p12-info', '--inder', '--infile', path, '--password', password)
        const blocks = readPem(said.slice(said.indexOf('-----BEGIN')))
        const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ der }) => der.toHex())
        assert.deepEqual(
          certificates,
          identity(name).certificates.map((der) => der.toHex()),
        )
        assert.match(said, /MAC: SHA256|MAC info:/)
      })

      test(`its file: ${name}, ${password}`, () => {
        const { key, leaf } = identity(name)
        certtool(
          ...['--to-p12', '--load-privkey', key, '--load-certificate', leaf, '--outder', '--p12-name', 'alice'],
          ...['--password', password, '--pkcs-cipher', 'aes-256', '--outfile', file('theirs.p12')],
        )
        const contents = opened(file('theirs.p12'), password)
        assertIdentity(name, contents, false)
        assert.equal(contents.keys[0]?.friendlyName, 'alice')
      })
    }

  test('its file with a key and a path of four, each under its own derivation', () => {
    const { key, leaf } = identity('P-256')
    const certificates = [leaf, ...keyNames.map((name) => identity(name).root), identity('RSA').leaf]
    const bundle = file('bundle.pem', certificates.map((path) => readFileSync(path, 'utf8')).join(''))
    certtool(
      ...['--to-p12', '--load-privkey', key, '--load-certificate', bundle, '--outder', '--p12-name', 'alice'],
      ...['--password', 'x', '--outfile', file('theirs.p12')],
    )
    assert.equal(opened(file('theirs.p12'), 'x').certificates.length, certificates.length)
  })
})

const NSS_TOOLS = { ...needs('certutil', 'libnss3-tools'), ...needs('pk12util', 'libnss3-tools') }

suite('NSS', { ...needs('openssl', 'openssl'), ...NSS_TOOLS }, () => {
  /** A new store without a password. */
  function store(name: string): string {
    mkdirSync(join(folder, name))
    certutil('-N', '-d', `sql:${join(folder, name)}`, '--empty-password')
    return `sql:${join(folder, name)}`
  }

  for (const [index, name] of keyNames.entries())
    for (const [number, password] of PASSWORDS.entries())
      test(`opens ours, and its file: ${name}, ${password}`, () => {
        const database = store(`nss-${index}-${number}`)
        pk12util('-i', file('ours.p12', sealed(name, password)), '-d', database, '-W', password)
        assert.match(certutil('-K', '-d', database), /Älice/)
        pk12util('-o', file('theirs.p12'), '-n', 'Älice', '-d', database, '-W', password)
        const contents = opened(file('theirs.p12'), password)
        assertIdentity(name, contents)
        assert.equal(contents.keys[0]?.friendlyName, 'Älice')
        assert.equal(readCertificate(contents.certificates[0]?.der ?? assert.fail()).version >= 1, true)
      })
})
