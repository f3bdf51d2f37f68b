// The offline verifier: every entry against its tile, every tile against the one above it, the top against the checkpoint.
import { sameOctets } from '../octets.ts'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { readLedgerDirectory } from './directory.ts'
import { checkEd25519 } from './ed25519.ts'
import { LedgerError } from './error.ts'
import { finding, type LedgerFinding, withMoves } from './finding.ts'
import type { VerifierKey } from './key.ts'
import { CHECKPOINT } from './ledger.ts'
import { createProver, type ReadFile } from './prove.ts'
import { walkTree } from './walk.ts'

/** After so many nobody reads on, and a size that is absurd has no end. */
const MAX_FINDINGS = 1_000

/** What is to be verified, and by what. */
export interface LedgerToVerify {
  readonly directory: string
  readonly key: VerifierKey
  /** What a checkpoint says that was kept from before. */
  readonly kept?: Checkpoint
  /** Told after each bundle how many entries were looked at. */
  readonly onProgress?: (entries: number, of: number) => void
}

/** What a ledger is found to be. */
export type LedgerVerdict =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | {
      readonly ok: false
      /** What it says of itself; undefined where that is not signed. */
      readonly checkpoint: Checkpoint | undefined
      readonly findings: readonly LedgerFinding[]
      /** How many entries were looked at: fewer than all after 1,000 findings. */
      readonly looked: number
    }

/**
 * Verifies a ledger in a directory, in memory that does not grow with it. An entry that was edited, removed or moved is
 * found by the checkpoint in the directory; a ledger that was cut off or written anew by whoever has the key, by a
 * checkpoint that was kept.
 * @throws {LedgerError} when there is no checkpoint.
 */
export async function verifyLedger({ directory, key, kept, onProgress }: LedgerToVerify): Promise<LedgerVerdict> {
  const read = readLedgerDirectory(directory)
  const note = await readNote(read, directory)
  const checkpoint = believed(note, key)
  if (checkpoint instanceof LedgerError)
    return {
      ok: false,
      checkpoint: undefined,
      findings: [finding('ERR_LEDGER_CHECKPOINT', CHECKPOINT, checkpoint.message)],
      looked: 0,
    }

  const findings: LedgerFinding[] = []
  const looked = await walkTree(read, checkpoint, {
    find: (each) => findings.push(each) < MAX_FINDINGS,
    ...(onProgress && { progress: onProgress }),
  })
  const history = kept === undefined ? undefined : await compareWith(kept, checkpoint, read, findings.length === 0)
  if (history !== undefined) findings.unshift(history)
  return findings.length === 0
    ? { ok: true, checkpoint }
    : { ok: false, checkpoint, findings: withMoves(findings), looked }
}

async function readNote(read: ReadFile, directory: string): Promise<Uint8Array> {
  const note = await read(CHECKPOINT)
  if (note === undefined) throw new LedgerError('ERR_LEDGER_ABSENT', directory)
  return note
}

/** The checkpoint, or why it is not believed. */
function believed(note: Uint8Array, key: VerifierKey): Checkpoint | LedgerError {
  try {
    return readCheckpoint(note, key, checkEd25519)
  } catch (error) {
    if (error instanceof LedgerError) return error
    throw error
  }
}

/** What a kept checkpoint says against the ledger as it is; `whole` when its files agree with its own checkpoint. */
async function compareWith(
  before: Checkpoint,
  now: Checkpoint,
  read: ReadFile,
  whole: boolean,
): Promise<LedgerFinding | undefined> {
  const entries = { start: now.size, end: before.size }
  if (before.size > now.size)
    return finding(
      'ERR_LEDGER_TRUNCATED',
      CHECKPOINT,
      `${now.size} entries where there were ${before.size}: those from ${now.size} on are gone`,
      { entries },
    )
  // What files that contradict each other hash to says nothing.
  if (!whole) return undefined
  const root = await createProver(read).root(before.size, now.size)
  if (sameOctets(root, before.root)) return undefined
  return finding('ERR_LEDGER_FORKED', CHECKPOINT, `the first ${before.size} entries are not those that were kept`, {
    entries: { start: 0, end: before.size },
  })
}
