// The other authorities that count at a door, as they are now.
import type { KnownAuthority } from '@countersign/protocol'
import { anchorOf, type CrlIndex, indexCrl } from '@countersign/verify'
import { type Certificate, DerError, readCertificate, readCertificateList, X509Error } from '@countersign/x509'
import type { Refused } from '../feed/told.ts'
import { createCheckSignature } from './check-signature.ts'
import { isSignedBy } from './list-issuer.ts'
import { checkListIssuer, type OtherAuthority, sorted } from './other-authority.ts'
import { newerCrls, scopeOfCrl } from './trust.ts'
import { checkAnchor, TrustFileError } from './trust-files.ts'
import { vouchingFor } from './vouching.ts'

/** Which they are, and what is known of them. */
export interface OtherAuthorities {
  readonly current: readonly OtherAuthority[]
  /** Called after any of them, or which they are, changed. Answers how to stop. */
  onChange(listener: () => void): () => void
}

/** The same ones for as long as the process lives. */
export function steadyAuthorities(current: readonly OtherAuthority[]): OtherAuthorities {
  return {
    current,
    onChange(listener) {
      const leaves = current.map((other) => other.onChange(listener))
      return () => {
        for (const leave of leaves) leave()
      }
    },
  }
}

/** Those that the house's authority tells. */
export interface ToldAuthorities extends OtherAuthorities {
  /** Puts these in place of those before, or answers why one of them cannot be used, and nothing has changed. */
  take(told: readonly KnownAuthority[]): Refused | undefined
}

/** Begins with none. */
export function createToldAuthorities(): ToldAuthorities {
  let current: readonly OtherAuthority[] = []
  const listeners = new Set<() => void>()
  return {
    get current() {
      return current
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    take(told) {
      const names = told.map(({ name }) => name)
      if (new Set(names).size < names.length) return { refused: 'two authorities have one name' }
      const next: OtherAuthority[] = []
      for (const one of told) {
        const made = madeOf(one, current.find(({ name }) => name === one.name)?.crls ?? [])
        if ('refused' in made) return made
        next.push(made)
      }
      current = next
      for (const listener of [...listeners]) listener()
      return undefined
    },
  }
}

/** @param held Lists that were known of an authority of this name. */
function madeOf(told: KnownAuthority, held: readonly CrlIndex[]): OtherAuthority | Refused {
  const { name, vouches } = told
  try {
    const nameConstraints = vouchingFor(vouches)
    const certificates = told.certificates.map((der) => readCertificate(der))
    for (const [index, certificate] of certificates.entries())
      checkAnchor(certificate, name, `certificate ${index + 1}`)
    const { anchors, issuers } = sorted(certificates)
    if (anchors.length === 0) return { refused: `${name}: there is no certificate to believe` }
    return {
      name,
      anchors: anchors.map((certificate) => ({ ...anchorOf(certificate), nameConstraints })),
      issuers,
      crls: newestOf(told, certificates, held),
      onChange: () => () => undefined,
      close: () => undefined,
    }
  } catch (error) {
    if (![DerError, X509Error, RangeError, TrustFileError].some((kind) => error instanceof kind)) throw error
    return { refused: `${name}: ${(error as Error).message}` }
  }
}

/** Whoever tells an older list, must not undo what was revoked since. @throws {TrustFileError | DerError | X509Error} */
function newestOf(
  { name, crls }: KnownAuthority,
  certificates: readonly Certificate[],
  known: readonly CrlIndex[],
): readonly CrlIndex[] {
  const lists = crls.map((der) => readCertificateList(der))
  for (const list of lists) checkListIssuer(list, certificates, { file: name, certificatesFile: name })
  const checkSignature = createCheckSignature()
  const scopes = new Set(lists.map(scopeOfCrl))
  // What is told no more, or was signed by who is believed no more, is gone.
  const held = known.filter(
    ({ crl }) => scopes.has(scopeOfCrl(crl)) && certificates.some((issuer) => isSignedBy(crl, issuer, checkSignature)),
  )
  const fresh = newerCrls(lists, held)
  const replaced = new Set(fresh.map(scopeOfCrl))
  return [...held.filter(({ crl }) => !replaced.has(scopeOfCrl(crl))), ...fresh.map(indexCrl)]
}
