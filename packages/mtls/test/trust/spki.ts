import type { SubjectPublicKeyInfo } from '@countersign/x509'

/**
 * Splits a SubjectPublicKeyInfo whose lengths are well-formed, for tests of what comes after reading.
 * Independent of the reader in `x509`, so that a test fails for one reason only.
 */
export function readSpki(der: Uint8Array): SubjectPublicKeyInfo {
  const [outer] = split(der)
  const [identifier, bits] = split(contents(outer))
  const [oid, parameters] = split(contents(identifier))
  return {
    der,
    algorithm: { algorithm: dotted(contents(oid)), ...(parameters && { parameters }) },
    subjectPublicKey: contents(bits).subarray(1),
  }
}

function split(octets: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = []
  for (let at = 0; at < octets.length; ) {
    const { start, length } = header(octets.subarray(at))
    elements.push(octets.subarray(at, at + start + length))
    at += start + length
  }
  return elements
}

function contents(element: Uint8Array | undefined): Uint8Array {
  if (element === undefined) throw new RangeError('the element is not there')
  return element.subarray(header(element).start)
}

function header(element: Uint8Array): { start: number; length: number } {
  const first = element[1] ?? 0
  if (first < 0x80) return { start: 2, length: first }
  const octets = element.subarray(2, 2 + (first & 0x7f))
  return { start: 2 + octets.length, length: octets.reduce((sum, octet) => sum * 256 + octet, 0) }
}

function dotted(octets: Uint8Array): string {
  const arcs: number[] = []
  let arc = 0
  for (const octet of octets) {
    arc = arc * 128 + (octet & 0x7f)
    if (octet < 0x80) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [first = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(first / 40))
  return [root, first - root * 40, ...rest].join('.')
}
