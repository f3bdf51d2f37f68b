// C2SP signed-note: the key of a ledger, as whoever verifies is given it.
import { hash } from 'node:crypto'
import { LedgerError } from './error.ts'

/** Signature type identifier octet of Ed25519. */
const ED25519 = 0x01
const PUBLIC_KEY_OCTETS = 32

/** Whose signature on a checkpoint counts. */
export interface VerifierKey {
  /** The origin of the ledger. */
  readonly name: string
  /** Eight lower-case hexadecimal digits. */
  readonly id: string
  /** 32 octets, as RFC 8032 writes an Ed25519 key. */
  readonly publicKey: Uint8Array
}

/** The key of that name. @throws {LedgerError} when the name cannot stand in a note. */
export function verifierKey(name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name) || publicKey.length !== PUBLIC_KEY_OCTETS) throw new LedgerError('ERR_LEDGER_KEY_FORM')
  // SHA-256(key name || 0x0A || signature type || public key)[:4]
  const octets = new Uint8Array([...new TextEncoder().encode(`${name}\n`), ED25519, ...publicKey])
  return { name, id: hash('sha256', octets, 'hex').slice(0, 8), publicKey }
}

/** A verifier key as text: `<name>+<id>+<base64 of type and key>`. */
export function formatVerifierKey({ name, id, publicKey }: VerifierKey): string {
  return `${name}+${id}+${new Uint8Array([ED25519, ...publicKey]).toBase64()}`
}

/** Reads a verifier key. @throws {LedgerError} */
export function parseVerifierKey(text: string): VerifierKey {
  // The base64 may have a plus too.
  const [, name, id, base64] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? []
  const octets = base64 === undefined ? undefined : fromBase64(base64)
  if (name === undefined || octets === undefined) throw new LedgerError('ERR_LEDGER_KEY_FORM')
  if (octets[0] !== ED25519) throw new LedgerError('ERR_LEDGER_KEY_TYPE')
  const key = verifierKey(name, octets.slice(1))
  if (key.id !== id) throw new LedgerError('ERR_LEDGER_KEY_ID')
  return key
}

/** Key names "MUST be non-empty and MUST NOT contain any Unicode spaces or plus (U+002B) characters". */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}\p{Cc}+]/u.test(name) && name.isWellFormed()
}

/** RFC 4648 §4, in the one way in which these octets are written; undefined where it is not. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return undefined
  const octets = Uint8Array.fromBase64(text)
  return octets.toBase64() === text ? octets : undefined
}
