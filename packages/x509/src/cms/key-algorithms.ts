// How the content's key travels: RFC 3560 and RFC 8017 A.2.1 (RSA), RFC 5753 §7 and RFC 8418 §2 (ECDH).
import { readAlgorithmIdentifierAt, writeAlgorithmIdentifier } from '../algorithm.ts'
import type { CryptoSteps, HashName, KeyTransport } from '../crypto-step.ts'
import { enter, leave, peekTag, readContents } from '../der/cursor.ts'
import { constructedContextTag, TAG } from '../der/tag.ts'
import { joinOctets, writeExplicit, writeNull, writeOctetString, writeSequence } from '../der/write.ts'
import type { AlgorithmIdentifier, Oid } from '../model.ts'
import { OID } from '../oid.ts'
import { digestAlgorithmOf, HASH_OCTETS, hashOf, hasNoParameters, named, readParameters } from '../parameters.ts'
import { CmsError } from './error.ts'
import { need } from './need.ts'

/** How RSA carries the key by this algorithm. @throws {CmsError} when it is none of ours. @see RFC 3560 §3, RFC 8017 A.2.1 */
export function keyTransportOf(algorithm: AlgorithmIdentifier): KeyTransport {
  if (algorithm.algorithm === OID.rsaEncryption && hasNoParameters(algorithm)) return { kind: 'RSAES-PKCS1-v1_5' }
  if (algorithm.algorithm !== OID['id-RSAES-OAEP']) throw new CmsError('ERR_CMS_ALGORITHM')
  const { hash, mask, label } = readOaep(algorithm) ?? { hash: undefined, mask: undefined, label: undefined }
  // Two hashes in one OAEP have no use, and node:crypto has no way to ask for them.
  if (hash === undefined || mask !== hash || label === undefined) throw new CmsError('ERR_CMS_ALGORITHM')
  return { kind: 'RSAES-OAEP', hash, label }
}

const SHA1: AlgorithmIdentifier = { algorithm: OID['id-sha1'] }
const NO_LABEL = new Uint8Array()

/** A DEFAULT that is written out is let in: encoders of RFC 4055 did so, and it has no second reading. */
function readOaep(algorithm: AlgorithmIdentifier) {
  return readParameters(algorithm, (c) => {
    const outer = enter(c, TAG.sequence)
    const field = (number: number) => {
      if (peekTag(c) !== constructedContextTag(number)) return undefined
      const outerField = enter(c, constructedContextTag(number))
      const value = readAlgorithmIdentifierAt(c)
      leave(c, outerField)
      return value
    }
    const hash = field(0) ?? SHA1
    const mask = field(1)
    const source = field(2)
    leave(c, outer)
    const maskHash = mask === undefined ? SHA1 : mask.algorithm === OID['id-mgf1'] ? mgf1HashOf(mask) : undefined
    return {
      hash: hashOf(hash),
      mask: maskHash && hashOf(maskHash),
      label: source === undefined ? NO_LABEL : labelOf(source),
    }
  })
}

function mgf1HashOf(mask: AlgorithmIdentifier): AlgorithmIdentifier | undefined {
  return readParameters(mask, readAlgorithmIdentifierAt)
}

function labelOf(source: AlgorithmIdentifier): Uint8Array | undefined {
  if (source.algorithm !== OID['id-pSpecified']) return undefined
  return readParameters(source, (c) => readContents(c, TAG.octetString))
}

/** The algorithm identifier of a key transport. */
export function keyTransportAlgorithmOf(transport: KeyTransport): AlgorithmIdentifier {
  if (transport.kind === 'RSAES-PKCS1-v1_5') return { algorithm: OID.rsaEncryption, parameters: writeNull() }
  const { hash, label } = transport
  const hashAlgorithm = { ...digestAlgorithmOf(hash), parameters: writeNull() }
  const fields = [
    { is: hash === 'SHA-1', value: hashAlgorithm },
    { is: hash === 'SHA-1', value: { algorithm: OID['id-mgf1'], parameters: writeAlgorithmIdentifier(hashAlgorithm) } },
    { is: label.length === 0, value: { algorithm: OID['id-pSpecified'], parameters: writeOctetString(label) } },
  ].flatMap(({ is, value }, number) => (is ? [] : [writeExplicit(number, writeAlgorithmIdentifier(value))]))
  return { algorithm: OID['id-RSAES-OAEP'], parameters: writeSequence(...fields) }
}

