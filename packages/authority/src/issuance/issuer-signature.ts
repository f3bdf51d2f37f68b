// Which signature an issuer makes follows from its key.
import { keyAlgorithmOfSpki, signatureAlgorithmOf } from '@countersign/mtls'
import type { AlgorithmIdentifier, SubjectPublicKeyInfo } from '@countersign/x509'
import { InvariantError } from '../error.ts'

/** What the owner of `issuerKey` signs with. */
export function signatureOf(issuerKey: SubjectPublicKeyInfo): AlgorithmIdentifier {
  const kind = keyAlgorithmOfSpki(issuerKey)
  if (kind === undefined) throw new InvariantError('an issuer has a key of no kind that signs here')
  return signatureAlgorithmOf(kind)
}

/** What speaks against `signature` on something that the owner of `issuerKey` signs; undefined where it fits. */
export function faultOfSignature(signature: AlgorithmIdentifier, issuerKey: SubjectPublicKeyInfo): string | undefined {
  const fits = signatureOf(issuerKey).algorithm === signature.algorithm && signature.parameters === undefined
  return fits ? undefined : signature.algorithm
}
