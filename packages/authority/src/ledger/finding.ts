// What can be wrong with a ledger, as its verifier says it.
import type { Range } from './tree.ts'

/** Each code with its clause and what is said. A released code keeps its meaning and is never reused. */
export const LEDGER_FINDINGS = {
  ERR_LEDGER_CHECKPOINT: [
    'C2SP tlog-checkpoint, Signatures',
    'the checkpoint is not one that the key of this ledger signed',
  ],
  ERR_LEDGER_FILE_ABSENT: ['C2SP tlog-tiles, APIs', 'a file of the ledger is missing'],
  ERR_LEDGER_FILE_MALFORMED: ['C2SP tlog-tiles, APIs', 'a file of the ledger cannot be read'],
  ERR_LEDGER_ENTRY_COUNT: ['C2SP tlog-tiles, Log entries', 'entries were removed or added'],
  ERR_LEDGER_ENTRY_CHANGED: ['RFC 6962 §2.1', 'an entry is not the one that was recorded here'],
  ERR_LEDGER_ENTRY_MOVED: ['RFC 6962 §2.1', 'an entry stands in the place of another one'],
  ERR_LEDGER_TILE_CHANGED: ['RFC 6962 §2.1', 'a tile was changed; what it stands for holds'],
  ERR_LEDGER_RANGE_CHANGED: ['RFC 6962 §2.1', 'entries and their tiles were changed together'],
  ERR_LEDGER_ROOT: ['RFC 6962 §2.1', 'the whole does not hash to the root that was signed'],
  ERR_LEDGER_TRUNCATED: ['RFC 6962 §2.1.2', 'the ledger is shorter than it was'],
  ERR_LEDGER_FORKED: ['RFC 6962 §2.1.2', 'the ledger is not the one that it was'],
  ERR_LEDGER_RECEIPT_WAITING: ['local', 'an entry was not in the ledger yet when the receipt was made'],
  ERR_LEDGER_RECEIPT_PROOF: ['RFC 9162 §2.1.3.2', 'the proof does not lead from the entry to the checkpoint'],
  ERR_LEDGER_RECEIPT_CLAIM: ['local', 'no entry that is proved says what the receipt says'],
} as const
/** What can be wrong with a ledger. */
export type LedgerFindingCode = keyof typeof LEDGER_FINDINGS

/** One thing that is wrong, and where. */
export interface LedgerFinding {
  readonly code: LedgerFindingCode
  readonly clause: string
  /** The file, below the directory of the ledger. */
  readonly path: string
  readonly detail: string
  /** The entries that it is about, where these are known. */
  readonly entries?: Range
  /** Of one entry: the leaf hash that is there, and the one that was recorded; hexadecimal. */
  readonly hashes?: { readonly found: string; readonly recorded: string }
}

/** A finding, with the clause of its code. */
export function finding(
  code: LedgerFindingCode,
  path: string,
  detail: string,
  more: Pick<LedgerFinding, 'entries' | 'hashes'> = {},
): LedgerFinding {
  return { code, clause: LEDGER_FINDINGS[code][0], path, detail, ...more }
}

/** Entries that were changed, where what stands there is what was recorded elsewhere: they were moved. */
export function withMoves(findings: readonly LedgerFinding[]): readonly LedgerFinding[] {
  const places = new Map(findings.map(({ hashes, entries }) => [hashes?.recorded, entries?.start]))
  return findings.map((each) => {
    const from = each.hashes && places.get(each.hashes.found)
    if (from === undefined) return each
    const { path, entries, hashes } = each
    const detail = `entry ${entries?.start}: this is entry ${from}`
    return finding('ERR_LEDGER_ENTRY_MOVED', path, detail, { ...(entries && { entries }), ...(hashes && { hashes }) })
  })
}
