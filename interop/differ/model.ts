// What two verifiers are held against each other by: a table of the reasons for which they may differ.
import type { Finding } from '@countersign/verify'
import type { Certificate } from '@countersign/x509'
import type { Drawn } from './draft.ts'

/** What a foreign verifier says: each reason as it names it; none where it accepts. */
export interface ForeignVerdict {
  readonly accepted: boolean
  readonly reasons: readonly string[]
}

/** What a row is asked about. */
export interface Facts extends Drawn {
  readonly leaf: Certificate
  /** Without the anchor, the leaf last. */
  readonly path: readonly Certificate[]
}

/** Whose decision is right: `both` where the standard leaves it open. */
type Right = 'ours' | 'theirs' | 'both'

/** One reason why one side refuses what the other accepts. */
export type Row = {
  readonly what: string
  readonly right: Right
  /** The clause, or the rule of whom, that says so. */
  readonly why: string
  /** The number of a chain on which it shows. */
  readonly example: number
} & (
  | { readonly refusedBy: 'us'; explains(finding: Finding, facts: Facts): boolean }
  | { readonly refusedBy: 'them'; explains(reason: string, facts: Facts): boolean }
)

/** A verifier that random chains are held against. */
export interface Peer {
  readonly name: string
  readonly table: readonly Row[]
  /** What it can be asked; we are asked the same. */
  limit(drawn: Drawn): Drawn
  ask(drawn: Drawn, folder: string): ForeignVerdict
}
