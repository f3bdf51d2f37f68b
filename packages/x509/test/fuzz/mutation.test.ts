// Mutates octets of our vectors: nothing but declared errors may come out, and what is still read is written the same.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DerError, OID, PemError, readPem, writePem, X509Error } from '@countersign/x509'
import { AGAIN } from '../foreign/again.ts'
import { certificateWith } from '../frames.ts'
import { casesOf } from '../vectors.ts'
import { mutate, numbersFrom, ROUNDS, SEED } from './mutate.ts'

const SETS: Readonly<Record<string, string>> = {
  CERTIFICATE: 'x509/certificate.json',
  'X509 CRL': 'x509/certificate-list.json',
  'CERTIFICATE REQUEST': 'x509/certification-request.json',
  'OCSP REQUEST': 'x509/ocsp-request.json',
  'OCSP RESPONSE': 'x509/ocsp-response.json',
  'PRIVATE KEY': 'x509/private-key.json',
}

/** Certificates with one extension each, of every kind. */
function certificatesOfExtensions(): Uint8Array[] {
  return casesOf<{ extension: keyof typeof OID; hex: string; code?: string }>('x509/extension.json')
    .filter(({ code }) => code === undefined)
    .map(({ extension, hex }) =>
      certificateWith([{ extnID: OID[extension], critical: true, extnValue: Uint8Array.fromHex(hex) }]),
    )
}

suite('mutations', () => {
  for (const [label, file] of Object.entries(SETS))
    test(label, () => {
      const whole = casesOf<{ hex: string }>(file)
        .filter(({ hex }) => hex.length < 2_000)
        .map(({ hex }) => Uint8Array.fromHex(hex))
      const seeds = label === 'CERTIFICATE' ? [...whole, ...certificatesOfExtensions()] : whole
      const again = AGAIN[label] ?? assert.fail(label)
      const below = numbersFrom(SEED)
      let read = 0
      for (let round = 0; round < ROUNDS; round++) {
        let der = seeds[below(seeds.length)] ?? assert.fail('no seeds')
        for (let times = 1 + below(3); times > 0; times--) der = mutate(der, seeds, below)
        try {
          const written = again(der)
          read++
          // A CRL may have either form of time, of which we write one.
          if (label !== 'X509 CRL') assert.equal(written.toHex(), der.toHex(), `seed ${SEED}, round ${round}`)
        } catch (error) {
          if (error instanceof DerError || error instanceof X509Error) continue
          throw new Error(`seed ${SEED}, round ${round}: ${der.toHex()}`, { cause: error })
        }
      }
      assert.ok(read > ROUNDS / 100, 'hardly anything was read: the mutations are too coarse')
    })

  test('PEM', () => {
    const text = `text\n${writePem('CERTIFICATE', new Uint8Array(100))}\r\n${writePem('A', Uint8Array.of(1))}`
    const seed = Uint8Array.from(text, (character) => character.charCodeAt(0))
    const below = numbersFrom(SEED)
    for (let round = 0; round < ROUNDS; round++) {
      const mutated = String.fromCharCode(...mutate(mutate(seed, [seed], below), [seed], below))
      try {
        readPem(mutated)
      } catch (error) {
        if (!(error instanceof PemError)) throw new Error(`seed ${SEED}, round ${round}`, { cause: error })
      }
    }
  })
})
