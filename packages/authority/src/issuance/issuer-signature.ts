// Which signature an issuer makes follows from its key.
import { createPublicKey } from 'node:crypto'
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@countersign/x509'
import { InvariantError } from '../error.ts'
import { signatureAlgorithmOfKey } from '../keys/signature.ts'
import { sameOctets } from '../octets.ts'

/** An issuer's key is asked about with each certificate, twice, and OpenSSL takes 30 µs to read it. */
const known = new WeakMap<SubjectPublicKeyInfo, AlgorithmIdentifier>()

/** What the owner of `issuerKey` signs with. */
export function signatureOf(issuerKey: SubjectPublicKeyInfo): AlgorithmIdentifier {
  const before = known.get(issuerKey)
  if (before !== undefined) return before
  const { der } = issuerKey
  const algorithm = signatureAlgorithmOfKey(createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' }))
  if (algorithm === undefined) throw new InvariantError('an issuer has a key of no kind that signs here')
  known.set(issuerKey, algorithm)
  return algorithm
}

/** What speaks against `signature` on something that the owner of `issuerKey` signs; undefined where it fits. */
export function faultOfSignature(signature: AlgorithmIdentifier, issuerKey: SubjectPublicKeyInfo): string | undefined {
  const { algorithm, parameters } = signatureOf(issuerKey)
  const fits = signature.algorithm === algorithm && sameParameters(signature.parameters, parameters)
  return fits ? undefined : signature.algorithm
}

function sameParameters(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one === undefined || other === undefined ? one === other : sameOctets(one, other)
}
