// An identity that is held in memory.
import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Certificate } from '@countersign/x509'
import type { Credential, OwnIdentity } from '../model.ts'

/** An identity whose credential can be replaced, as after a renewal. */
export interface ReplaceableIdentity extends OwnIdentity {
  /** @throws {RangeError} when key and certificate do not fit; the old credential then stays. */
  replace(credential: Credential): void
}

/** Makes an identity of a credential in memory. @throws {RangeError} when key and certificate do not fit. */
export function createIdentity(credential: Credential): ReplaceableIdentity {
  const listeners = new Set<() => void>()
  let current = fitting(credential)
  return {
    current: () => current,
    replace(next) {
      current = fitting(next)
      for (const listener of [...listeners]) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Says whether `privateKey` is the key of `certificate`; false also where the certificate's key is of no kind that we can import. */
export function keyFits(privateKey: KeyObject, certificate: Certificate): boolean {
  const own = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return own.equals(certificate.subjectPublicKeyInfo.der)
}

function fitting(credential: Credential): Credential {
  if (credential.privateKey.type !== 'private') throw new RangeError('the private key is not private')
  if (!keyFits(credential.privateKey, credential.certificates[0]))
    throw new RangeError('the key and the certificate do not fit')
  return credential
}
