// What is no certificate, given to `countersign verify`: one clear error, no key printed, bounded time and memory.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import {
  type Name,
  OID,
  type TbsCertificate,
  writeCertificate,
  writeCertificatesOnly,
  writeName,
  writePem,
  writeSequence,
  writeTbsCertificate,
  writeUtf8String,
} from '@countersign/x509'
import { crl, hours, intermediate, leaf, name, p256, root } from '../interop/chains/house.ts'
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

/** Another leaf, whose signature fits no more: these are not read so far. */
function leafOf(change: (tbs: TbsCertificate) => TbsCertificate): Uint8Array {
  const { certificate } = party
  return writeCertificate(
    writeTbsCertificate(change(certificate)),
    certificate.signatureAlgorithm,
    certificate.signatureValue,
  )
}

function nameOfText(value: Uint8Array): Name {
  const rdnSequence = [[{ type: OID.commonName, value }]]
  return { der: writeName(rdnSequence), rdnSequence }
}

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
    ['nothing', new Uint8Array(), /./],
    [
      'a serial number of 21 octets',
      leafOf((tbs) => ({ ...tbs, serialNumber: 1n << 160n })),
      /a serial number has at most 20 octets/,
    ],
    [
      'a name that is not UTF-8',
      leafOf((tbs) => ({ ...tbs, subject: nameOfText(writeUtf8String('ab').with(2, 0xff)) })),
      /outside the alphabet of its type/,
    ],
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

  for (const [what, different, code] of [
    ['a negative serial number', { serialNumber: -1n }, 'ERR_VERIFY_SERIAL'],
    ['an end in 1950', { notAfter: Temporal.Instant.from('1950-01-01T00:00:00Z') }, 'ERR_VERIFY_EXPIRED'],
    ['a name with a NUL', { subject: nameOfText(writeUtf8String('a\0b')) }, undefined],
    ['an end in 9999', { notAfter: Temporal.Instant.from('9999-12-31T23:59:59Z') }, undefined],
  ] as const)
    test(`${what} is ${code === undefined ? 'no fault' : code}`, async () => {
      const text = `what this is\n${pem(leaf(issuing, { ...long, ...different }))}and between\n${pem(issuing)}and after\n`
      writeFileSync(at('odd.pem'), text)
      const flags = ['--purpose', 'clientAuth', '--at', String(hours(0)), '--json']
      const found = await verify('odd.pem', '--anchor', 'root.pem', ...flags)
      assert.equal(found.code, code === undefined ? 0 : 1, found.stdout + found.stderr)
      assert.ok(code === undefined || found.stdout.includes(code), found.stdout)
      assert.ok(!(found.stdout + found.stderr).includes('\0'))
    })

  test('issuers that issue themselves in a ring lead nowhere, soon', async () => {
    const [one, other] = [p256(), p256()]
    const [first, second] = [name('first'), name('second')]
    const ring = intermediate(
      { ...anchor, keys: other, certificate: { ...anchor.certificate, subject: second } },
      { ...long, keys: one, subject: first },
    )
    const back = intermediate(ring, { ...long, keys: other, subject: second })
    const itself = root({ ...long, keys: one, subject: first })
    writeFileSync(at('ring.pem'), [leaf(ring, long), ring, back, itself].map(pem).join(''))
    const { code, stdout, stderr } = await verify('ring.pem', '--anchor', 'root.pem', '--purpose', 'clientAuth')
    assert.equal(code, 1, stdout + stderr)
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

  test('one of many anchors that cannot be read is left out and told; a certificate to judge never is', async () => {
    const bad = writePem(
      'CERTIFICATE',
      leafOf((tbs) => ({ ...tbs, serialNumber: 1n << 160n })),
    )
    writeFileSync(at('store.pem'), bad + pem(anchor))
    writeFileSync(at('bad-leaf.pem'), bad + pem(issuing))
    const flags = ['--purpose', 'clientAuth', '--at', String(hours(0))]
    const judged = await verify('party.pem', '--anchor', 'store.pem', ...flags)
    assert.equal(judged.code, 0, judged.stderr)
    assert.match(judged.stderr, /^left out: store\.pem, block 1: .*20 octets.* \[ERR_\w+\]\n$/)
    for (const args of [
      ['bad-leaf.pem', '--anchor', 'root.pem'],
      ['party.pem', '--anchor', 'bad-leaf-alone.pem'],
    ]) {
      writeFileSync(at('bad-leaf-alone.pem'), bad)
      const { code, stdout, stderr } = await verify(...args, ...flags)
      assert.equal(code, 3, stdout + stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^countersign: bad-leaf(-alone)?\.pem, block 1: .*20 octets/)
    }
  })

  test('an issuer before the certificate that it issued: the first is judged, and that is told', async () => {
    writeFileSync(at('order.pem'), pem(issuing) + pem(party))
    const flags = ['--anchor', 'root.pem', '--purpose', 'clientAuth', '--at', String(hours(0))]
    const wrong = await verify('order.pem', ...flags)
    assert.match(wrong.stderr, /^the first certificate is judged, CN=Issuing; it is the issuer of another one here\n$/)
    const right = await verify('party.pem', ...flags)
    assert.equal(right.stderr, '')
  })

  test('PKCS#7 is a set: what issued no other one is judged, wherever it stands', async () => {
    for (const order of [
      [party, issuing, anchor],
      [anchor, issuing, party],
    ]) {
      writeFileSync(at('set.p7c'), writeCertificatesOnly(order.map(({ certificate }) => certificate.der)))
      const flags = ['--anchor', 'root.pem', '--purpose', 'clientAuth', '--at', String(hours(0))]
      const { code, stdout, stderr } = await verify('set.p7c', ...flags)
      assert.equal(code, 0, stdout + stderr)
      assert.match(stdout, /└─ CN=party/)
      assert.equal(stderr, '')
    }
  })

  test('a certificate where a list is expected', async () => {
    const { code, stderr } = await verify('party.pem', '--anchor', 'root.pem', '--crl', 'root.pem')
    assert.equal(code, 3)
    assert.match(stderr, /there is no revocation list in root\.pem/)
  })

  test('a file that is not there, and a folder', async () => {
    for (const path of ['nowhere.pem', '.']) {
      const { code, stderr } = await verify(path, '--anchor', 'root.pem')
      assert.equal(code, 3, stderr)
      assert.ok(stderr.trimEnd().split('\n').length <= 2, stderr)
    }
  })
})
