// C2SP tlog-checkpoint: what a ledger says of itself, signed.
import { LedgerError } from './error.ts'
import { fromBase64, type VerifierKey } from './key.ts'
import { type CheckSignature, isSignedBy, readNote, writeNote } from './note.ts'
import { HASH_OCTETS, isSize } from './tree.ts'

/** The head of a ledger. */
export interface Checkpoint {
  /** Whose it is; the name of the ledger's key. */
  readonly origin: string
  readonly size: number
  readonly root: Uint8Array
}

/** The text that is signed. Extension lines are "NOT RECOMMENDED", and there are none. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toBase64()}\n`
}

/** The octets of a signed checkpoint. @param signature By `key`, on the text. */
export function writeCheckpoint(checkpoint: Checkpoint, key: VerifierKey, signature: Uint8Array): Uint8Array {
  return writeNote({ text: checkpointText(checkpoint), signatures: [{ ...key, signature }] })
}

/**
 * Reads a checkpoint that `key` signed; of other signatures, as of witnesses, nothing is asked.
 * @throws {LedgerError} also when it is not signed, or of another origin than the key's name.
 */
export function readCheckpoint(octets: Uint8Array, key: VerifierKey, check: CheckSignature): Checkpoint {
  const note = readNote(octets)
  // Of a text that nobody known has signed nothing is believed, and nothing told.
  if (!isSignedBy(note, key, check)) throw new LedgerError('ERR_LEDGER_UNSIGNED')
  const checkpoint = readText(note.text)
  if (checkpoint.origin !== key.name) throw new LedgerError('ERR_LEDGER_ORIGIN')
  return checkpoint
}

function readText(text: string): Checkpoint {
  const [origin, size, base64, ...extensions] = text.slice(0, -1).split('\n')
  if (!origin || size === undefined || base64 === undefined || extensions.includes(''))
    throw new LedgerError('ERR_LEDGER_CHECKPOINT_FORM')
  if (!/^(?:0|[1-9][0-9]*)$/.test(size)) throw new LedgerError('ERR_LEDGER_CHECKPOINT_SIZE')
  if (!isSize(Number(size))) throw new LedgerError('ERR_LEDGER_CHECKPOINT_LIMIT')
  const root = fromBase64(base64)
  if (root?.length !== HASH_OCTETS) throw new LedgerError('ERR_LEDGER_CHECKPOINT_ROOT')
  return { origin, size: Number(size), root }
}
