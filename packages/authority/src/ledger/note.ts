// C2SP signed-note: a text, and who signed it.
import { LedgerError } from './error.ts'
import { fromBase64, isKeyName, type VerifierKey } from './key.ts'

/** The text, and 16 signatures of post-quantum keys, which each verifier must be able to take. */
export const MAX_NOTE_OCTETS = 131_072
const ID_OCTETS = 4

/** One signature line. */
export interface NoteSignature {
  readonly name: string
  /** Eight lower-case hexadecimal digits. */
  readonly id: string
  readonly signature: Uint8Array
}

/** A note that nobody has checked yet. */
export interface Note {
  /** With its last newline: what is signed. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Says whether `signature` is that of `publicKey` on `text`. */
export type CheckSignature = (publicKey: Uint8Array, text: Uint8Array, signature: Uint8Array) => boolean

/** The octets of a note. */
export function writeNote({ text, signatures }: Note): Uint8Array {
  const lines = signatures.map(
    ({ name, id, signature }) =>
      `\u2014 ${name} ${new Uint8Array([...Uint8Array.fromHex(id), ...signature]).toBase64()}\n`,
  )
  return new TextEncoder().encode(`${text}\n${lines.join('')}`)
}

/** Reads a note; its signatures are not checked. @throws {LedgerError} */
export function readNote(octets: Uint8Array): Note {
  if (octets.length > MAX_NOTE_OCTETS) throw new LedgerError('ERR_LEDGER_NOTE_LIMIT')
  const whole = decode(octets)
  // "the text is separated from the signatures by the last empty line in the note"
  const split = whole.lastIndexOf('\n\n')
  const [text, below] = [whole.slice(0, split + 1), whole.slice(split + 2)]
  if (split < 0 || !below.endsWith('\n')) throw new LedgerError('ERR_LEDGER_NOTE_FORM')
  const signatures = below.slice(0, -1).split('\n').map(readSignature)
  return { text, signatures }
}

/**
 * Whether the note is signed by `key`. "If the key name and ID match a known key, verifiers MUST verify the signature":
 * one of them that does not hold refuses the note. Those of unknown keys say nothing.
 */
export function isSignedBy({ text, signatures }: Note, key: VerifierKey, check: CheckSignature): boolean {
  const octets = new TextEncoder().encode(text)
  const own = signatures.filter(({ name, id }) => name === key.name && id === key.id)
  return own.length > 0 && own.every(({ signature }) => check(key.publicKey, octets, signature))
}

function decode(octets: Uint8Array): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new LedgerError('ERR_LEDGER_NOTE_TEXT', undefined, { cause })
  }
  // "MUST NOT contain any ASCII control characters (those below U+0020) other than newline"
  if (/[^\n\u0020-\u{10ffff}]/u.test(text)) throw new LedgerError('ERR_LEDGER_NOTE_TEXT')
  return text
}

function readSignature(line: string): NoteSignature {
  const [dash, name, base64, ...more] = line.split(' ')
  if (dash !== '\u2014' || name === undefined || base64 === undefined || more.length > 0 || !isKeyName(name))
    throw new LedgerError('ERR_LEDGER_NOTE_SIGNATURE')
  const octets = fromBase64(base64)
  if (octets === undefined || octets.length <= ID_OCTETS) throw new LedgerError('ERR_LEDGER_NOTE_SIGNATURE')
  return { name, id: octets.slice(0, ID_OCTETS).toHex(), signature: octets.slice(ID_OCTETS) }
}
