// What is no certificate, given to `countersign verify`: one clear error, no key printed, bounded time and memory.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { writePem, writeSequence, writeTbsCertificate } from '@countersign/x509'
import { crl, hours, intermediate, leaf, root } from '../interop/chains/house.ts'
import { runCommand } from './support/run-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-verify-bad-'))
after(() => rmSync(folder, { recursive: true }))

const long = { notBefore: hours(-24 * 365), notAfter: hours(24 * 365 * 20) }
const anchor = root(long)
const issuing = intermediate(anchor, long)
const party = leaf(issuing, long)
const pem = ({ certificate }: typeof party) => writePem('CERTIFICATE', certificate.der)
const at = (name: string) => join(folder, name)
writeFileSync(at('root.pem'), pem(anchor))
writeFileSync(at('party.pem'), pem(party) + pem(issuing))

const verify = (...args: readonly string[]) =>
  runCommand(['verify', ...args], { cwd: folder, timeoutMs: 20_000, env: { NODE_OPTIONS: '--max-old-space-size=256' } })
const { der } = party.certificate

/** `depth` SEQUENCEs, each within the one before. */
function nested(depth: number): Uint8Array {
  const heads: number[][] = []
  for (let i = 0, length = 0; i < depth; i++) {
    const head =
      length < 128
        ? [0x30, length]
        : length < 65_536
          ? [0x30, 0x82, length >> 8, length & 255]
          : [0x30, 0x83, length >> 16, (length >> 8) & 255, length & 255]
    heads.unshift(head)
    length += head.length
  }
  return Uint8Array.from(heads.flat())
}

const extension = { extnID: '1.3.6.1.4.1.32473.1', critical: false, extnValue: Uint8Array.of(5, 0) }

suite('countersign verify and bad files', () => {
  test('these certificates are good', async () => {
    const { code, stdout, stderr } = await verify(
      'party.pem',
      '--anchor',
      'root.pem',
      '--purpose',
      'clientAuth',
      '--at',
      String(hours(0)),
    )
    assert.equal(code, 0, stdout + stderr)
  })

  for (const [what, octets, words] of [
    ['half a certificate', der.subarray(0, der.length >> 1), /ends inside/],
    ['a certificate and one octet more', Uint8Array.of(...der, 0), /./],
    ['10,000 sequences in one another', nested(10_000), /./],
    [
      'a certificate of a million extensions',
      writeSequence(
        writeTbsCertificate({ ...party.certificate, extensions: Array.from({ length: 1_000_000 }, () => extension) }),
      ),
      /./,
    ],
    [
      'a certificate with one extension twice',
      writePem(
        'CERTIFICATE',
        writeSequence(
          writeTbsCertificate({ ...party.certificate, extensions: [extension, extension] }),
          writeSequence(),
          Uint8Array.of(3, 1, 0),
        ),
      ),
      /extension/,
    ],
    ['PEM without an end', '-----BEGIN CERTIFICATE-----\nMIIB\n', /ends inside a block/],
    ['PEM that is no base64', '-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n', /base64/],
    ['a list alone', writePem('X509 CRL', crl(issuing).crl.der), /there is no certificate in/],
  ] as const)
    test(what, async () => {
      writeFileSync(at('bad'), octets)
      const { code, stdout, stderr } = await verify('bad', '--anchor', 'root.pem')
      assert.equal(code, 3, stdout + stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /\bbad\b/)
      assert.match(stderr, words)
      assert.ok(stderr.trimEnd().split('\n').length <= 2, stderr)
    })

  test('100 MB: refused before it is read to its end', async () => {
    writeFileSync(at('large'), '')
    truncateSync(at('large'), 100_000_000)
    for (const args of [
      ['large', '--anchor', 'root.pem'],
      ['party.pem', '--anchor', 'large'],
      ['party.pem', '--anchor', 'root.pem', '--crl', 'large'],
      ['party.pem', '--anchor', 'root.pem', '--ocsp', 'large'],
    ]) {
      const { code, stderr } = await verify(...args)
      assert.equal(code, 3, stderr)
      assert.match(stderr, /large is larger than 32 MiB/)
    }
  })

  test('a key beside its certificate is passed over, a key alone is told, and neither is printed', async () => {
    const key = party.keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const secret = key.split('\n')[1] as string
    writeFileSync(at('both.pem'), key + pem(party) + pem(issuing))
    writeFileSync(at('key.pem'), key)
    const both = await verify('both.pem', '--anchor', 'root.pem', '--purpose', 'clientAuth', '--at', String(hours(0)))
    assert.equal(both.code, 0, both.stderr)
    const alone = await verify('key.pem', '--anchor', 'root.pem')
    assert.equal(alone.code, 3)
    assert.match(alone.stderr, /key\.pem holds a private key where a certificate is expected/)
    for (const { stdout, stderr } of [both, alone]) assert.ok(!(stdout + stderr).includes(secret))
  })

  test('a file that is not there, and a folder', async () => {
    for (const path of ['nowhere.pem', '.']) {
      const { code, stderr } = await verify(path, '--anchor', 'root.pem')
      assert.equal(code, 3, stderr)
      assert.ok(stderr.trimEnd().split('\n').length <= 2, stderr)
    }
  })
})
