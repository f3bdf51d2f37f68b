// What only the two ends of one TLS channel know.
import { hash } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

const LABEL = 'EXPORTER-Channel-Binding'
const OCTETS = 32

/**
 * Takes the channel binding of a TLS connection, 32 octets, equal on both sides and on no other channel.
 * Works as soon as the handshake is complete, also inside `secureConnect`. Secret outside proofs that are bound to the channel.
 * @see RFC 9266 §2
 */
export function channelBinding(socket: TLSSocket): Uint8Array {
  return new Uint8Array(socket.exportKeyingMaterial(OCTETS, LABEL, Buffer.alloc(0)))
}

/** Names a channel without giving its binding away: SHA-256 of `channelBinding`, hexadecimal. */
export function exporterSha256(socket: TLSSocket): string {
  return hash('sha256', channelBinding(socket), 'hex')
}
