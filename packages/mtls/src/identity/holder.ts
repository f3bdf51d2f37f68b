// Of whom an identity directory is, for those who only ask.
import type { Identity } from '@countersign/protocol'
import { sideOf, trustDomainOf } from '../gate/side.ts'
import { IdentityError } from './error.ts'
import { pathsOf, readCredential } from './files.ts'

/** What the certificate of an identity directory proves. */
export interface Holder {
  readonly identities: readonly Identity[]
  /** Its trust domain; undefined where it has no SPIFFE ID. */
  readonly domain: string | undefined
}

/** Reads who the holder of an identity directory is; undefined where nothing was enrolled there yet. @throws {IdentityError} */
export async function readHolder(directory: string): Promise<Holder | undefined> {
  try {
    const [leaf] = (await readCredential(pathsOf(directory))).credential.certificates
    return { identities: sideOf(leaf, '').identities, domain: trustDomainOf(leaf) }
  } catch (error) {
    if (error instanceof IdentityError && error.code === 'ERR_IDENTITY_MISSING') return undefined
    throw error
  }
}
