import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import * as x509 from '@countersign/x509'
import { certificateWith } from '../frames.ts'
import { plain } from '../plain.ts'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly hex: string
  readonly value?: unknown
}

/** Without the octets of the whole, which every value has and no vector. */
function withoutDer<T extends object>(value: T): Omit<T, 'der' | 'tbsDer'> {
  const { der: _, tbsDer: __, ...rest } = { der: undefined, tbsDer: undefined, ...value }
  return rest
}

function readResponse(der: Uint8Array): unknown {
  const read = x509.readOCSPResponse(der)
  return read.responseStatus === 'successful' ? { ...read, basic: withoutDer(read.basic) } : read
}

/** What is read, by name. */
function* fieldsOf(value: unknown): Generator<readonly [string, unknown]> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  for (const [name, each] of Object.entries(value)) {
    yield [name, each]
    yield* fieldsOf(each)
  }
}

const files: [string, (der: Uint8Array) => unknown][] = [
  ['x509/ocsp-request.json', (der) => withoutDer(x509.readOCSPRequest(der))],
  ['x509/ocsp-response.json', readResponse],
]

/** The names of the functions that write extensions are those of the fields. */
const WRITERS = x509 as unknown as Readonly<Record<string, (value: unknown) => x509.Extension>>

for (const [file, read] of files)
  suite(file, () => {
    const cases = casesOf<Vector>(file).filter(({ value }) => value !== undefined)
    for (const { id, hex, value } of cases)
      test(id, () => assert.deepEqual(plain(read(Uint8Array.fromHex(hex))), value))

    test('each extension that is read by name is written the same', () => {
      const extensionNames = new Set<string>()
      for (const { hex } of cases) {
        const value = read(Uint8Array.fromHex(hex))
        const written = [...fieldsOf(value)].filter(([name]) => typeof WRITERS[`${name}Extension`] === 'function')
        for (const [name, each] of written) {
          const extension = WRITERS[`${name}Extension`]?.(each) ?? assert.fail(name)
          const same = [...fieldsOf(value)].some(
            ([, found]) =>
              typeof found === 'object' &&
              found !== null &&
              'extnID' in found &&
              JSON.stringify(plain(found)) === JSON.stringify(plain(extension)),
          )
          assert.ok(same, `${name} is written otherwise`)
          extensionNames.add(name)
        }
      }
      assert.ok(extensionNames.size >= 4, [...extensionNames].join())
    })
  })

test('the octets that are signed', () => {
  const of = (file: string, id: string) => casesOf<Vector>(file).find((each) => each.id === id)?.hex ?? assert.fail(id)
  const request = x509.readOCSPRequest(Uint8Array.fromHex(of('x509/ocsp-request.json', 'signed')))
  assert.equal(request.tbsDer.toHex(), x509.writeTbsRequest(request).toHex())
  const response = x509.readOCSPResponse(Uint8Array.fromHex(of('x509/ocsp-response.json', 'good')))
  assert.ok(response.responseStatus === 'successful')
  assert.equal(response.basic.tbsDer.toHex(), x509.writeResponseData(response.basic).toHex())
})

test('the identifier of a certificate has the hashes of RFC 6960 §4.1.1', () => {
  const certificate = x509.readCertificate(certificateWith([]))
  const digest = (octets: Uint8Array) => new Uint8Array(createHash('sha256').update(octets).digest())
  const id = x509.certIDOf(certificate, certificate, { name: 'SHA-256', digest })
  assert.equal(id.hashAlgorithm.algorithm, x509.OID['id-sha256'])
  assert.deepEqual(id.issuerNameHash, digest(certificate.issuer.der))
  assert.deepEqual(id.issuerKeyHash, digest(new Uint8Array()), 'the frame has an empty key')
  assert.equal(id.serialNumber, certificate.serialNumber)
})

test('a nonce that no reader would take is not written', () => {
  assert.throws(() => x509.nonceExtension(new Uint8Array()), RangeError)
  assert.throws(() => x509.nonceExtension(new Uint8Array(129)), RangeError)
})
