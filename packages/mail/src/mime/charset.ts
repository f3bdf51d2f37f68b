/**
 * The text of octets in a character set; undefined where the set is not known or the octets are none of it.
 * Sets are those of the WHATWG's Encoding, which browsers read.
 */
export function decodeCharset(octets: Uint8Array, charset: string): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(octets)
  } catch (error) {
    // RangeError: no such set. TypeError: not octets of it.
    if (error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  }
}
