// What no reader may choke on: each ends with its declared error, soon, whatever it is given.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  CmsError,
  cmsFromBer,
  DerError,
  PemError,
  Pkcs12Error,
  pkcs12FromBer,
  readCertificate,
  readCertificateList,
  readCertificationRequest,
  readEncryptedPrivateKeyInfo,
  readName,
  readOCSPRequest,
  readOCSPResponse,
  readPem,
  readPfx,
  readPrivateKeyInfo,
  readPssParameters,
  readSignedData,
  readSubjectPublicKeyInfo,
  writeSequence,
  X509Error,
} from '@countersign/x509'

const READERS: Readonly<Record<string, (octets: Uint8Array) => unknown>> = {
  readCertificate,
  readCertificateList: (der) => readCertificateList(der),
  readCertificationRequest,
  readOCSPRequest,
  readOCSPResponse,
  readSubjectPublicKeyInfo,
  readPrivateKeyInfo,
  readEncryptedPrivateKeyInfo,
  readPssParameters,
  readName,
  readSignedData,
  readPfx,
  cmsFromBer,
  pkcs12FromBer,
}

/** A header of a constructed element that says `length` octets, in four. */
const header = (tag: number, length: number) =>
  Uint8Array.of(tag, 0x84, ...Uint8Array.fromHex(length.toString(16).padStart(8, '0')))

function nested(depth: number): Uint8Array {
  let der: Uint8Array = Uint8Array.of(5, 0)
  for (let i = 0; i < depth; i++) der = writeSequence(der)
  return der
}

const HUGE = 100_000_000
const huge = new Uint8Array(HUGE)
huge.set(header(0x30, HUGE - 6))
const noise = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 2_654_435_761) >>> 24)

const INPUTS: Readonly<Record<string, Uint8Array>> = {
  nothing: new Uint8Array(),
  'one octet': Uint8Array.of(0x30),
  'an element that says it has 4 GB': header(0x30, 2 ** 32 - 1),
  'an element without end': Uint8Array.of(0x30, 0x80),
  '100 MB': huge,
  '100 MB of zeros': new Uint8Array(HUGE),
  '10,000 sequences in one another': nested(10_000),
  '10,000 sequences without end in one another': new Uint8Array(20_000).map((_, i) => (i % 2 === 0 ? 0x30 : 0x80)),
  'a million elements': writeSequence(new Uint8Array(2_000_000).map((_, i) => (i % 2 === 0 ? 5 : 0))),
  noise,
  text: new TextEncoder().encode('hello\n'),
}

const DECLARED = [DerError, X509Error, CmsError, Pkcs12Error]
/** Some take 200 ms on a machine that is busy; a reader that is not linear would take hours. */
const MAX_MILLISECONDS = 5_000

for (const [name, read] of Object.entries(READERS))
  suite(name, () => {
    for (const [what, octets] of Object.entries(INPUTS))
      test(what, () => {
        const start = performance.now()
        assert.throws(
          () => read(octets),
          (error) => DECLARED.some((kind) => error instanceof kind),
        )
        assert.ok(performance.now() - start < MAX_MILLISECONDS)
      })
  })

suite('readPem', () => {
  for (const [what, text] of [
    ['a block without an end', `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\n`],
    ['a block that ends as another', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END KEY-----\n'],
    ['a block in a block', '-----BEGIN A-----\n-----BEGIN A-----\nAAAA\n-----END A-----\n-----END A-----\n'],
    ['a block of nothing', '-----BEGIN A-----\n-----END A-----\n'],
    ['100 MB in one block', `-----BEGIN A-----\n${'A'.repeat(HUGE)}\n-----END A-----\n`],
  ] as const)
    test(what, () => {
      assert.throws(() => readPem(text), PemError)
    })
  test('text alone holds no block, and is no error', () => {
    assert.deepEqual([...readPem('hello\n'.repeat(1_000_000))], [])
  })
})
