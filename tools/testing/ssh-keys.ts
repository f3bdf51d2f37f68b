// SSH keys over node:crypto, for tests: what signs, and what checks signatures.
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify, type webcrypto } from 'node:crypto'
import {
  type CheckSshSignature,
  SSH_SIGNATURE_ALGORITHMS,
  type SshPublicKey,
  type SshSignature,
  type SshSignatureAlgorithm,
  sshSignatureAlgorithmsOf,
} from '@countersign/ssh'

export type SshKeyKind = 'Ed25519' | 'P-256' | 'P-384' | 'P-521' | 'RSA-2048'

export interface SshKey {
  readonly privateKey: KeyObject
  readonly key: SshPublicKey
  readonly sign: (octets: Uint8Array, algorithm?: SshSignatureAlgorithm) => SshSignature
}

export function newSshKey(kind: SshKeyKind): SshKey {
  const { privateKey, publicKey } =
    kind === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : kind === 'RSA-2048'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: kind })
  const key = keyOf(publicKey.export({ format: 'jwk' }))
  return {
    privateKey,
    key,
    sign: (octets, algorithm = sshSignatureAlgorithmsOf(key)[0] as SshSignatureAlgorithm) => ({
      algorithm,
      octets: new Uint8Array(sign(digestOf(algorithm), octets, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
    }),
  }
}

/** Checks by node:crypto. */
export const checkSshSignature: CheckSshSignature = (key, { algorithm, octets }, signed) =>
  verify(digestOf(algorithm), signed, { key: keyObjectOf(key), dsaEncoding: 'ieee-p1363' }, octets)

function digestOf(algorithm: SshSignatureAlgorithm): string | null {
  return SSH_SIGNATURE_ALGORITHMS[algorithm].hash?.replace('-', '').toLowerCase() ?? null
}

function keyOf({ kty, crv, x = '', y = '', n = '', e = '' }: webcrypto.JsonWebKey): SshPublicKey {
  if (kty === 'RSA') return { kind: 'RSA', modulus: octetsOf(n), publicExponent: octetsOf(e) }
  if (kty === 'OKP') return { kind: 'Ed25519', key: octetsOf(x) }
  const curve = crv as 'P-256' | 'P-384' | 'P-521'
  return { kind: 'EC', curve, point: Uint8Array.of(4, ...octetsOf(x), ...octetsOf(y)) }
}

function keyObjectOf(key: SshPublicKey): KeyObject {
  const as = (jwk: webcrypto.JsonWebKey) => createPublicKey({ format: 'jwk', key: jwk })
  switch (key.kind) {
    case 'RSA':
      return as({ kty: 'RSA', n: textOf(key.modulus), e: textOf(key.publicExponent) })
    case 'Ed25519':
      return as({ kty: 'OKP', crv: 'Ed25519', x: textOf(key.key) })
    case 'EC': {
      const half = (key.point.length - 1) / 2
      const [x, y] = [key.point.subarray(1, 1 + half), key.point.subarray(1 + half)]
      return as({ kty: 'EC', crv: key.curve, x: textOf(x), y: textOf(y) })
    }
    default:
      throw new RangeError('a security key signs in hardware')
  }
}

function octetsOf(base64url: string): Uint8Array {
  return Uint8Array.fromBase64(base64url, { alphabet: 'base64url' })
}

function textOf(octets: Uint8Array): string {
  return octets.toBase64({ alphabet: 'base64url', omitPadding: true })
}
