// What a proxy before the door says of its caller: read strictly, as whoever is let in rests on it.

/** RFC 9651 §3.3.5, without parameters, which RFC 9440 gives no meaning. */
const BYTE_SEQUENCE = /^:([A-Za-z0-9+/]+={0,2}):$/
// A path has few; the gate takes no more than a handshake could bring.
const MAX_CERTIFICATES = 16

/**
 * Reads the certificates of a request, leaf first, as DER that nobody has looked at. Empty where it has none; undefined
 * where the fields have another form.
 * @param fields Names and values in turn, as they came.
 * @see RFC 9440 §2.2, §2.3
 */
export function readClientCert(fields: readonly string[]): readonly Uint8Array[] | undefined {
  const leaf = valuesOf(fields, 'client-cert')
  const chain = valuesOf(fields, 'client-cert-chain').flatMap((value) => value.split(','))
  // §2.2: "MUST NOT have a list of values or occur multiple times"; §2.3: "MUST NOT appear unless Client-Cert is also present".
  if (leaf.length > 1 || (leaf.length === 0 && chain.length > 0) || chain.length >= MAX_CERTIFICATES) return undefined
  const certificates: Uint8Array[] = []
  for (const item of [...leaf, ...chain]) {
    const octets = readItem(item)
    if (octets === undefined) return undefined
    certificates.push(octets)
  }
  return certificates
}

function valuesOf(fields: readonly string[], name: string): string[] {
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === name)
}

function readItem(item: string): Uint8Array | undefined {
  const text = BYTE_SEQUENCE.exec(item.trim())?.[1]
  // RFC 4648 §3.2: with its padding, so that there is one way to write it.
  if (text === undefined || text.length % 4 !== 0) return undefined
  return Uint8Array.fromBase64(text)
}
