// The reference of a meeting over TLS, made alike on both sides.
import { hash } from 'node:crypto'
import { type Reference, referenceOf } from '@countersign/protocol'

/**
 * Makes the reference of the meeting that a ClientHello opens.
 * @param random The 32 octets of ClientHello.random: ours on the client (first key log line), theirs on the server (its reader).
 * @see RFC 9846 §4.2.2
 */
export function referenceOfRandom(random: Uint8Array): Reference {
  return referenceOf(hash('sha256', random, 'buffer'))
}
