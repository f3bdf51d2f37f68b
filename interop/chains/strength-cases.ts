// Keys and signatures: what is strong enough, and that a key's own parameters bind. RFC 4055 §3.3, the limits of `STRENGTH`.
import { constants, generateKeyPairSync } from 'node:crypto'
import {
  ALGORITHM,
  type AlgorithmIdentifier,
  type HashName,
  OID,
  type Oid,
  type PssParameters,
  readSubjectPublicKeyInfo,
  writeInteger,
  writeNull,
  writePssParameters,
  writeSequence,
  writeSubjectPublicKeyInfo,
} from '@countersign/x509'
import type { Case } from './chain.ts'
import { stranger } from './chain.ts'
import { type Keys, keysOf } from './house.ts'

const rsaPair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const rsa = keysOf(rsaPair, ALGORITHM.sha256WithRSAEncryption, 'sha256')
const WEAK = ['ERR_VERIFY_WEAK_KEY'] as const
const NOT_COUNTED = ['ERR_VERIFY_ALGORITHM'] as const
const UNFIT = ['ERR_VERIFY_BAD_SIGNATURE'] as const

/** A key that is held by a party, which signs nothing with it. */
const held = (
  type: 'ec' | 'rsa' | 'ed25519' | 'ed448' | 'x25519' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87',
  options = {},
): Keys => {
  const pair = generateKeyPairSync(type as 'ed25519', options)
  return { ...stranger, subjectPublicKeyInfo: keysOf(pair, ALGORITHM.Ed25519, undefined).subjectPublicKeyInfo }
}
/** An RSA key of numbers alone: the most significant bit and the least are set. */
const numbers = (bits: bigint, exponent: bigint): Keys => {
  const modulus = (1n << (bits - 1n)) + 1n
  const subjectPublicKey = writeSequence(writeInteger(modulus), writeInteger(exponent))
  const algorithm = { algorithm: OID.rsaEncryption, parameters: writeNull() }
  return {
    ...stranger,
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(writeSubjectPublicKeyInfo({ algorithm, subjectPublicKey })),
  }
}

const HASHES: Readonly<Record<HashName, string>> = {
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}
/** An issuer's key with how it signs: PSS by `used`, under a key that is bound to `bound`; absent: to PSS; null: to nothing. */
const pss = (used: PssParameters, bound?: PssParameters | null): Keys => {
  const algorithm: AlgorithmIdentifier = { algorithm: OID['id-RSASSA-PSS'], parameters: writePssParameters(used) }
  const { subjectPublicKey } = rsa.subjectPublicKeyInfo
  const info =
    bound === null
      ? rsa.subjectPublicKeyInfo
      : readSubjectPublicKeyInfo(
          writeSubjectPublicKeyInfo({
            algorithm: { algorithm: OID['id-RSASSA-PSS'], ...(bound && { parameters: writePssParameters(bound) }) },
            subjectPublicKey,
          }),
        )
  // node:crypto takes the padding beside the key.
  const privateKey = {
    key: rsaPair.privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: used.saltLength,
  } as unknown as Keys['privateKey']
  return { privateKey, subjectPublicKeyInfo: info, algorithm, hash: HASHES[used.hash] }
}
const of = (hash: HashName, saltLength: number, maskHash: HashName = hash): PssParameters => ({
  hash,
  maskHash,
  saltLength,
})
const rsaBy = (algorithm: Oid, hash: string): Keys => ({
  ...rsa,
  algorithm: { algorithm, parameters: writeNull() },
  hash,
})

