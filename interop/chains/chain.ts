// A root, an issuer and a party, with what a test wants to be different, and one question about them.
import { type FindingCode, type PathContext, type TrustAnchor, type Verdict, verifyPath } from '@countersign/verify'
import { anchorOf, contextOf, type Different, type Holder, intermediate, type Keys, leaf, p256, root } from './house.ts'

export interface Chain {
  readonly root: Holder
  readonly issuing: Holder
  readonly party: Holder
}

/** One chain and what a verdict on it finds; no codes are an acceptance. */
export interface Case {
  readonly what: string
  readonly codes: readonly FindingCode[]
  readonly root?: Different
  readonly issuing?: Different
  readonly party?: Different | ((issuing: Holder) => Different)
  readonly context?: Partial<PathContext> | ((chain: Chain) => Partial<PathContext>)
  /** Where the question itself differs. */
  readonly ask?: (chain: Chain, context: PathContext) => Verdict
}

export const rootKeys: Keys = p256()
export const issuingKeys: Keys = p256()
export const stranger: Keys = p256()

/** Makes the chain of a case. */
export function chainOf(one: Case): Chain {
  const anchor = root({ keys: rootKeys, ...one.root })
  const issuing = intermediate(anchor, { keys: issuingKeys, ...one.issuing })
  const party = leaf(issuing, typeof one.party === 'function' ? one.party(issuing) : one.party)
  return { root: anchor, issuing, party }
}

/** Makes the context in which a case is asked about. */
export function contextFor(one: Case, chain: Chain): PathContext {
  return contextOf([anchorOf(chain.root)], typeof one.context === 'function' ? one.context(chain) : one.context)
}

/** Makes the chain of a case and asks about it. */
export function run(one: Case): Verdict {
  const chain = chainOf(one)
  const context = contextFor(one, chain)
  return one.ask?.(chain, context) ?? verifyPath([chain.party.certificate.der, chain.issuing.certificate.der], context)
}

/** The anchor as a name and a key alone. */
export function bare({ certificate }: Holder): TrustAnchor {
  return { name: certificate.subject, subjectPublicKeyInfo: certificate.subjectPublicKeyInfo }
}
