// A chain in the making: usual until it is twisted, each thing of it at most once, and each twist told.
import type { PathContext, PolicyQuestion, Purpose, ReferenceIdentity } from '@countersign/verify'
import { ALGORITHM, type Extension } from '@countersign/x509'
import {
  anchorOf,
  contextOf,
  crl,
  type Different,
  type DifferentCrl,
  type Holder,
  intermediate,
  type Keys,
  keysOf,
  leaf,
  name,
  p256,
  revoked,
  root,
} from '../chains/house.ts'

export type Role = 'anchor' | 'issuer' | 'leaf'

/** What is different about one certificate, and about the list of its revoked ones where statuses are asked for. */
export interface Place {
  readonly role: Role
  different: Different
  /** Of its issuer's name. */
  selfIssued: boolean
  /** What depends on the issuer. */
  late?: (issuer: Holder, self: Keys) => Readonly<Record<string, Extension>>
  /** `null`: it has issued no list. */
  crl: (DifferentCrl & { readonly revokesNext?: Parameters<typeof revoked>[1] }) | null
}

export interface Draft {
  /** The anchor first, the leaf last. */
  readonly places: readonly Place[]
  readonly purpose: Purpose
  name?: ReferenceIdentity
  policy?: PolicyQuestion
  /** Whether the status of each certificate must be known. */
  status: boolean
  /** What was changed, as `role: what`. */
  readonly twists: Set<string>
  readonly taken: Set<string>
}

/** The chain of a draft, and the question about it. */
export interface Drawn {
  readonly holders: readonly Holder[]
  readonly context: PathContext
  readonly twists: ReadonlySet<string>
}

// A key for each place, so that a key identifier says which certificate it is.
const KEYS: readonly Keys[] = Array.from({ length: 5 }, p256)
export const STRANGER: Keys = p256()
/** The keys of place `i` where nothing is said of them. */
export const keysAt = (i: number): Keys => KEYS[i] as Keys

/** A chain with `issuers` authorities between anchor and leaf. */
export function startDraft(issuers: number, purpose: Purpose): Draft {
  const place = (role: Role): Place => ({ role, different: {}, selfIssued: false, crl: {} })
  return {
    places: [place('anchor'), ...Array.from({ length: issuers }, () => place('issuer')), place('leaf')],
    purpose,
    status: false,
    twists: new Set(),
    taken: new Set(),
  }
}

/** Takes the right to change one thing of a draft; false where it was taken before. */
export function take(draft: Draft, ...things: readonly string[]): boolean {
  if (things.some((thing) => draft.taken.has(thing))) return false
  for (const thing of things) draft.taken.add(thing)
  return true
}

/** Changes one certificate; false, and nothing changed, where any of it was changed before. */
export function change(draft: Draft, i: number, different: Different): boolean {
  const place = draft.places[i] as Place
  const { extensions = {}, more = [], ...fields } = different
  const things = [...Object.keys(fields), ...Object.keys(extensions), ...more.map(({ extnID }) => extnID)]
  if (!take(draft, ...things.map((thing) => `${i} ${thing}`))) return false
  place.different = {
    ...place.different,
    ...fields,
    extensions: { ...place.different.extensions, ...extensions },
    more: [...(place.different.more ?? []), ...more],
  }
  return true
}

/** Makes the certificates, the lists and the question. */
export function draw({ places, purpose, name: reference, policy, status, twists }: Draft): Drawn {
  const holders: Holder[] = []
  for (const [i, { role, different, selfIssued, late }] of places.entries()) {
    const issuer = holders.at(-1)
    const keys = different.keys ?? keysAt(i)
    const subject = selfIssued && issuer ? issuer.certificate.subject : (different.subject ?? name(`Place ${i}`))
    const full: Different = {
      ...different,
      keys,
      subject,
      extensions: { ...different.extensions, ...(issuer && late?.(issuer, keys)) },
    }
    if (issuer === undefined) holders.push(root(full))
    else holders.push(role === 'leaf' ? leaf(issuer, full) : intermediate(issuer, full))
  }
  const crls = places.flatMap((place, i) => {
    const [holder, next] = [holders[i], holders[i + 1]]
    if (place.crl === null || holder === undefined || next === undefined) return []
    const { revokesNext, ...different } = place.crl
    return [crl(holder, { ...different, ...(revokesNext && { revoked: [revoked(next, revokesNext)] }) })]
  })
  return {
    holders,
    context: contextOf([anchorOf(holders[0] as Holder)], {
      purpose,
      ...(reference && { name: reference }),
      ...(policy && { policy }),
      status: status ? { mode: 'require', crls } : { mode: 'prefer', crls: [] },
    }),
    twists,
  }
}

/** Keys that sign with SHA-1, which is too weak. */
export const withSha1 = (keys: Keys): Keys => ({ ...keys, algorithm: { algorithm: '1.2.840.10045.4.1' }, hash: 'sha1' })
export const withSha384 = (keys: Keys): Keys => ({ ...keys, algorithm: ALGORITHM.ecdsaWithSHA384, hash: 'sha384' })
export { keysOf }
