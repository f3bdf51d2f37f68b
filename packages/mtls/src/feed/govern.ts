// The rules that a feed brings: in force whole, or not at all, and then those before stay.
import { hash } from 'node:crypto'
import { type FeedRules, MAX_REFUSED_CHARACTERS } from '@countersign/protocol'

/** Why something of the feed is not in force here. */
export interface Refused {
  readonly refused: string
}

/** Puts rules in force, and has what is open judged by them; or answers why it cannot, and nothing has changed. */
export type Govern = (rules: FeedRules) => Promise<Refused | undefined>

/** Judges rules before they are handed on: a text that is not the one it is said to be is nobody's policy. */
export async function decideRules(rules: FeedRules, govern: Govern): Promise<Refused | undefined> {
  const { policy } = rules
  if (policy && hash('sha256', policy.text, 'hex') !== policy.sha256)
    return { refused: `the policy is not the one whose SHA-256 is ${policy.sha256}` }
  const refused = await govern(rules)
  return refused && { refused: refused.refused.slice(0, MAX_REFUSED_CHARACTERS) }
}
