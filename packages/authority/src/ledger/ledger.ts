// The one who writes a ledger: takes entries in their order, and says by a checkpoint what is in it.
import type { Failpoint } from '../failpoints.ts'
import { sameOctets } from '../octets.ts'
import { type Checkpoint, checkpointText, readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { type Edge, EMPTY_EDGE, growEdge, readEdge, rootOf } from './edge.ts'
import { LedgerError } from './error.ts'
import type { VerifierKey } from './key.ts'
import type { CheckSignature } from './note.ts'
import type { TlogProof } from './proof.ts'
import { createProver, type Prover, type ReadFile } from './prove.ts'
import { EMPTY_ROOT, hashLeaf } from './tree.ts'

/** Where the checkpoint is, below the prefix of the ledger. */
export const CHECKPOINT = 'checkpoint'

/** Where the files of a ledger are kept. */
export interface LedgerStore {
  readonly read: ReadFile
  /** Puts the file there in one step, in place of what was; it is durable when this resolves. */
  readonly write: (path: string, octets: Uint8Array) => Promise<void>
  /** Removes a folder and all in it, where it is there. */
  readonly remove: (path: string) => Promise<void>
}

export interface LedgerOptions {
  readonly store: LedgerStore
  /** Its name is the origin of the ledger. */
  readonly key: VerifierKey
  /** The Ed25519 signature of that key. */
  readonly sign: (text: Uint8Array) => Promise<Uint8Array>
  readonly check: CheckSignature
  /** For tests. */
  readonly failpoint?: Failpoint
}

/** A ledger that this process alone writes. */
export interface Ledger {
  /** What the newest durable checkpoint says. */
  readonly checkpoint: Checkpoint
  /**
   * Adds `entries`, of which the first one is number `first`; those that are there already are compared. When this
   * resolves, tiles, bundles and the checkpoint that names them are durable. What failed or was cut off may be given
   * again, whole or in other batches. Calls wait for each other.
   * @throws {LedgerError} when entries are missing before the batch, or the ledger has others in their place.
   */
  append(first: number, entries: readonly Uint8Array[]): Promise<Checkpoint>
  /** That entry `index` is in the ledger of the newest checkpoint. @throws {RangeError} when it is not. */
  prove(index: number): Promise<TlogProof>
  readonly prover: Prover
}

/**
 * Opens a ledger, or begins one where there is no checkpoint.
 * @throws {LedgerError} when the checkpoint or the files at its end are not those of this key.
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { store } = options
  const prover = createProver(store.read)
  let head = (await readHead(options)) ?? (await writeHead(options, EMPTY_EDGE))
  let edge = await readEdge(store.read, head.checkpoint)
  let last: Promise<unknown> = Promise.resolve()

  async function appendNow(first: number, entries: readonly Uint8Array[]): Promise<Checkpoint> {
    const { size } = edge
    if (first > size) throw new LedgerError('ERR_LEDGER_GAP', `entry ${size}`)
    const known = entries.slice(0, size - first)
    await compare(prover, first, known, size)
    const fresh = entries.slice(known.length)
    if (fresh.length === 0) return head.checkpoint
    const { edge: next, files, outgrown } = growEdge(edge, fresh)
    options.failpoint?.('ledger.before-write')
    await all(files.map(({ path, octets }) => store.write(path, octets)))
    // Before the checkpoint, so that nothing is left to do after it: "MAY delete any partial tile once the
    // corresponding full tile is […] available", of which readers of the checkpoint before take the beginning.
    await all(outgrown.map((path) => store.remove(path)))
    head = await writeHead(options, next)
    edge = next
    return head.checkpoint
  }

  return {
    get checkpoint() {
      return head.checkpoint
    },
    prover,
    append(first, entries) {
      const mine = last.then(() => appendNow(first, entries))
      // Whoever waits behind a failure is not failed by it.
      last = Promise.allSettled([mine])
      return mine
    },
    async prove(index) {
      const { checkpoint, note } = head
      return { index, hashes: await prover.inclusion(index, checkpoint.size), checkpoint: note }
    },
  }
}

interface Head {
  readonly checkpoint: Checkpoint
  readonly note: Uint8Array
}

async function readHead({ store, key, check }: LedgerOptions): Promise<Head | undefined> {
  const note = await store.read(CHECKPOINT)
  return note === undefined ? undefined : { checkpoint: readCheckpoint(note, key, check), note }
}

async function writeHead(
  { store, key, sign, check, failpoint = () => undefined }: LedgerOptions,
  edge: Edge,
): Promise<Head> {
  const checkpoint = { origin: key.name, size: edge.size, root: rootOf(edge) }
  failpoint('ledger.before-sign')
  const signature = await sign(new TextEncoder().encode(checkpointText(checkpoint)))
  failpoint('ledger.after-sign')
  const note = writeCheckpoint(checkpoint, key, signature)
  // A signer with another key must not take the ledger away from those who know this one.
  readCheckpoint(note, key, check)
  await store.write(CHECKPOINT, note)
  failpoint('ledger.after-write')
  return { checkpoint, note }
}

/** "A log MUST not sign any checkpoint which is inconsistent with any checkpoint it previously signed." */
async function compare(prover: Prover, first: number, entries: readonly Uint8Array[], size: number): Promise<void> {
  const ranges = entries.map((_, index) => ({ start: first + index, end: first + index + 1 }))
  const hashes = await prover.hashes(ranges, size)
  const other = entries.findIndex((entry, index) => !sameOctets(hashLeaf(entry), hashes[index] ?? EMPTY_ROOT))
  if (other >= 0) throw new LedgerError('ERR_LEDGER_FORK', `entry ${first + other}`)
}

/** Waits for all, also where one fails: whoever tries again must not meet a write that is still under way. */
async function all(works: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
