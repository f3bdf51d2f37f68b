// What stands in source-address: addresses, and networks in CIDR form (RFC 4632 §3.1, RFC 4291 §2.3).

/** Whether `text` is an address, or a network whose bits after the prefix are zero: OpenSSH takes no other. */
export function isSourceAddress(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/')
  const octets = octetsOf(address)
  if (octets === undefined || more.length > 0) return false
  if (prefix === undefined) return true
  const bits = octets.length * 8
  if (!/^(?:0|[1-9]\d{0,2})$/.test(prefix) || Number(prefix) > bits) return false
  return isZeroAfter(octets, Number(prefix))
}

function isZeroAfter(octets: readonly number[], prefix: number): boolean {
  return octets.every((octet, i) => {
    const kept = Math.min(Math.max(prefix - i * 8, 0), 8)
    return (octet & (0xff >> kept)) === 0
  })
}

function octetsOf(address: string): readonly number[] | undefined {
  return address.includes(':') ? octetsOfIpv6(address) : octetsOfIpv4(address)
}

/** Four numbers without leading zeros, which some programs take for octal ones. */
function octetsOfIpv4(address: string): readonly number[] | undefined {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    return undefined
  return parts.map(Number)
}

/** RFC 4291 §2.2: eight groups, one `::` for zeros, perhaps an IPv4 address at the end; no zone. */
function octetsOfIpv6(address: string): readonly number[] | undefined {
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, i) => octetsOfGroups(half, i === halves.length - 1))
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 16 ? head : undefined
  const zeros = 16 - head.length - tail.length
  return zeros < 2 ? undefined : [...head, ...new Array<number>(zeros).fill(0), ...tail]
}

/** @param isLast Whether an IPv4 address may stand at the end. */
function octetsOfGroups(text: string, isLast: boolean): readonly number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const octets = groups.map((group, i) => {
    if (isLast && i === groups.length - 1 && group.includes('.')) return octetsOfIpv4(group)
    if (!/^[0-9A-Fa-f]{1,4}$/.test(group)) return undefined
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
  return octets.some((pair) => pair === undefined) ? undefined : octets.flatMap((pair) => pair ?? [])
}
