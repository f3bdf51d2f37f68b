// Which signature algorithms we know, each with its exact parameters. Tables, no decisions.
import { constants, type KeyObject, type SigningOptions, verify } from 'node:crypto'
import type { AlgorithmIdentifier } from '@countersign/x509'

/** One way to check a signature; `keyTypes` are the only kinds of key that it may be used with. */
export interface SignatureScheme {
  readonly keyTypes: readonly KeyType[]
  /** For RSASSA-PSS: the hash that a key with parameters must allow. */
  readonly pssHash?: HashName
  check(key: KeyObject, signed: Uint8Array, signature: Uint8Array): boolean
}

/** What kind of key a SubjectPublicKeyInfo holds; for `rsa-pss` with the hash that its parameters demand, if any. */
export interface KeyKind {
  readonly type: KeyType
  readonly pssHash?: HashName
}

type KeyType = 'ec' | 'rsa' | 'rsa-pss' | 'ed25519' | 'ed448' | 'ml-dsa-44' | 'ml-dsa-65' | 'ml-dsa-87'
type HashName = 'sha256' | 'sha384' | 'sha512'

const ABSENT = ''
const NULL = '0500'
/** The last arc of the hash's OID under 2.16.840.1.101.3.4.2, and its length in octets. */
const HASHES = { sha256: ['01', 32], sha384: ['02', 48], sha512: ['03', 64] } as const satisfies Record<
  HashName,
  readonly [string, number]
>
const HASH_NAMES = ['sha256', 'sha384', 'sha512'] as const satisfies readonly HashName[]

const SCHEMES = makeSchemes()
const KEY_KINDS = makeKeyKinds()

/** Finds the scheme of an algorithm identifier; its parameters must be exactly those of the scheme's specification. */
export function schemeOf(algorithm: AlgorithmIdentifier): SignatureScheme | undefined {
  return SCHEMES.get(keyOf(algorithm))
}

/** Finds the kind of key that a SubjectPublicKeyInfo's algorithm identifier names. */
export function keyKindOf(algorithm: AlgorithmIdentifier): KeyKind | undefined {
  return KEY_KINDS.get(keyOf(algorithm))
}

function keyOf({ algorithm, parameters }: AlgorithmIdentifier): string {
  return `${algorithm} ${parameters?.toHex() ?? ABSENT}`
}

function makeSchemes(): ReadonlyMap<string, SignatureScheme> {
  const schemes = new Map<string, SignatureScheme>()
  HASH_NAMES.forEach((hash, index) => {
    // RFC 5758 §3.2: the parameters of ecdsa-with-SHA2 are absent.
    schemes.set(`1.2.840.10045.4.3.${index + 2} ${ABSENT}`, checkedBy(['ec'], hash, { dsaEncoding: 'der' }))
    // RFC 4055 §5: "the parameters MUST be NULL. Implementations MUST accept the parameters being absent".
    const pkcs1 = checkedBy(['rsa'], hash, { padding: constants.RSA_PKCS1_PADDING })
    for (const parameters of [NULL, ABSENT]) schemes.set(`1.2.840.113549.1.1.${index + 11} ${parameters}`, pkcs1)
    const pss = checkedBy(['rsa', 'rsa-pss'], hash, {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: HASHES[hash][1],
    })
    for (const parameters of pssParameters(hash))
      schemes.set(`1.2.840.113549.1.1.10 ${parameters}`, { ...pss, pssHash: hash })
  })
  // RFC 8410 §3 and RFC 9881 §2: absent.
  schemes.set(`1.3.101.112 ${ABSENT}`, checkedBy(['ed25519'], undefined, {}))
  schemes.set(`1.3.101.113 ${ABSENT}`, checkedBy(['ed448'], undefined, {}))
  schemes.set(`2.16.840.1.101.3.4.3.17 ${ABSENT}`, checkedBy(['ml-dsa-44'], undefined, {}))
  schemes.set(`2.16.840.1.101.3.4.3.18 ${ABSENT}`, checkedBy(['ml-dsa-65'], undefined, {}))
  schemes.set(`2.16.840.1.101.3.4.3.19 ${ABSENT}`, checkedBy(['ml-dsa-87'], undefined, {}))
  return schemes
}

function makeKeyKinds(): ReadonlyMap<string, KeyKind> {
  const kinds = new Map<string, KeyKind>()
  // RFC 5480 §2.1.1: a named curve; we know P-256, P-384 and P-521.
  for (const curve of ['06082a8648ce3d030107', '06052b81040022', '06052b81040023'])
    kinds.set(`1.2.840.10045.2.1 ${curve}`, { type: 'ec' })
  // RFC 3279 §2.3.1: NULL. RFC 4055 §3.1: absent, or what the key may be used with.
  kinds.set(`1.2.840.113549.1.1.1 ${NULL}`, { type: 'rsa' })
  kinds.set(`1.2.840.113549.1.1.10 ${ABSENT}`, { type: 'rsa-pss' })
  for (const hash of HASH_NAMES)
    for (const parameters of pssParameters(hash))
      kinds.set(`1.2.840.113549.1.1.10 ${parameters}`, { type: 'rsa-pss', pssHash: hash })
  kinds.set(`1.3.101.112 ${ABSENT}`, { type: 'ed25519' })
  kinds.set(`1.3.101.113 ${ABSENT}`, { type: 'ed448' })
  kinds.set(`2.16.840.1.101.3.4.3.17 ${ABSENT}`, { type: 'ml-dsa-44' })
  kinds.set(`2.16.840.1.101.3.4.3.18 ${ABSENT}`, { type: 'ml-dsa-65' })
  kinds.set(`2.16.840.1.101.3.4.3.19 ${ABSENT}`, { type: 'ml-dsa-87' })
  return kinds
}

function checkedBy(keyTypes: readonly KeyType[], hash: HashName | undefined, options: SigningOptions): SignatureScheme {
  return { keyTypes, check: (key, signed, signature) => verify(hash, signed, { key, ...options }, signature) }
}

/**
 * RFC 4055 §3.1, the profile that is in use: MGF1 with the same hash, a salt as long as the hash, trailer by default.
 * A hash's own parameters may be NULL or absent (RFC 4055 §2.1), which makes four encodings, in hexadecimal.
 */
function pssParameters(hash: HashName): readonly string[] {
  const [arc, length] = HASHES[hash]
  const oid = `06096086480165030402${arc}`
  const identifiers = [element('30', oid + NULL), element('30', oid)]
  const salt = element('a2', element('02', length.toString(16).padStart(2, '0')))
  return identifiers.flatMap((digest) =>
    identifiers.map((mgfDigest) => {
      const mgf1 = element('30', `06092a864886f70d010108${mgfDigest}`)
      return element('30', element('a0', digest) + element('a1', mgf1) + salt)
    }),
  )
}

function element(tag: string, contents: string): string {
  return tag + (contents.length / 2).toString(16).padStart(2, '0') + contents
}
