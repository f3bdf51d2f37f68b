// iPAddress: text of RFC 3986 §3.2.2 and RFC 4291 §2.2, octets of RFC 5280 §4.2.1.6.

/** Reads an IPv4 or IPv6 address, without brackets or zone, to its 4 or 16 octets; undefined where it is none. */
export function readIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? readIpv6(text) : readIpv4(text)
}

/** Writes 4 or 16 octets as text, IPv6 in the form of RFC 5952 §4. */
export function formatIpAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.')
  const groups = Array.from({ length: octets.length / 2 }, (_, i) =>
    (((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0)).toString(16),
  )
  const { start, length } = longestZeros(groups)
  if (length < 2) return groups.join(':')
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`
}

// RFC 3986 §3.2.2, dec-octet: no leading zeros, which some read as octal.
const DEC_OCTET = /^(?:0|[1-9][0-9]{0,2})$/

function readIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => DEC_OCTET.test(part) && Number(part) < 256)) return undefined
  return Uint8Array.from(parts, Number)
}

function readIpv6(text: string): Uint8Array | undefined {
  // The longest text has eight groups of four and, in the last two, an IPv4 address.
  if (text.length > 45) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(readGroups)
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined
  // RFC 4291 §2.2: "::" stands for one or more groups.
  if (tail === undefined || head.length + tail.length > 14) return undefined
  // An IPv4 address ends the whole text, so it cannot stand before "::".
  if ((halves[0] ?? '').includes('.')) return undefined
  return Uint8Array.from([...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail])
}

function readGroups(text: string): number[] | undefined {
  if (text === '') return []
  const octets: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    const ipv4 = i === groups.length - 1 && group.includes('.') ? readIpv4(group) : undefined
    if (ipv4) octets.push(...ipv4)
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      octets.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255)
    else return undefined
  }
  return octets
}

/** RFC 5952 §4.2.3: the first of the longest runs. */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === '0') length++
    if (length > best.length) best = { start, length }
  }
  return best
}
