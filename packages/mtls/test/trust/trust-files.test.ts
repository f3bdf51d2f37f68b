import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import {
  readTrustFiles,
  TRUST_FILE_ERRORS,
  TrustFileError,
  type TrustFileErrorCode,
} from '../../src/trust/trust-files.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createRoot, issueLeaf, NOW, pemOf } from '../support/pki.ts'

const root = createRoot('root')
const crl = issueCrl(root, { number: 3n })
const seen = new Set<TrustFileErrorCode>()

suite('readTrustFiles', () => {
  async function files() {
    const directory = await temporaryDirectory()
    const trustFile = join(directory.path, 'trust.pem')
    const statusDirectory = join(directory.path, 'status')
    await mkdir(statusDirectory)
    await writeFile(trustFile, pemOf([root.certificate]))
    await writeFile(join(statusDirectory, 'root.crl'), crl.der)
    return { trustFile, statusDirectory, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() }
  }

  test('reads anchors and CRLs, DER and PEM, and leaves other files alone', async () => {
    await using house = await files()
    const other = createRoot('other')
    await writeFile(house.trustFile, `the roots\n${pemOf([root.certificate, other.certificate])}`)
    await writeFile(join(house.statusDirectory, 'other.crl'), writePem('X509 CRL', issueCrl(other).der))
    await writeFile(join(house.statusDirectory, 'README'), 'not a list')
    const trust = await readTrustFiles({ ...house, revocation: 'require' })
    assert.deepEqual(
      trust.anchors.map(({ certificate }) => certificate?.der),
      [root, other].map(({ certificate }) => certificate.der),
    )
    assert.equal(trust.crls.length, 2)
    assert.equal(trust.revocation, 'require')
    // A list is as new as it says of itself.
    assert.equal(trust.asOf.epochMilliseconds, NOW.subtract({ hours: 1 }).epochMilliseconds)
  })

  test('prefer does without a folder of CRLs, and with an empty one', async () => {
    await using house = await files()
    await rm(house.statusDirectory, { recursive: true })
    assert.equal((await readTrustFiles({ ...house, revocation: 'prefer' })).crls.length, 0)
    assert.equal((await readTrustFiles({ trustFile: house.trustFile, revocation: 'prefer' })).crls.length, 0)
  })

  const pem = pemOf([root.certificate])
  const leaf = issueLeaf(root, 'alice')
  const key = leaf.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
  const anchorFaults: readonly [string, string | Uint8Array, TrustFileErrorCode, RegExp][] = [
    ['an empty file', '', 'ERR_TRUST_FILE_EMPTY', /nothing to believe/],
    ['a text without blocks', 'hello\n', 'ERR_TRUST_FILE_EMPTY', /nothing to believe/],
    ['octets', Uint8Array.of(0xff, 0xfe, 0), 'ERR_TRUST_FILE_MALFORMED', /not text/],
    ['a cut block', pem.slice(0, -40), 'ERR_TRUST_FILE_MALFORMED', /ERR_PEM_/],
    [
      'a cut certificate',
      writePem('CERTIFICATE', root.certificate.der.subarray(0, 99)),
      'ERR_TRUST_FILE_MALFORMED',
      /block 1: .*ERR_DER_/,
    ],
    ['one good, one bad', pem + writePem('CERTIFICATE', Uint8Array.of(0x30, 0)), 'ERR_TRUST_FILE_MALFORMED', /block 2/],
    ['a private key', pem + key, 'ERR_TRUST_FILE_MALFORMED', /block 2 is no certificate/],
    ['a leaf', pemOf(leaf.certificates), 'ERR_TRUST_FILE_MALFORMED', /not the certificate of an authority/],
  ]
  for (const [name, contents, code, reason] of anchorFaults)
    test(`refuses ${name} as anchors`, async () => {
      await using house = await files()
      await writeFile(house.trustFile, contents)
      await refuses(house, code, house.trustFile, reason)
    })

  const crlFaults: readonly [string, string | Uint8Array, TrustFileErrorCode, RegExp][] = [
    ['an empty file', '', 'ERR_TRUST_FILE_EMPTY', /nothing to believe/],
    ['a cut CRL', crl.der.subarray(0, -1), 'ERR_TRUST_FILE_MALFORMED', /ERR_DER_/],
    ['trailing octets', Uint8Array.from([...crl.der, 0]), 'ERR_TRUST_FILE_MALFORMED', /ERR_DER_/],
    ['a certificate', root.certificate.der, 'ERR_TRUST_FILE_MALFORMED', /ERR_/],
    ['a certificate in PEM', pem, 'ERR_TRUST_FILE_MALFORMED', /not one revocation list/],
    [
      'two lists in one',
      writePem('X509 CRL', crl.der).repeat(2),
      'ERR_TRUST_FILE_MALFORMED',
      /not one revocation list/,
    ],
  ]
  for (const [name, contents, code, reason] of crlFaults)
    test(`refuses ${name} as a CRL, also where none is required`, async () => {
      await using house = await files()
      const file = join(house.statusDirectory, 'second.crl')
      await writeFile(file, contents)
      await refuses(house, code, file, reason)
      await refuses(house, code, file, reason, 'prefer')
    })

  test('refuses a missing trust file, a folder in its place, and a pipe that would never end', async () => {
    await using house = await files()
    await rm(house.trustFile)
    await refuses(house, 'ERR_TRUST_FILE_MISSING', house.trustFile, /not there/)
    await mkdir(house.trustFile)
    await refuses(house, 'ERR_TRUST_FILE_UNREADABLE', house.trustFile, /not a file/)
    await rm(house.trustFile, { recursive: true })
    execFileSync('mkfifo', [house.trustFile])
    await refuses(house, 'ERR_TRUST_FILE_UNREADABLE', house.trustFile, /not a file/)
  })

  test('refuses a file over the limit before it reads it', async () => {
    await using house = await files()
    await writeFile(house.trustFile, new Uint8Array(16_777_217))
    await refuses(house, 'ERR_TRUST_FILE_LIMIT', house.trustFile, /16777217 octets/)
  })

  test('says in words that `require` needs a list', async () => {
    await using house = await files()
    await rm(join(house.statusDirectory, 'root.crl'))
    await refuses(house, 'ERR_TRUST_NO_STATUS', house.statusDirectory, /require/)
    await rm(house.statusDirectory, { recursive: true })
    await refuses(house, 'ERR_TRUST_NO_STATUS', house.statusDirectory, /require/)
    await writeFile(house.statusDirectory, 'a file in its place')
    await refuses(house, 'ERR_TRUST_FILE_UNREADABLE', house.statusDirectory, /ENOTDIR/)
  })

  test('every code was seen above', () => {
    assert.deepEqual([...seen].sort(), Object.keys(TRUST_FILE_ERRORS).sort())
  })
})

async function refuses(
  files: { readonly trustFile: string; readonly statusDirectory: string },
  code: TrustFileErrorCode,
  file: string,
  reason: RegExp,
  revocation: 'require' | 'prefer' = 'require',
): Promise<void> {
  await assert.rejects(readTrustFiles({ ...files, revocation }), (error: unknown) => {
    assert.ok(error instanceof TrustFileError, String(error))
    assert.deepEqual([error.code, error.file], [code, file])
    assert.match(error.reason, reason)
    assert.ok(error.message.startsWith(`${file}: `))
    seen.add(error.code)
    return true
  })
}
