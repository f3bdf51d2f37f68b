// How a careless service reads what reached it: leniently, and with a preference of its own among two lengths.

/** The request lines that a service finds in `octets` (latin1) which believes `preferred` where there are two lengths. */
export function requestLines(octets: string, preferred: 'transfer-encoding' | 'content-length'): readonly string[] {
  const lines: string[] = []
  let rest = octets
  while (/^[A-Z]+ \S+ HTTP\/1/.test(rest)) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const head = rest.slice(0, end)
    lines.push(head.slice(0, head.indexOf('\r\n')))
    rest = behindBody(head, rest.slice(end + 4), preferred)
  }
  return lines
}

function behindBody(head: string, rest: string, preferred: string): string {
  // The first of two, whatever stands before the colon; what is no plain number is none.
  const length = /^content-length\s*:\s*(\d+)/im.exec(head)?.[1]
  const chunked = /^transfer-encoding\s*:.*chunked/im.test(head)
  if (chunked && (preferred === 'transfer-encoding' || length === undefined)) return behindChunks(rest)
  return rest.slice(Number(length ?? 0)).replace(/^(?:\r\n|0\r\n\r\n)+/, '')
}

function behindChunks(body: string): string {
  let rest = body
  for (;;) {
    const size = /^([0-9a-f]+)[^\r]*\r\n/i.exec(rest)
    if (size === null) return rest
    // Of a length that does not fit it keeps the lower 32 bits.
    const octets = Number(BigInt(`0x${size[1]}`) & 0xffff_ffffn)
    rest = rest.slice(size[0].length + octets)
    if (octets === 0) return rest.replace(/^\r\n/, '')
    rest = rest.slice(2)
  }
}
