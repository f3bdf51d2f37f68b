// What no reader may choke on: each ends with its declared error, soon, whatever it is given.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  ALGORITHM,
  CERTIFICATE_LIMITS,
  DerError,
  enter,
  nameOf,
  OID,
  openDer,
  PemError,
  readAny,
  readCertificate,
  readPem,
  TAG,
  type TbsCertificate,
  writeCertificate,
  writeName,
  writePem,
  writeSequence,
  writeTbsCertificate,
  writeUtf8String,
  X509Error,
} from '@countersign/x509'
import { frameTime } from './frames.ts'
import { READERS } from './fuzz/readers.ts'

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

/** Some take 200 ms on a machine that is busy; a reader that is not linear would take hours. */
const MAX_MILLISECONDS = 5_000

for (const [name, { seeds, again, isDeclared }] of Object.entries(READERS).filter(([each]) => each !== 'readPem'))
  suite(name, () => {
    for (const [what, octets] of Object.entries(INPUTS))
      test(what, () => {
        const start = performance.now()
        assert.throws(() => again(octets), isDeclared)
        assert.ok(performance.now() - start < MAX_MILLISECONDS)
      })
    test('each octet missing at the end', () => {
      const whole = seeds.toSorted((left, right) => right.length - left.length)[0] ?? assert.fail()
      for (let length = 0; length < whole.length; length++)
        assert.throws(() => again(whole.subarray(0, length)), isDeclared, `${length} octets`)
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

const signature = ALGORITHM.Ed25519
const nothing = new Uint8Array()
const sound: TbsCertificate = {
  version: 3,
  serialNumber: 1n,
  signature,
  issuer: nameOf([['commonName', 'issuer']]),
  validity: { notBefore: frameTime, notAfter: frameTime },
  subject: nameOf([['commonName', 'subject']]),
  subjectPublicKeyInfo: { der: nothing, algorithm: signature, subjectPublicKey: nothing },
  extensions: [],
}
const certificate = (changed: Partial<TbsCertificate>) =>
  writeCertificate(writeTbsCertificate({ ...sound, ...changed }), signature, nothing)
const named = (value: Uint8Array) => {
  const rdnSequence = [[{ type: OID.commonName, value }]]
  return { der: writeName(rdnSequence), rdnSequence }
}
const until = (text: string) => ({ ...sound.validity, notAfter: Temporal.Instant.from(text) })
const extension = { extnID: OID.ocspNoCheck, critical: false, extnValue: Uint8Array.of(5, 0) }
/** The first of `from` in `der`, as `to` of the same length. */
const replaced = (der: Uint8Array, from: string, to: string) => Uint8Array.fromHex(der.toHex().replace(from, to))

suite('a certificate', () => {
  // RFC 5280 §4.1.2.2: not positive numbers are read, "gracefully"; who judges a path decides on them.
  for (const [what, changed, values] of [
    ['with a negative serial number', { serialNumber: -1n }, { serialNumber: -1n }],
    ['until the end of 9999', { validity: until('9999-12-31T23:59:59Z') }, { notAfter: '9999-12-31T23:59:59Z' }],
    ['until 1950', { validity: until('1950-01-01T00:00:00Z') }, { notAfter: '1950-01-01T00:00:00Z' }],
    ['whose name has a NUL', { subject: named(writeUtf8String('a\0b')) }, { text: 'a\0b' }],
  ] as const)
    test(`${what} is read as it is`, () => {
      const { serialNumber, validity, subject, tbsDer } = readCertificate(certificate(changed))
      const read = { serialNumber, notAfter: validity.notAfter.toString(), text: subject.rdnSequence[0]?.[0]?.text }
      assert.deepEqual({ ...read, ...values }, read)
      assert.deepEqual(tbsDer, writeTbsCertificate({ ...sound, ...changed }))
    })

  for (const [what, der, code] of [
    ['with a serial number of 21 octets', certificate({ serialNumber: 1n << 160n }), 'ERR_X509_SERIAL_LENGTH'],
    ['with an extension twice', certificate({ extensions: [extension, extension] }), 'ERR_X509_EXTENSION_DUPLICATE'],
    ['whose name is not UTF-8', certificate({ subject: named(writeUtf8String('ab').with(2, 0xff)) }), 'ERR_DER_STRING'],
    ['of 31 February', replaced(certificate({}), '170d323630313031', '170d323630323331'), 'ERR_DER_TIME'],
    [
      'with a time of twenty octets',
      writeSequence(
        writeSequence(
          ...[...sequenceOf(writeTbsCertificate(sound))].map((part, i) =>
            i === 4 ? writeSequence(Uint8Array.of(0x17, 20, ...new Uint8Array(20).fill(0x31))) : part,
          ),
        ),
      ),
      'ERR_DER_TIME',
    ],
  ] as const)
    test(`${what} is refused`, () => {
      assert.throws(() => readCertificate(der), { code })
    })

  test('which is a private key is refused, and nothing of the key is said', () => {
    const secret = `${'5ec3e7'.repeat(10)}5ec3`
    assert.throws(
      () => readCertificate(Uint8Array.fromHex(`302e020100300506032b657004220420${secret}`)),
      (error) => (error instanceof DerError || error instanceof X509Error) && !String(error.stack).includes('5ec3e7'),
    )
  })

  test('stands in a text', () => {
    const der = certificate({})
    const text = `subject=/CN=subject\n\n${writePem('CERTIFICATE', der)}  the end\n`
    assert.deepEqual(readPem(text), [{ label: 'CERTIFICATE', der }])
  })
})

/** The elements within a SEQUENCE. */
function* sequenceOf(der: Uint8Array): Generator<Uint8Array> {
  const c = openDer(der, CERTIFICATE_LIMITS)
  enter(c, TAG.sequence)
  while (c.at < c.end) yield readAny(c)
}
