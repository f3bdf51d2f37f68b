// Wycheproof's vectors through the decision on one signature: algorithm, key, whether they fit, and only then node:crypto's word.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fitsKey, whyNotKey, whyNotSignatureAlgorithm } from '@countersign/verify'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  DerError,
  OID,
  readSubjectPublicKeyInfo,
  type SubjectPublicKeyInfo,
  writePssParameters,
  X509Error,
} from '@countersign/x509'
import { checkSignature } from '../../../../interop/chains/check-signature.ts'

interface Group {
  readonly publicKeyDer?: string | null
  readonly tests: readonly {
    readonly tcId: number
    readonly comment: string
    readonly msg: string
    readonly sig: string
    readonly ctx?: string
    readonly result: 'valid' | 'invalid' | 'acceptable'
  }[]
}

const PSS: AlgorithmIdentifier = {
  algorithm: OID['id-RSASSA-PSS'],
  parameters: writePssParameters({ hash: 'SHA-256', maskHash: 'SHA-256', saltLength: 32 }),
}
/** Each set and the algorithm that it is signed by. */
const SETS: readonly (readonly [string, AlgorithmIdentifier])[] = [
  ['ecdsa_secp256r1_sha256_test.json', ALGORITHM.ecdsaWithSHA256],
  ['ecdsa_secp384r1_sha384_test.json', ALGORITHM.ecdsaWithSHA384],
  ['ecdsa_secp521r1_sha512_test.json', ALGORITHM.ecdsaWithSHA512],
  ['rsa_signature_2048_sha256_test.json', ALGORITHM.sha256WithRSAEncryption],
  ['rsa_pss_2048_sha256_mgf1_32_test.json', PSS],
  ['rsa_pss_2048_sha256_mgf1_32_params_test.json', PSS],
  ['ed25519_test.json', ALGORITHM.Ed25519],
  ['ed448_test.json', ALGORITHM.Ed448],
  ['mldsa_44_verify_test.json.gz', ALGORITHM['id-ml-dsa-44']],
  ['mldsa_65_verify_test.json.gz', ALGORITHM['id-ml-dsa-65']],
  ['mldsa_87_verify_test.json.gz', ALGORITHM['id-ml-dsa-87']],
]

/** Valid signatures under keys that our profile refuses, by its reason. */
const TOO_WEAK: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'the rsa exponent is not odd and above 2^16',
    ['rsa_signature_2048_sha256_test.json 258', 'rsa_signature_2048_sha256_test.json 259'],
  ],
])

const folder = join(process.env['COUNTERSIGN_VECTORS'] ?? '', 'wycheproof')
suite('Wycheproof', { skip: !existsSync(folder) && 'COUNTERSIGN_VECTORS names no folder with wycheproof/' }, () => {
  for (const [file, algorithm] of SETS)
    test(file, () => {
      const counts = { valid: 0, invalid: 0 }
      const wrong: string[] = []
      for (const { publicKeyDer, tests } of readGroups(file)) {
        // A group without a DER key is about keys of a wrong length, which have no SubjectPublicKeyInfo.
        if (!publicKeyDer) continue
        const key = readKey(publicKeyDer)
        for (const { tcId, comment, msg, sig, ctx, result } of tests) {
          // X.509 signs without a context (RFC 9881 §3); what is acceptable is of either mind.
          if (ctx || result === 'acceptable') continue
          const accepted = key !== undefined && decide(algorithm, key, msg, sig)
          const weak = key !== undefined && TOO_WEAK.get(whyNotKey(key) ?? '')?.includes(`${file} ${tcId}`) === true
          if (accepted !== (result === 'valid' && !weak)) wrong.push(`${tcId}: ${comment}`)
          counts[result]++
        }
      }
      assert.deepEqual(wrong, [])
      assert.ok(counts.valid > 5 && counts.invalid > 5, JSON.stringify(counts))
    })
})

function decide(algorithm: AlgorithmIdentifier, key: SubjectPublicKeyInfo, msg: string, sig: string): boolean {
  return (
    whyNotSignatureAlgorithm(algorithm) === undefined &&
    whyNotKey(key) === undefined &&
    fitsKey(algorithm, key.algorithm) &&
    checkSignature(algorithm, key, Uint8Array.fromHex(msg), Uint8Array.fromHex(sig)) === true
  )
}

function readKey(hex: string): SubjectPublicKeyInfo | undefined {
  try {
    return readSubjectPublicKeyInfo(Uint8Array.fromHex(hex))
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}

function readGroups(file: string): readonly Group[] {
  const octets = readFileSync(join(folder, file))
  return (
    JSON.parse((file.endsWith('.gz') ? gunzipSync(octets) : octets).toString()) as { testGroups: readonly Group[] }
  ).testGroups
}
