// Octets as text, the way JOSE writes them.

/** Octets of an own buffer: what WebCrypto and IndexedDB take. */
export type Octets = Uint8Array<ArrayBuffer>

/** Writes base64url without padding, by what browsers of before 2024 have too. @see RFC 7515 §2 */
export function toBase64url(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += String.fromCharCode(octet)
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Reads base64url without padding. @throws {SyntaxError} when it is something else */
export function fromBase64url(text: string): Octets {
  // The built-in reader would let padding and white space pass, and throws another error for what cannot be its length.
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new SyntaxError('not base64url as JOSE writes it')
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (each) => each.charCodeAt(0))
}

/** UTF-8. */
export function utf8(text: string): Octets {
  return new TextEncoder().encode(text)
}

/** One after the other. */
export function concat(...parts: readonly Uint8Array[]): Octets {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** SHA-256. */
export async function sha256(octets: Octets): Promise<Octets> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', octets))
}

/** Whether two are the same. Of what the page itself has opened: time tells nobody anything. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index])
}
