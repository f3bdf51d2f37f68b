// The enrollment token and the proof of it: the secret itself never travels.
import { isParty } from './identity.ts'

/** What an invitation hands to a newcomer. Secret as a whole. */
export interface EnrollmentToken {
  /** host:port of the authority. */
  readonly address: string
  /** The DNS name that the authority's certificate must prove. */
  readonly name: string
  /** SHA-256 of the root certificate's DER, 32 octets. */
  readonly rootSha256: Uint8Array
  /** 32 octets. Secret. */
  readonly secret: Uint8Array
  readonly party: string
}

/** Says that a text is no enrollment token; it never repeats the text, which may hold the secret. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code = 'ERR_ENROLL_TOKEN_FORM'
}

const PREFIX = 'cs1_'
const MAX_CHARACTERS = 2048

/** Writes a token as one word that survives shells, mail and chat. */
export function formatToken(token: EnrollmentToken): string {
  const fields = {
    a: token.address,
    n: token.name,
    r: token.rootSha256.toBase64({ alphabet: 'base64url', omitPadding: true }),
    s: token.secret.toBase64({ alphabet: 'base64url', omitPadding: true }),
    p: token.party,
  }
  return (
    PREFIX + new TextEncoder().encode(JSON.stringify(fields)).toBase64({ alphabet: 'base64url', omitPadding: true })
  )
}

/** Reads a token as pasted; white space around it is ignored. @throws {TokenError} */
export function parseToken(text: string): EnrollmentToken {
  const word = text.trim()
  if (word.length > MAX_CHARACTERS || !word.startsWith(PREFIX))
    throw new TokenError('a token is one word that starts with cs1_')
  let fields: unknown
  try {
    const octets = Uint8Array.fromBase64(word.slice(PREFIX.length), { alphabet: 'base64url' })
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets))
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError)
      throw new TokenError('the token is damaged', { cause })
    throw cause
  }
  return {
    address: textField(fields, 'a'),
    name: textField(fields, 'n'),
    rootSha256: octetsField(fields, 'r'),
    secret: octetsField(fields, 's'),
    party: partyField(fields, 'p'),
  }
}

/** HMAC-SHA256(secret, this label) is the token's public name: it tells nothing of the secret. Made by the caller. */
export const TOKEN_ID_LABEL = 'countersign enrollment token id v1'
/** HMAC-SHA256(secret, this label) is the key of the proof. Made by the caller; secret. */
export const TOKEN_MAC_KEY_LABEL = 'countersign enrollment mac key v1'

/**
 * What the enrollment MAC covers: this channel (RFC 9266 exporter) and this request, so that a relay gains nothing.
 * @param exporter 32 octets of EXPORTER-Channel-Binding.
 * @param requestSha256 SHA-256 of the PKCS#10 request's DER.
 */
export function enrollmentMacInput(exporter: Uint8Array, requestSha256: Uint8Array): Uint8Array {
  const label = new TextEncoder().encode('countersign enrollment proof v1\0')
  const input = new Uint8Array(label.length + 64)
  if (exporter.length !== 32 || requestSha256.length !== 32)
    throw new RangeError('exporter and digest have 32 octets each')
  input.set(label)
  input.set(exporter, label.length)
  input.set(requestSha256, label.length + 32)
  return input
}

function textField(fields: unknown, key: string): string {
  const value: unknown = isRecord(fields) ? fields[key] : undefined
  if (typeof value !== 'string' || value === '') throw new TokenError('the token lacks a field')
  return value
}

/** Who made this token is not known yet, and the party names a directory: nothing but a party may stand there. */
function partyField(fields: unknown, key: string): string {
  const party = textField(fields, key)
  if (!isParty(party)) throw new TokenError('the token names no party')
  return party
}

function octetsField(fields: unknown, key: string): Uint8Array {
  const text = textField(fields, key)
  let octets: Uint8Array
  try {
    octets = Uint8Array.fromBase64(text, { alphabet: 'base64url' })
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new TokenError('the token is damaged', { cause })
    throw cause
  }
  if (octets.length !== 32) throw new TokenError('the token is damaged')
  return octets
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
