// Which public keys we certify.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { whyNotKey } from '@countersign/verify'
import { OID, readSubjectPublicKeyInfo, type SubjectPublicKeyInfo, writeOid } from '@countersign/x509'
import { sameOctets, sha256 } from '../octets.ts'
import type { KeyKind, X509Profile } from './profiles.ts'

/** The kind of a key that may be certified, or what speaks against it. */
export type JudgedKey =
  | { readonly ok: true; readonly kind: KeyKind /** Of an RSA modulus. */; readonly bits?: number }
  | { readonly ok: false; readonly fault: string }

/**
 * What speaks against certifying `spki` under `profile`: its kind or its size is not the profile's, or nobody may have such
 * a key. One key has one encoding here, so that "the same key" can be decided on octets.
 */
export function faultOfKey(spki: Uint8Array, profile: Pick<X509Profile, 'keys' | 'rsaBits'>): string | undefined {
  const verdict = judgeKey(spki)
  if (!verdict.ok) return verdict.fault
  const { kind, bits } = verdict
  if (profile.keys[kind] === undefined) return `a key of the kind ${kind}, which this profile does not have`
  const [least, most] = profile.rsaBits
  return bits === undefined || (bits >= least && bits <= most)
    ? undefined
    : `RSA of ${bits} bits, not ${least} to ${most}`
}

// A request, its profile and the lints ask about the same key, and OpenSSL takes 100 µs to read one and write it again.
const MAX_REMEMBERED = 256
const remembered = new Map<string, JudgedKey>()

/** Judges a key by itself: P-256, P-384, Ed25519, ML-DSA and RSA, and nothing that a door would refuse. */
export function judgeKey(spki: Uint8Array): JudgedKey {
  const name = sha256(spki).toHex()
  const before = remembered.get(name)
  if (before !== undefined) return before
  const verdict = judgeUnknownKey(spki)
  // Those that are under way are few; what was forgotten is judged again.
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  remembered.set(name, verdict)
  return verdict
}

function judgeUnknownKey(spki: Uint8Array): JudgedKey {
  let key: KeyObject
  let info: SubjectPublicKeyInfo
  try {
    info = readSubjectPublicKeyInfo(spki)
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    if (!isUsual(info, key)) return refused('the key is not in its usual encoding')
  } catch (error) {
    // OpenSSL's and our reader's errors alike say that these octets are no key.
    return refused(error instanceof Error ? `the key cannot be read: ${error.message}` : 'the key cannot be read')
  }
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const kind = CURVES.find(({ parameters }) => sameOctets(info.algorithm.parameters ?? NONE, parameters))?.kind
      return kind === undefined ? refused('the curve is not P-256 or P-384') : { ok: true, kind }
    }
    case 'ed25519':
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return { ok: true, kind: key.asymmetricKeyType }
    case 'rsa': {
      // With a small exponent, a door that checks padding badly can be given signatures that nobody made.
      const { publicExponent = 0n, modulusLength: bits = 0 } = key.asymmetricKeyDetails ?? {}
      const fault = whyNotKey(info) ?? (publicExponent >= 65537n ? undefined : 'the public exponent is below 65537')
      return fault === undefined ? { ok: true, kind: 'rsa', bits } : refused(fault)
    }
    default:
      return refused(`a key of the kind ${key.asymmetricKeyType ?? 'unknown'}`)
  }
}

function refused(fault: string): JudgedKey {
  return { ok: false, fault }
}

/** Whether the octets are those that everybody writes for this key: so that "the same key" can be decided on octets. */
function isUsual({ der, algorithm, subjectPublicKey }: SubjectPublicKeyInfo, key: KeyObject): boolean {
  const curve = CURVES.find(({ parameters }) => sameOctets(algorithm.parameters ?? NONE, parameters))
  // RFC 5480 §2.2: a point that is written whole has one encoding in DER, which our reader has seen to be. OpenSSL, asked
  // below for all other keys, takes longer to write it than to check that it is on its curve.
  if (curve !== undefined) return subjectPublicKey[0] === 4 && subjectPublicKey.length === curve.octets
  // Some keys that OpenSSL takes it cannot write.
  return sameOctets(key.export({ type: 'spki', format: 'der' }), der)
}

const CURVES = [
  { kind: 'p256', parameters: writeOid(OID.secp256r1), octets: 65 },
  { kind: 'p384', parameters: writeOid(OID.secp384r1), octets: 97 },
] as const
const NONE = new Uint8Array()
