// Which signature an AlgorithmIdentifier names, with its parameters exactly as its RFC has them.
import type { HashName } from '../crypto-step.ts'
import { X509Error } from '../error.ts'
import type { AlgorithmIdentifier, Oid } from '../model.ts'
import { OID } from '../oid.ts'
import { hasNoParameters } from '../parameters.ts'
import { type PssParameters, readPssParameters } from './pss.ts'

/** A signature algorithm, by the names of WebCrypto. */
export type SignatureAlgorithm =
  | { readonly kind: 'RSASSA-PKCS1-v1_5' | 'ECDSA'; readonly hash: HashName }
  | ({ readonly kind: 'RSA-PSS' } & PssParameters)
  | { readonly kind: 'Ed25519' | 'Ed448' | 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87' }

const ALGORITHMS: ReadonlyMap<Oid, SignatureAlgorithm | 'RSA-PSS'> = new Map<Oid, SignatureAlgorithm | 'RSA-PSS'>([
  [OID.sha1WithRSAEncryption, { kind: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' }],
  [OID.sha256WithRSAEncryption, { kind: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
  [OID.sha384WithRSAEncryption, { kind: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }],
  [OID.sha512WithRSAEncryption, { kind: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' }],
  [OID.ecdsaWithSHA256, { kind: 'ECDSA', hash: 'SHA-256' }],
  [OID.ecdsaWithSHA384, { kind: 'ECDSA', hash: 'SHA-384' }],
  [OID.ecdsaWithSHA512, { kind: 'ECDSA', hash: 'SHA-512' }],
  [OID['id-RSASSA-PSS'], 'RSA-PSS'],
  [OID.Ed25519, { kind: 'Ed25519' }],
  [OID.Ed448, { kind: 'Ed448' }],
  [OID['id-ml-dsa-44'], { kind: 'ML-DSA-44' }],
  [OID['id-ml-dsa-65'], { kind: 'ML-DSA-65' }],
  [OID['id-ml-dsa-87'], { kind: 'ML-DSA-87' }],
])

/**
 * Says which signature `identifier` names; `undefined` where it is one that we do not know. Nothing is said about its strength.
 * @throws {DerError | X509Error} when its parameters are not those of its RFC: NULL or absent for RSA PKCS#1 v1.5, those
 * of PSS present, absent for all others.
 * @see RFC 4055 §5 and §3.1, RFC 5758 §3.2, RFC 8410 §3, RFC 9881 §2
 */
export function readSignatureAlgorithm(identifier: AlgorithmIdentifier): SignatureAlgorithm | undefined {
  const { algorithm, parameters } = identifier
  const known = ALGORITHMS.get(algorithm)
  if (known === 'RSA-PSS') {
    // §3.1: "The parameters MUST be present when used in the algorithm identifier associated with a signature value."
    if (parameters === undefined) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', 0)
    return { kind: 'RSA-PSS', ...readPssParameters(parameters) }
  }
  // RFC 4055 §5: "the parameters MUST be NULL. Implementations MUST accept the parameters being absent as well as present."
  const isInOrder = known?.kind === 'RSASSA-PKCS1-v1_5' ? hasNoParameters(identifier) : parameters === undefined
  if (known !== undefined && !isInOrder) throw new X509Error('ERR_X509_ALGORITHM_PARAMETERS', 0)
  return known
}
