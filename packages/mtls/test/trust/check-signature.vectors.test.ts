// Wycheproof's vectors, run where COUNTERSIGN_VECTORS names the folder that holds `wycheproof/`.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { createCheckSignature } from '../../src/trust/check-signature.ts'
import { readSpki } from './spki.ts'

interface Case {
  readonly tcId: number
  readonly comment: string
  readonly msg: string
  readonly sig: string
  readonly ctx?: string
  readonly result: 'valid' | 'invalid' | 'acceptable'
}
interface Group {
  readonly publicKeyDer: string | null
  readonly tests: readonly Case[]
}

const PSS_SHA256 =
  '3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120'
const SETS = [
  ['ecdsa_secp256r1_sha256_test.json', '1.2.840.10045.4.3.2'],
  ['ecdsa_secp384r1_sha384_test.json', '1.2.840.10045.4.3.3'],
  ['ecdsa_secp521r1_sha512_test.json', '1.2.840.10045.4.3.4'],
  ['rsa_signature_2048_sha256_test.json', '1.2.840.113549.1.1.11', '0500'],
  ['rsa_pss_2048_sha256_mgf1_32_test.json', '1.2.840.113549.1.1.10', PSS_SHA256],
  ['rsa_pss_2048_sha256_mgf1_32_params_test.json', '1.2.840.113549.1.1.10', PSS_SHA256],
  ['ed25519_test.json', '1.3.101.112'],
  ['ed448_test.json', '1.3.101.113'],
  ['mldsa_44_verify_test.json.gz', '2.16.840.1.101.3.4.3.17'],
  ['mldsa_65_verify_test.json.gz', '2.16.840.1.101.3.4.3.18'],
  ['mldsa_87_verify_test.json.gz', '2.16.840.1.101.3.4.3.19'],
] as const

const folder = join(process.env['COUNTERSIGN_VECTORS'] ?? '', 'wycheproof')

suite('Wycheproof signatures', () => {
  for (const [file, algorithm, parameters] of SETS) {
    const path = join(folder, file)
    test(file, { skip: !existsSync(path) && `${path} is not present` }, () => {
      const octets = readFileSync(path)
      const text = (file.endsWith('.gz') ? gunzipSync(octets) : octets).toString()
      const { testGroups } = JSON.parse(text) as { readonly testGroups: readonly Group[] }
      const checkSignature = createCheckSignature()
      const identifier = { algorithm, ...(parameters !== undefined && { parameters: Uint8Array.fromHex(parameters) }) }
      const counts = { valid: 0, invalid: 0 }
      for (const { publicKeyDer, tests } of testGroups) {
        // A group without a DER key is about keys of a wrong length, which have no SubjectPublicKeyInfo.
        if (!publicKeyDer) continue
        const key = readSpki(Uint8Array.fromHex(publicKeyDer))
        for (const { tcId, comment, msg, sig, ctx, result } of tests) {
          // X.509 signs without a context (RFC 9881 §3).
          if (ctx || result === 'acceptable') continue
          const ask = () => checkSignature(identifier, key, Uint8Array.fromHex(msg), Uint8Array.fromHex(sig))
          assert.equal(ask(), result === 'valid', `case ${tcId}: ${comment}`)
          assert.equal(ask(), result === 'valid', `case ${tcId}, asked again: ${comment}`)
          counts[result]++
        }
      }
      assert.ok(counts.valid > 5 && counts.invalid > 5, JSON.stringify(counts))
    })
  }
})
