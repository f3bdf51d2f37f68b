// Wycheproof's signatures as questions to a checker, where COUNTERSIGN_VECTORS names the folder that holds `wycheproof/`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { AlgorithmIdentifier } from '@countersign/x509'

const PSS_SHA256 =
  '3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120'

/** Each file with the algorithm that a certificate would name; its parameters in hexadecimal. */
export const SIGNATURE_SETS = [
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

/** One signature. */
export interface SignatureCase {
  readonly what: string
  readonly algorithm: AlgorithmIdentifier
  /** DER of a SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  readonly valid: boolean
}

interface Group {
  readonly publicKeyDer: string | null
  readonly tests: readonly {
    readonly tcId: number
    readonly comment: string
    readonly msg: string
    readonly sig: string
    readonly ctx?: string
    readonly result: 'valid' | 'invalid' | 'acceptable'
  }[]
}

/** Reads the cases of a set that a certificate could pose, and on which there is one opinion. */
export function readSignatureSet([file, oid, parameters]: (typeof SIGNATURE_SETS)[number]): readonly SignatureCase[] {
  const octets = readFileSync(join(process.env['COUNTERSIGN_VECTORS'] ?? '', 'wycheproof', file))
  const text = (file.endsWith('.gz') ? gunzipSync(octets) : octets).toString()
  const { testGroups } = JSON.parse(text) as { readonly testGroups: readonly Group[] }
  const algorithm = { algorithm: oid, ...(parameters !== undefined && { parameters: Uint8Array.fromHex(parameters) }) }
  // A group without a DER key is about keys of a wrong length, which have no SubjectPublicKeyInfo.
  return testGroups.flatMap(({ publicKeyDer, tests }) =>
    publicKeyDer
      ? tests.flatMap(({ tcId, comment, msg, sig, ctx, result }): SignatureCase[] =>
          // X.509 signs without a context (RFC 9881 §3).
          ctx || result === 'acceptable'
            ? []
            : [
                {
                  what: `case ${tcId}: ${comment}`,
                  algorithm,
                  spki: Uint8Array.fromHex(publicKeyDer),
                  signed: Uint8Array.fromHex(msg),
                  signature: Uint8Array.fromHex(sig),
                  valid: result === 'valid',
                },
              ],
        )
      : [],
  )
}
