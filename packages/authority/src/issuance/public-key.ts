// Which public keys we certify.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { OID, readSubjectPublicKeyInfo, type SubjectPublicKeyInfo, writeOid } from '@countersign/x509'
import { sameOctets } from '../octets.ts'

/** Above 8,192 bits one verification costs a door more than a millisecond. */
const RSA_BITS = { least: 2048, most: 8192 } as const

/**
 * What speaks against certifying `spki`, or undefined: P-256, P-384, Ed25519, and RSA of at least 2,048 bits are accepted.
 * One key has one encoding here, so that "the same key" can be decided on octets.
 */
export function faultOfKey(spki: Uint8Array): string | undefined {
  let key: KeyObject
  let info: SubjectPublicKeyInfo
  try {
    info = readSubjectPublicKeyInfo(spki)
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (error) {
    // OpenSSL's and our reader's errors alike say that these octets are no key.
    return error instanceof Error ? `the key cannot be read: ${error.message}` : 'the key cannot be read'
  }
  if (!sameOctets(key.export({ type: 'spki', format: 'der' }), spki)) return 'the key is not in its usual encoding'
  switch (key.asymmetricKeyType) {
    case 'ec': {
      const curve = ACCEPTED_CURVES.some((oid) => sameOctets(info.algorithm.parameters ?? NONE, writeOid(oid)))
      return curve && info.subjectPublicKey[0] === 4 ? undefined : 'the curve is not P-256 or P-384'
    }
    case 'ed25519':
      return undefined
    case 'rsa': {
      const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
      if (modulusLength < RSA_BITS.least || modulusLength > RSA_BITS.most)
        return `an RSA key of ${modulusLength} bits; ${RSA_BITS.least} to ${RSA_BITS.most} are accepted`
      return publicExponent >= 65537n ? undefined : 'the public exponent is below 65537'
    }
    default:
      return `a key of the kind ${key.asymmetricKeyType ?? 'unknown'}`
  }
}

const ACCEPTED_CURVES = [OID.secp256r1, OID.secp384r1]
const NONE = new Uint8Array()