const KEYS: readonly (readonly [what: string, keys: Keys, codes: Case['codes']])[] = [
  ['rsa of 2048 bits', rsa, []],
  ['rsa of 8192 bits', numbers(8192n, 65537n), []],
  ['rsa of 1024 bits', held('rsa', { modulusLength: 1024 }), WEAK],
  ['rsa of 2040 bits', held('rsa', { modulusLength: 2040 }), WEAK],
  ['rsa of 2052 bits', numbers(2052n, 65537n), WEAK],
  ['rsa of 8200 bits', numbers(8200n, 65537n), WEAK],
  ['rsa with the exponent 3', held('rsa', { modulusLength: 2048, publicExponent: 3 }), WEAK],
  ['rsa with the exponent 1', numbers(2048n, 1n), WEAK],
  ['rsa with an even exponent', numbers(2048n, 65538n), WEAK],
  ['rsa with an exponent of 257 bits', numbers(2048n, (1n << 256n) + 1n), WEAK],
  ['p-384', held('ec', { namedCurve: 'P-384' }), []],
  ['p-521', held('ec', { namedCurve: 'P-521' }), []],
  ['p-224', held('ec', { namedCurve: 'secp224r1' }), WEAK],
  ['secp256k1', held('ec', { namedCurve: 'secp256k1' }), WEAK],
  ['p-256 by its numbers', held('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }), WEAK],
  ['ed25519', held('ed25519'), []],
  ['ed448', held('ed448'), []],
  ['x25519', held('x25519'), WEAK],
  ['ml-dsa-44', held('ml-dsa-44'), []],
  ['ml-dsa-65', held('ml-dsa-65'), []],
  ['ml-dsa-87', held('ml-dsa-87'), []],
]

const SIGNATURES: readonly (readonly [what: string, issuing: Keys, codes: Case['codes']])[] = [
  ['sha256 with rsa', rsa, []],
  ['md5 with rsa', rsaBy('1.2.840.113549.1.1.4', 'md5'), NOT_COUNTED],
  ['sha-1 with rsa', rsaBy(OID.sha1WithRSAEncryption, 'sha1'), NOT_COUNTED],
  ['sha224 with rsa', rsaBy('1.2.840.113549.1.1.14', 'sha224'), NOT_COUNTED],
  ['pss with sha256', pss(of('SHA-256', 32), null), []],
  ['pss with sha-1', pss(of('SHA-1', 20), null), NOT_COUNTED],
  ['pss with a salt of 20 octets', pss(of('SHA-256', 20), null), NOT_COUNTED],
  ['pss under a key for pss', pss(of('SHA-256', 32)), []],
  ['pss under a key for pss of the same parameters', pss(of('SHA-256', 32), of('SHA-256', 32)), []],
  ['pss under a key for pss with a shorter salt', pss(of('SHA-256', 32), of('SHA-256', 20)), []],
  ['pss under a key for pss with a longer salt', pss(of('SHA-256', 32), of('SHA-256', 48)), UNFIT],
  ['pss under a key for pss with another hash', pss(of('SHA-256', 32), of('SHA-384', 32)), UNFIT],
  [
    'pss under a key for pss with another hash in its mask',
    pss(of('SHA-256', 32), of('SHA-256', 32, 'SHA-384')),
    UNFIT,
  ],
  ['pss under a key for pss by default, which is sha-1', pss(of('SHA-256', 32), of('SHA-1', 20)), UNFIT],
  ['pkcs#1 under a key for pss', { ...rsa, subjectPublicKeyInfo: pss(of('SHA-256', 32)).subjectPublicKeyInfo }, UNFIT],
]

export const STRENGTH_CASES: readonly Case[] = [
  ...KEYS.map(([what, keys, codes]): Case => ({ what: `a party with a key of ${what}`, codes, party: { keys } })),
  ...SIGNATURES.map(([what, keys, codes]): Case => ({ what: `signed by ${what}`, codes, issuing: { keys } })),
  {
    what: 'an issuer with a key of rsa of 1024 bits, which signs',
    codes: WEAK,
    issuing: {
      keys: keysOf(generateKeyPairSync('rsa', { modulusLength: 1024 }), ALGORITHM.sha256WithRSAEncryption, 'sha256'),
    },
  },
]
