// C2SP tlog-proof: that an entry is in a ledger, in one text that is verified offline.
import { verifyInclusion } from './check-proof.ts'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { LedgerError } from './error.ts'
import { fromBase64, type VerifierKey } from './key.ts'
import { type CheckSignature, MAX_NOTE_OCTETS } from './note.ts'
import { HASH_OCTETS, hashLeaf, isSize } from './tree.ts'

const HEAD = 'c2sp.org/tlog-proof@v1'
/** A tree of 2^53 leaves is this deep. */
const MAX_HASHES = 53
const MAX_PROOF_OCTETS = MAX_NOTE_OCTETS * 2

/** An inclusion proof, and the checkpoint that it leads to. */
export interface TlogProof {
  readonly index: number
  readonly hashes: readonly Uint8Array[]
  /** The octets of the signed note. */
  readonly checkpoint: Uint8Array
}

/** The octets of a proof, without extra data. */
export function writeTlogProof({ index, hashes, checkpoint }: TlogProof): Uint8Array {
  const lines = [HEAD, `index ${index}`, ...hashes.map((each) => each.toBase64()), '', '']
  return new Uint8Array([...new TextEncoder().encode(lines.join('\n')), ...checkpoint])
}

/** Reads a proof; extra data, which nobody vouches for, is left aside. @throws {LedgerError} */
export function readTlogProof(octets: Uint8Array): TlogProof {
  if (octets.length > MAX_PROOF_OCTETS) throw new LedgerError('ERR_LEDGER_PROOF_FORM')
  // What is above the checkpoint is ASCII, so that each character is one octet.
  const text = new TextDecoder('latin1').decode(octets)
  const end = text.indexOf('\n\n')
  const [head, ...lines] = text.slice(0, Math.max(end, 0)).split('\n')
  const [, extra] = /^extra (.+)$/.exec(lines[0] ?? '') ?? []
  const [index, ...base64] = extra === undefined ? lines : lines.slice(1)
  const [, digits] = /^index (0|[1-9][0-9]*)$/.exec(index ?? '') ?? []
  if (head !== HEAD || digits === undefined || !isSize(Number(digits)) || base64.length > MAX_HASHES)
    throw new LedgerError('ERR_LEDGER_PROOF_FORM')
  if (extra !== undefined && fromBase64(extra) === undefined) throw new LedgerError('ERR_LEDGER_PROOF_FORM')
  const hashes = base64.map((line) => {
    const hash = fromBase64(line)
    if (hash?.length !== HASH_OCTETS) throw new LedgerError('ERR_LEDGER_PROOF_FORM')
    return hash
  })
  return { index: Number(digits), hashes, checkpoint: octets.slice(end + 2) }
}

/**
 * The checkpoint in which a proof shows `entry` to be; undefined where it does not show it.
 * @throws {LedgerError} when the proof or its checkpoint cannot be read, or `key` did not sign it.
 */
export function verifyTlogProof(
  octets: Uint8Array,
  entry: Uint8Array,
  key: VerifierKey,
  check: CheckSignature,
): Checkpoint | undefined {
  const proof = readTlogProof(octets)
  const checkpoint = readCheckpoint(proof.checkpoint, key, check)
  return verifyInclusion(hashLeaf(entry), proof.index, checkpoint, proof.hashes) ? checkpoint : undefined
}
