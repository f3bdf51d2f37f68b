// The rules of an authority as its feed carries them: the text of its policy, and the parties of whom it speaks. Whole, so
// that rules and labels never come apart.
import type { Identity, PartyId } from './identity.ts'
import { identityField } from './identity-json.ts'
import { type Field, fieldOf, type Json, writeJson } from './json.ts'

/** Somebody whom the authority knows. */
export interface KnownParty {
  readonly id: PartyId
  /** As the policy's language has them; whoever compiles the policy checks it. */
  readonly kind?: string
  readonly labels: readonly string[]
  /** Names by which it is known beside its own, as other authorities prove them. */
  readonly identities: readonly Identity[]
}

/** By what doors decide that have no rules of their own. */
export interface FeedRules {
  /** Absent: the authority has none. */
  readonly policy?: {
    /** As its file has it. */
    readonly text: string
    /** Hexadecimal SHA-256 of the text in UTF-8, as `sha256sum` of the file tells it: by this the two ends are compared. */
    readonly sha256: string
  }
  readonly parties: readonly KnownParty[]
}

// What the reader of policies takes, and directories of that size are compiled in a fraction of a second.
const MAX_POLICY_CHARACTERS = 4_194_304
const MAX_PARTIES = 100_000
const MAX_LABELS = 256
const MAX_IDENTITIES = 64

/** Most characters of the rules as JSON: what an authority may publish, so that a line of the feed has room for its lists too. */
export const MAX_RULES_CHARACTERS = 16_777_216

/** Writes rules. */
export function writeFeedRules(rules: FeedRules): Json {
  return writeJson(rules)
}

/** Reads rules. @throws {ShapeError} naming the field. */
export function readFeedRules(value: unknown): FeedRules {
  return rulesField(fieldOf(value))
}

/** Reads rules within a message. @throws {ShapeError} */
export function rulesField(field: Field): FeedRules {
  const policy = field.get('policy').optional((f) => ({
    text: f.get('text').text(MAX_POLICY_CHARACTERS),
    sha256: f.get('sha256').text(64),
  }))
  return { ...(policy && { policy }), parties: field.get('parties').list(MAX_PARTIES).map(partyField) }
}

function partyField(field: Field): KnownParty {
  const kind = field.get('kind').optional((f) => f.text(64))
  return {
    id: field.get('id').text(64),
    ...(kind !== undefined && { kind }),
    labels: field
      .get('labels')
      .list(MAX_LABELS)
      .map((f) => f.text(256)),
    identities: field.get('identities').list(MAX_IDENTITIES).map(identityField),
  }
}
