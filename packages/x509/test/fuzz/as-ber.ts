// BER as other senders write it, from DER.

/** The same values as other senders may write them: lengths without end or in too many octets, and strings in parts. @param below Numbers below a bound. */
export function asBer(der: Uint8Array, below: (bound: number) => number): Uint8Array {
  const parts: number[] = []
  for (let at = 0; at < der.length; ) {
    const tag = der[at] ?? 0
    const first = der[at + 1] ?? 0
    const lengthOctets = first < 0x80 ? 0 : first & 0x7f
    const start = at + 2 + lengthOctets
    const length = lengthOctets === 0 ? first : Number(`0x${der.subarray(at + 2, start).toHex()}`)
    const contents = der.subarray(start, start + length)
    at = start + length
    const inner: Uint8Array = tag & 0x20 && below(3) > 0 ? asBer(contents, below) : contents
    if (tag & 0x20 && below(2) === 0) parts.push(tag, 0x80, ...inner, 0, 0)
    else if (tag === 0x04 && below(2) === 0) {
      const cut = below(contents.length + 1)
      const segment = (octets: Uint8Array) => [0x04, 0x82, octets.length >> 8, octets.length & 0xff, ...octets]
      parts.push(0x24, 0x80, ...segment(contents.subarray(0, cut)), ...segment(contents.subarray(cut)), 0, 0)
    } else parts.push(tag, 0x84, 0, 0, inner.length >> 8, inner.length & 0xff, ...inner)
  }
  return Uint8Array.from(parts)
}
