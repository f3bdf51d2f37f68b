// The reference of a meeting: both sides derive it alone, from octets that both saw.

/** As in `M-7F3K-92QD`. */
export type Reference = string & { readonly [reference]: true }
declare const reference: unique symbol

// Crockford's Base32: no I, L, O, U, so it can be read over a telephone.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const SHAPE = /^M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/

/**
 * Makes a reference from the first 40 bits of a SHA-256.
 * @param digest SHA-256 of the 32 octets of ClientHello.random (RFC 9846 §4.2.2), which both sides know before either decides.
 */
export function referenceOf(digest: Uint8Array): Reference {
  let bits = 0
  let held = 0
  let text = ''
  for (let i = 0; i < 5; i++) {
    bits = (bits << 8) | octetAt(digest, i)
    for (held += 8; held >= 5; held -= 5) text += ALPHABET[(bits >> (held - 5)) & 31]
    bits &= 31
  }
  return `M-${text.slice(0, 4)}-${text.slice(4)}` as Reference
}

/** Reads a reference as people type it: any case, spaces, O for 0, I and L for 1. Undefined where it is none. */
export function parseReference(text: string): Reference | undefined {
  const plain = text.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  const shaped = `M-${plain.slice(1, 5)}-${plain.slice(5)}`
  return SHAPE.test(shaped) && plain.startsWith('M') ? (shaped as Reference) : undefined
}

function octetAt(octets: Uint8Array, index: number): number {
  const octet = octets[index]
  if (octet === undefined) throw new RangeError('a reference needs a digest of at least 5 octets')
  return octet
}
