// Why octets are no part of a ledger, or why a ledger cannot go on.

/** Each code with its clause and what is said. A released code keeps its meaning and is never reused. */
export const LEDGER_ERRORS = {
  ERR_LEDGER_ABSENT: ['C2SP tlog-tiles, Checkpoints', 'there is no checkpoint: this is no ledger'],
  ERR_LEDGER_ENTRY_LIMIT: ['C2SP tlog-tiles, Log entries', 'an entry is longer than 65,535 octets'],
  ERR_LEDGER_TILE_LENGTH: ['C2SP tlog-tiles, Merkle Tree', 'a tile is not as wide as the tree has it'],
  ERR_LEDGER_TILE_MISSING: ['C2SP tlog-tiles, Partial Tiles', 'a tile of the tree is not there'],
  ERR_LEDGER_FILE: [
    'local limit',
    'this is no file of at most 16,777,472 octets, as a full bundle of the longest entries has',
  ],
  ERR_LEDGER_BUNDLE_WIDTH: ['C2SP tlog-tiles, Log entries', 'a bundle has not as many entries as the tree'],
  ERR_LEDGER_BUNDLE_TRUNCATED: ['C2SP tlog-tiles, Log entries', 'a bundle ends inside an entry'],
  ERR_LEDGER_BUNDLE_LIMIT: ['C2SP tlog-tiles, Log entries', 'a bundle has more than 256 entries'],
  ERR_LEDGER_NOTE_LIMIT: ['local limit', 'a signed note is longer than 131,072 octets'],
  ERR_LEDGER_NOTE_TEXT: ['C2SP signed-note, Format', 'a signed note is not UTF-8, or has control characters'],
  ERR_LEDGER_NOTE_FORM: ['C2SP signed-note, Format', 'a signed note is not text, an empty line and signature lines'],
  ERR_LEDGER_NOTE_SIGNATURE: ['C2SP signed-note, Format', 'a signature line is not a name and base64'],
  ERR_LEDGER_KEY_FORM: ['C2SP signed-note, Verifier keys', 'this is no verifier key (name+id+base64)'],
  ERR_LEDGER_KEY_TYPE: ['C2SP signed-note, Signature types', 'the key is not of Ed25519 (signature type 1)'],
  ERR_LEDGER_KEY_ID: ['C2SP signed-note, Ed25519 signatures', 'the id of the key is not that of its name and octets'],
  ERR_LEDGER_CHECKPOINT_FORM: ['C2SP tlog-checkpoint, Note text', 'a checkpoint is not origin, size and root hash'],
  ERR_LEDGER_CHECKPOINT_SIZE: ['C2SP tlog-checkpoint, Note text', 'the size is not a decimal without leading zeroes'],
  ERR_LEDGER_CHECKPOINT_LIMIT: ['local limit', 'the size is above 2^53 - 1'],
  ERR_LEDGER_CHECKPOINT_ROOT: ['C2SP tlog-checkpoint, Note text', 'the root hash is not 32 octets in base64'],
  ERR_LEDGER_PROOF_FORM: ['C2SP tlog-proof, Format', 'this is no proof of a transparency log'],
  ERR_LEDGER_UNSIGNED: ['C2SP signed-note, Signatures', 'the checkpoint is not signed by the key of this ledger'],
  ERR_LEDGER_ORIGIN: ['C2SP tlog-checkpoint, Note text', 'the checkpoint is of another ledger'],
  ERR_LEDGER_EDGE: ['RFC 6962 §2.1', 'the tiles at the end of the ledger are not those of its checkpoint'],
  ERR_LEDGER_GAP: ['C2SP tlog-checkpoint, Signatures', 'the batch begins after the end of the ledger'],
  ERR_LEDGER_FORK: ['C2SP tlog-checkpoint, Signatures', 'the ledger has another entry at this place'],
} as const
/** Why octets are no part of a ledger, or why a ledger cannot go on. */
export type LedgerErrorCode = keyof typeof LEDGER_ERRORS

/** Octets are no part of a ledger, or a ledger cannot go on. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError'
  readonly code: LedgerErrorCode
  /** @param where The file, or the place in it. */
  constructor(code: LedgerErrorCode, where?: string, options?: ErrorOptions) {
    const [clause, text] = LEDGER_ERRORS[code]
    super(`${where === undefined ? '' : `${where}: `}${text} (${clause})`, options)
    this.code = code
  }
}
