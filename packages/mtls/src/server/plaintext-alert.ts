// What can be said before there are keys.

/** The alerts that a server sends in answer to a ClientHello that it does not take. @see RFC 9846 §6.2 */
const ALERT = { decodeError: 50, protocolVersion: 70 } as const

/** Writes a fatal alert as one plaintext record, 7 octets. @see RFC 9846 §5.1, §6 */
export function plaintextAlert(name: keyof typeof ALERT): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, ALERT[name])
}