/** How a shared secret becomes the key that wraps: RFC 5753 §7.2 over the KDF of X9.63, or RFC 8418 §2.2 over HKDF. */
export interface KeyAgreement {
  readonly derivation: 'X9.63' | 'HKDF'
  readonly hash: HashName
  /** AES key wrap, whole: it is part of what the key is derived from. */
  readonly wrap: AlgorithmIdentifier
}

const SCHEMES: Readonly<Record<Oid, `${KeyAgreement['derivation']} ${HashName}`>> = {
  [OID['dhSinglePass-stdDH-sha1kdf-scheme']]: 'X9.63 SHA-1',
  [OID['dhSinglePass-stdDH-sha256kdf-scheme']]: 'X9.63 SHA-256',
  [OID['dhSinglePass-stdDH-sha384kdf-scheme']]: 'X9.63 SHA-384',
  [OID['dhSinglePass-stdDH-sha512kdf-scheme']]: 'X9.63 SHA-512',
  [OID['dhSinglePass-stdDH-hkdf-sha256-scheme']]: 'HKDF SHA-256',
  [OID['dhSinglePass-stdDH-hkdf-sha384-scheme']]: 'HKDF SHA-384',
  [OID['dhSinglePass-stdDH-hkdf-sha512-scheme']]: 'HKDF SHA-512',
}

const WRAPS: Readonly<Record<Oid, number>> = {
  [OID['id-aes128-wrap']]: 16,
  [OID['id-aes192-wrap']]: 24,
  [OID['id-aes256-wrap']]: 32,
}

/** How this algorithm agrees on a key. @throws {CmsError} when it is none of ours. @see RFC 5753 §7.1.4, RFC 8418 §2.3 */
export function keyAgreementOf(algorithm: AlgorithmIdentifier): KeyAgreement {
  const [derivation, hash] = (SCHEMES[algorithm.algorithm]?.split(' ') ?? []) as [
    KeyAgreement['derivation']?,
    HashName?,
  ]
  const wrap = readParameters(algorithm, readAlgorithmIdentifierAt)
  if (!derivation || !hash || !wrap || WRAPS[wrap.algorithm] === undefined || !hasNoParameters(wrap))
    throw new CmsError('ERR_CMS_ALGORITHM')
  return { derivation, hash, wrap }
}

/** The algorithm identifier of an agreement. */
export function keyAgreementAlgorithmOf({ derivation, hash, wrap }: KeyAgreement): AlgorithmIdentifier {
  return { algorithm: named(SCHEMES, `${derivation} ${hash}`), parameters: writeAlgorithmIdentifier(wrap) }
}

/** AES key wrap without parameters, for a wrapping key of `octets`. @see RFC 3565 §2.3.2 */
export function keyWrapOf(octets: number): AlgorithmIdentifier {
  return { algorithm: named(WRAPS, octets) }
}

/** Derives the wrapping key. Secret. @see RFC 5753 §7.2, SEC 1 §3.6.1, RFC 8418 §2.2 */
export function* deriveWrappingKey(
  { derivation, hash, wrap }: KeyAgreement,
  sharedSecret: Uint8Array,
  ukm: Uint8Array | undefined,
): CryptoSteps<Uint8Array> {
  const octets = WRAPS[wrap.algorithm] ?? 0
  const sharedInfo = writeSequence(
    writeAlgorithmIdentifier(wrap),
    ...(ukm === undefined ? [] : [writeExplicit(0, writeOctetString(ukm))]),
    writeExplicit(2, writeOctetString(bigEndian(8 * octets))),
  )
  let extracted = sharedSecret
  if (derivation === 'HKDF')
    extracted = yield* need({ op: 'hmac', hash, key: ukm ?? new Uint8Array(HASH_OCTETS[hash]), octets: sharedSecret })
  let key: Uint8Array = new Uint8Array()
  let block: Uint8Array = new Uint8Array()
  for (let counter = 1; key.length < octets; counter++) {
    block =
      derivation === 'HKDF'
        ? yield* need({
            op: 'hmac',
            hash,
            key: extracted,
            octets: joinOctets(block, sharedInfo, Uint8Array.of(counter)),
          })
        : yield* need({
            op: 'digest',
            hash,
            octets: joinOctets(sharedSecret, bigEndian(counter), sharedInfo),
            times: 1,
          })
    key = joinOctets(key, block)
  }
  return key.subarray(0, octets)
}

function bigEndian(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}
