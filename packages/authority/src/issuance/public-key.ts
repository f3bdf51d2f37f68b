// Which public keys we certify.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { whyNotKey } from '@countersign/verify'
import { OID, readSubjectPublicKeyInfo, type SubjectPublicKeyInfo, writeOid } from '@countersign/x509'
import { sameOctets } from '../octets.ts'

/**
 * What speaks against certifying `spki`, or undefined: P-256, P-384, Ed25519, ML-DSA, and RSA of at least 2,048 bits are accepted,
 * and nothing that a door would refuse. One key has one encoding here, so that "the same key" can be decided on octets.
 */
export function faultOfKey(spki: Uint8Array): string | undefined {
  let key: KeyObject
  let info: SubjectPublicKeyInfo
  let usual: Uint8Array
  try {
    info = readSubjectPublicKeyInfo(spki)
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    // Some keys that OpenSSL takes it cannot write, the point at infinity among them.
    usual = key.export({ type: 'spki', format: 'der' })
  } catch (error) {
    // OpenSSL's and our reader's errors alike say that these octets are no key.
    return error instanceof Error ? `the key cannot be read: ${error.message}` : 'the key cannot be read'
  }
  if (!sameOctets(usual, spki)) return 'the key is not in its usual encoding'
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const curve = ACCEPTED_CURVES.some((oid) => sameOctets(info.algorithm.parameters ?? NONE, writeOid(oid)))
      return curve && info.subjectPublicKey[0] === 4 ? undefined : 'the curve is not P-256 or P-384'
    }
    case 'ed25519':
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return undefined
    case 'rsa': {
      // With a small exponent, a door that checks padding badly can be given signatures that nobody made.
      const { publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
      return whyNotKey(info) ?? (publicExponent >= 65537n ? undefined : 'the public exponent is below 65537')
    }
    default:
      return `a key of the kind ${key.asymmetricKeyType ?? 'unknown'}`
  }
}

const ACCEPTED_CURVES = [OID.secp256r1, OID.secp384r1]
const NONE = new Uint8Array()
