// Mutates octets of our vectors: nothing but declared errors may come out, and what is still read is written the same.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DerError, OID, PemError, readPem, writePem, X509Error } from '@countersign/x509'
import { AGAIN } from '../foreign/again.ts'
import { certificateWith } from '../frames.ts'
import { casesOf } from '../vectors.ts'

/** For a longer run: COUNTERSIGN_FUZZ_ROUNDS and COUNTERSIGN_FUZZ_SEED. */
const ROUNDS = Number(process.env['COUNTERSIGN_FUZZ_ROUNDS'] ?? 4_000)
const SEED = Number(process.env['COUNTERSIGN_FUZZ_SEED'] ?? 20_261_124)

/** Numbers below `bound` from a seed (xorshift32), so that a failure can be had again. */
function numbersFrom(seed: number): (bound: number) => number {
  let state = seed | 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

function mutate(der: Uint8Array, others: readonly Uint8Array[], below: (bound: number) => number): Uint8Array {
  if (der.length === 0) return der
  const octets = [...der]
  const at = below(octets.length)
  const length = 1 + below(12)
  const other = others[below(others.length)] ?? der
  const from = below(other.length)
  switch (below(8)) {
    case 0:
      octets[at] = (octets[at] ?? 0) ^ (1 << below(8))
      break
    case 1:
      octets[at] = below(256)
      break
    case 2:
      octets.splice(at, length)
      break
    case 3:
      octets.splice(at, 0, ...octets.slice(at, at + length))
      break
    case 4:
      octets.splice(at, length, ...other.slice(from, from + length))
      break
    case 5:
      octets[at] = ((octets[at] ?? 0) + (below(2) === 0 ? 1 : 255)) & 0xff
      break
    case 6:
      octets[at] = [0x00, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0xff][below(8)] ?? 0
      break
    default:
      octets.length = at
  }
  return Uint8Array.from(octets)
}

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
