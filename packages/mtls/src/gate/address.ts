// IP addresses as text, in the one form that is compared.

/** Writes 4 octets dotted and 16 octets as RFC 5952 §4 does; other lengths are no address. */
export function formatAddress(octets: Uint8Array): string | undefined {
  if (octets.length === 4) return octets.join('.')
  if (octets.length !== 16) return undefined
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push(((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0))
  const { start, length } = longestZeroRun(groups)
  const write = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  // §4.2.2: "The symbol '::' MUST NOT be used to shorten just one 16-bit 0 field."
  if (length < 2) return write(groups)
  return `${write(groups.slice(0, start))}::${write(groups.slice(start + length))}`
}

// §4.2.3: the longest run is shortened, the first of equals.
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start }
  })
  return best
}
