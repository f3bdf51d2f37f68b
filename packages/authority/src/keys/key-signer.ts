// A key in this process, as a signer: the key itself is in no field of it.
import { createPublicKey, sign as cryptoSign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { readSubjectPublicKeyInfo } from '@countersign/x509'
import type { LintedTbs } from '../issuance/lint.ts'
import { nodeHashOf, signatureAlgorithmOfKey } from './signature.ts'
import type { Signer } from './signer.ts'

/** A signer that never holds up the event loop for longer than a signature of P-256 takes, some 30 µs. */
export interface AsideSigner extends Omit<Signer, 'sign'> {
  sign(tbs: LintedTbs): Promise<Uint8Array>
}

const signAside = promisify(cryptoSign)

/** A signer on a key in this process. @throws {RangeError} when it is of no kind that we sign with. */
export function asideSigner(privateKey: KeyObject): AsideSigner {
  const algorithm = signatureAlgorithmOfKey(privateKey)
  if (algorithm === undefined) throw new RangeError('this is no kind of key that we sign with')
  const hash = nodeHashOf(algorithm)
  const how = { key: privateKey, dsaEncoding: 'der' } as const
  // P-256 takes less than to hand it to another thread; the others take up to a millisecond.
  const quick = privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return Object.freeze({
    publicKey: readSubjectPublicKeyInfo(Uint8Array.from(spki)),
    algorithm,
    sign: async (tbs: LintedTbs) =>
      Uint8Array.from(quick ? cryptoSign(hash, tbs, how) : await signAside(hash, tbs, how)),
  })
}
