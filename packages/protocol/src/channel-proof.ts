// A challenge and a response over one TLS channel: both sides show that they hold a key, and a relay gains nothing by it.

/**
 * The label under which TLS exports the value that names the channel, 32 octets; its context is the purpose of the proof.
 * Not that of RFC 9266, whose value is for one authentication of a connection. @see RFC 5705 §4
 */
export const CHANNEL_PROOF_LABEL = 'EXPERIMENTAL countersign channel proof v1'

/** Who of the two proves. The caller is who opened the channel, and begins; nobody is both on one channel. */
export type ChannelRole = 'caller' | 'callee'

/** What both sides know of one run. Each field has 32 octets. */
export interface ChannelRun {
  /** Exported from TLS: alike on both ends of one channel, and on no other. */
  readonly exporter: Uint8Array
  readonly callerNonce: Uint8Array
  readonly calleeNonce: Uint8Array
  /** SHA-256 of each side's SubjectPublicKeyInfo. Absent where both hold one key: it is that of the MAC. */
  readonly keys?: { readonly caller: Uint8Array; readonly callee: Uint8Array }
}

const FIELD_OCTETS = 32
const DOMAIN = new TextEncoder().encode('countersign channel proof v1\0')
const ROLES = { caller: 1, callee: 2 } as const
const KINDS = { shared: 1, signature: 2 } as const
// A signature of ML-DSA-87 has 4,627.
const MAX_PROOF_OCTETS = 8192

/**
 * What `role` makes a MAC or a signature over. It begins as nothing else does that a key of ours signs (TLS: 64 spaces;
 * certificates, requests and lists: a SEQUENCE), and says who speaks, so that no proof can be sent back.
 * @throws {RangeError} when a field has not 32 octets.
 */
export function channelProofInput(role: ChannelRole, run: ChannelRun): Uint8Array {
  const { exporter, callerNonce, calleeNonce, keys } = run
  const fields = [exporter, callerNonce, calleeNonce, ...(keys ? [keys.caller, keys.callee] : [])]
  if (fields.some(({ length }) => length !== FIELD_OCTETS)) throw new RangeError('each field has 32 octets')
  const kind = keys ? KINDS.signature : KINDS.shared
  return joined([DOMAIN, Uint8Array.of(kind, ROLES[role]), ...fields])
}

/** The three messages, each with its number first. The caller begins, the callee proves first, then the caller. */
const NUMBERS = { hello: 1, answer: 2, proof: 3 } as const

/** Writes the first message. */
export function writeChannelHello(callerNonce: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(NUMBERS.hello), callerNonce])
}

/** Writes the second message. */
export function writeChannelAnswer(calleeNonce: Uint8Array, proof: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(NUMBERS.answer), calleeNonce, proof])
}

/** Writes the third message. */
export function writeChannelProof(proof: Uint8Array): Uint8Array {
  return joined([Uint8Array.of(NUMBERS.proof), proof])
}

/** Answers the caller's nonce, or undefined where these octets are no hello. */
export function readChannelHello(message: Uint8Array): Uint8Array | undefined {
  const body = bodyOf(message, NUMBERS.hello)
  return body?.length === FIELD_OCTETS ? body : undefined
}

/** Answers the callee's nonce and proof, or undefined where these octets are no answer. */
export function readChannelAnswer(
  message: Uint8Array,
): { readonly calleeNonce: Uint8Array; readonly proof: Uint8Array } | undefined {
  const body = bodyOf(message, NUMBERS.answer)
  if (body === undefined || !isProofLength(body.length - FIELD_OCTETS)) return undefined
  return { calleeNonce: body.slice(0, FIELD_OCTETS), proof: body.slice(FIELD_OCTETS) }
}

/** Answers the caller's proof, or undefined where these octets are none. */
export function readChannelProof(message: Uint8Array): Uint8Array | undefined {
  const body = bodyOf(message, NUMBERS.proof)
  return body !== undefined && isProofLength(body.length) ? body : undefined
}

function bodyOf(message: Uint8Array, number: number): Uint8Array | undefined {
  return message[0] === number ? message.slice(1) : undefined
}

function isProofLength(length: number): boolean {
  return length > 0 && length <= MAX_PROOF_OCTETS
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
