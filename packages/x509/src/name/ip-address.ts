// Addresses as text: RFC 4291 §2.2 and RFC 5952 for IPv6, dotted decimal for IPv4.

/** Reads an IPv4 or IPv6 address; 4 or 16 octets, `undefined` where `text` is neither (a zone is neither). */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** Writes 4 or 16 octets as an address, 8 or 32 as a range with its prefix length. @throws {RangeError} on other lengths. */
export function formatIpAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  if (octets.length === 16) return formatIpv6(octets)
  if (octets.length !== 8 && octets.length !== 32) throw new RangeError('not the length of an address or a range')
  const half = octets.length / 2
  return `${formatIpAddress(octets.subarray(0, half))}/${prefixLength(octets.subarray(half))}`
}

/** Dotted decimal only: a leading zero is octal to some readers, so it is refused. */
function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.', 5)
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return Uint8Array.from(parts, Number)
}

function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > 45) return undefined
  const [head = '', tail, more] = text.split('::')
  if (more !== undefined) return undefined
  const before = groupsOf(head, tail === undefined)
  const after = tail === undefined ? [] : groupsOf(tail, true)
  if (before === undefined || after === undefined) return undefined
  const missing = 16 - before.length - after.length
  if (tail === undefined ? missing !== 0 : missing < 2) return undefined
  return Uint8Array.from([...before, ...new Array<number>(missing).fill(0), ...after])
}

/** The octets of groups of hexadecimal digits; the last may be an IPv4 address where the groups end the text. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return []
  const octets: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    const embedded = isLast && i === groups.length - 1 ? parseIpv4(group) : undefined
    if (embedded !== undefined) octets.push(...embedded)
    else if (/^[0-9A-Fa-f]{1,4}$/.test(group))
      octets.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255)
    else return undefined
  }
  return octets
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
function formatIpv6(octets: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0))
  // RFC 5952 §5: the prefix of mapped addresses is known to hold an IPv4 address.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff)
    return `::ffff:${octets.subarray(12).join('.')}`
  const { at, length } = longestZeroRun(groups)
  const hex = groups.map((group) => group.toString(16))
  if (length < 2) return hex.join(':')
  return `${hex.slice(0, at).join(':')}::${hex.slice(at + length).join(':')}`
}

function longestZeroRun(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 }
  for (let at = 0; at < groups.length; at++) {
    let length = 0
    while (groups[at + length] === 0) length++
    if (length > best.length) best = { at, length }
  }
  return best
}

function prefixLength(mask: Uint8Array): number {
  return mask.reduce((bits, octet) => bits + octet.toString(2).replaceAll('0', '').length, 0)
}
