import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { PEM_ERRORS, PemError, type PemLimits, readPem, writePem } from '@countersign/x509'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly text: string
  readonly limits?: PemLimits
  readonly blocks?: readonly (readonly [string, string])[]
  readonly code?: string
  readonly line?: number
}

const cases = casesOf<Vector>('x509/pem.json')

suite('readPem', () => {
  for (const { id, text, limits, blocks, code, line } of cases)
    test(id, () => {
      const read = () => readPem(text, limits).map(({ label, der }) => [label, der.toHex()])
      if (code === undefined) assert.deepEqual(read(), blocks)
      else assert.throws(read, { name: 'PemError', code, line })
    })

  test('says where the line at fault begins', () => {
    assert.throws(() => readPem('text\r\n-----END A-----'), { offset: 6, line: 2 })
  })

  test('never repeats a piece of the text', () => {
    const secret = 'c2VjcmV0'
    const texts = [
      `-----BEGIN PRIVATE KEY-----\n${secret}`,
      `-----BEGIN PRIVATE KEY-----\n${secret}!\n-----END PRIVATE KEY-----\n`,
      `-----BEGIN PRIVATE KEY-----\n${secret}=\n-----END PRIVATE KEY-----\n`,
      `-----BEGIN PRIVATE KEY-----\nX: ${secret}\n-----END PRIVATE KEY-----\n`,
      `-----BEGIN ${secret}----\n`,
    ]
    for (const text of texts)
      assert.throws(
        () => readPem(text),
        (error) => error instanceof PemError && !JSON.stringify([error.message, error.cause]).includes(secret),
      )
  })

  test('a label of millions is no label, and no other error', () => {
    const label = 'A '.repeat(10_000_000)
    assert.throws(() => readPem(`-----BEGIN ${label}`), { name: 'PemError', code: 'ERR_PEM_BOUNDARY' })
    assert.throws(() => readPem(`-----BEGIN A-----\n-----END ${label}`), { name: 'PemError', code: 'ERR_PEM_BOUNDARY' })
    assert.throws(() => writePem(`${label}A`, new Uint8Array(1)), { message: 'not a PEM label' })
  })

  test('takes time linear in a text of many lines', () => {
    const text = 'x\n'.repeat(500_000)
    assert.deepEqual(readPem(text), [])
  })

  test('every code of PEM_ERRORS has a vector', () => {
    const codes = new Set(cases.map(({ code }) => code))
    assert.deepEqual(
      Object.keys(PEM_ERRORS).filter((code) => !codes.has(code)),
      [],
    )
  })
})

suite('writePem', () => {
  test('lines of 64 characters', () => {
    assert.equal(
      writePem('CERTIFICATE', new Uint8Array(50)),
      `-----BEGIN CERTIFICATE-----\n${'A'.repeat(64)}\nAAA=\n-----END CERTIFICATE-----\n`,
    )
  })

  test('is read again', () => {
    const der = Uint8Array.from({ length: 1000 }, (_, i) => i)
    assert.deepEqual(readPem(writePem('A B', der)), [{ label: 'A B', der }])
  })

  for (const label of [' A', 'A ', 'A  B', '-A', 'A--B', 'A\n', 'Ä'])
    test(`label ${JSON.stringify(label)} is refused`, () => {
      assert.throws(() => writePem(label, new Uint8Array(1)), RangeError)
    })
})
