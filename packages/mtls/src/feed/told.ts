// What a feed brings beside status, rules and other authorities: each in force whole, or not at all, and then what was
// before stays. One that cannot be used holds up neither the other nor a revocation.
import { hash } from 'node:crypto'
import { type FeedRules, type KnownAuthority, MAX_REFUSED_CHARACTERS } from '@countersign/protocol'
import type { Log } from '../model.ts'

/** Why something of the feed is not in force here. */
export interface Refused {
  readonly refused: string
}

/** Puts rules in force, and has what is open judged by them; or answers why it cannot, and nothing has changed. */
export type Govern = (rules: FeedRules) => Promise<Refused | undefined>

/** Puts other authorities in force, in place of those before; or answers why it cannot, and nothing has changed. */
export type Believe = (anchors: readonly KnownAuthority[]) => Refused | undefined

/** What an event or a snapshot brings, or what was kept of them. */
export interface Told {
  readonly rules?: FeedRules | undefined
  readonly anchors?: readonly KnownAuthority[] | undefined
}

/** Who takes it. */
export interface Takers {
  readonly govern?: Govern | undefined
  readonly believe?: Believe | undefined
  readonly log: Log
}

/** What is in force of it. */
export interface InForce {
  /** Something is not here, or was refused: whoever has it told anew asks for everything. */
  readonly lacks: boolean
  /** Takes what event `sequence` brings. Answers what of it can be used, and is to be kept. */
  take(told: Told, sequence: bigint): Promise<Told>
  /** Why not all that event `sequence` brought is in force. */
  refusalOf(sequence: bigint): string | undefined
}

/** Begins with nothing. */
export function createInForce({ govern, believe, log }: Takers): InForce {
  const lacking = new Set<'policy' | 'trust'>(['policy', 'trust'])
  let refusal: (Refused & { readonly sequence: bigint }) | undefined

  const settle = (kind: 'policy' | 'trust', refused: Refused | undefined, sequence: bigint): boolean => {
    if (refused === undefined) {
      lacking.delete(kind)
      return true
    }
    lacking.add(kind)
    const cause = refused.refused.slice(0, MAX_REFUSED_CHARACTERS)
    refusal = { refused: cause, sequence }
    log(`feed.${kind}-refused`, { sequence, cause })
    return false
  }
  return {
    get lacks() {
      return lacking.size > 0
    },
    async take({ rules, anchors }, sequence) {
      // In this order: rules may speak of those whom an authority vouches for.
      const believed = anchors !== undefined && settle('trust', believe?.(anchors), sequence)
      const governed = rules !== undefined && settle('policy', decideText(rules) ?? (await govern?.(rules)), sequence)
      return { ...(believed && { anchors }), ...(governed && { rules }) }
    },
    refusalOf: (sequence) => (refusal?.sequence === sequence ? refusal.refused : undefined),
  }
}

/** A text that is not the one it is said to be is nobody's policy. */
function decideText({ policy }: FeedRules): Refused | undefined {
  if (policy === undefined || hash('sha256', policy.text, 'hex') === policy.sha256) return undefined
  return { refused: `the policy is not the one whose SHA-256 is ${policy.sha256}` }
}
