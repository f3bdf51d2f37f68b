// What an authority other than the house's own may vouch for, in words of its operator.
import { readName } from '@countersign/verify'
import { type GeneralName, type GeneralSubtree, type NameConstraints, parseIpAddress } from '@countersign/x509'

/** Every name of each kind that a party is known by; what is not permitted is excluded by these. */
const EVERYTHING: Readonly<Record<string, readonly GeneralName[]>> = {
  dNSName: [{ kind: 'dNSName', value: '' }],
  rfc822Name: [{ kind: 'rfc822Name', value: '' }],
  uniformResourceIdentifier: [{ kind: 'uniformResourceIdentifier', value: '' }],
  iPAddress: [
    { kind: 'iPAddress', octets: new Uint8Array(8) },
    { kind: 'iPAddress', octets: new Uint8Array(32) },
  ],
}

/**
 * Reads what an authority may vouch for: `acme.example` (that DNS name and those below it), `@acme.example` (mail
 * addresses there), `spiffe://acme.example` (every URI of that host), `10.0.0.0/8` (addresses). Names of a kind that no
 * word speaks of are excluded: RFC 5280 §4.2.1.10 alone would leave them free.
 * @throws {RangeError} when a word is none of these, or there is none.
 */
export function vouchingFor(words: readonly string[]): NameConstraints {
  if (words.length === 0) throw new RangeError('an authority that may vouch for nothing need not be trusted')
  const permitted = words.map(baseOf)
  const kinds = new Set(permitted.map(({ kind }) => kind))
  const excluded = Object.entries(EVERYTHING).flatMap(([kind, all]) =>
    kinds.has(kind as GeneralName['kind']) ? [] : all,
  )
  return {
    permittedSubtrees: permitted.map(subtree),
    ...(excluded.length > 0 && { excludedSubtrees: excluded.map(subtree) }),
  }
}

function subtree(base: GeneralName): GeneralSubtree {
  return { base, minimum: 0 }
}

function baseOf(word: string): GeneralName {
  const uriHost = /^[a-z][a-z0-9+.-]*:\/\/([^/]+)\/?$/i.exec(word)?.[1]
  if (uriHost !== undefined && isDnsName(uriHost)) return { kind: 'uniformResourceIdentifier', value: uriHost }
  if (word.startsWith('@') && isDnsName(word.slice(1))) return { kind: 'rfc822Name', value: word.slice(1) }
  const octets = networkOf(word)
  if (octets !== undefined) return { kind: 'iPAddress', octets }
  if (isDnsName(word)) return { kind: 'dNSName', value: word }
  throw new RangeError(`${word} is no domain, @domain, scheme://host or network`)
}

function isDnsName(word: string): boolean {
  // A constraint has no dot of the root, nor letters of another script.
  return /^[\x21-\x7e]*[^.]$/.test(word) && readName(word)?.kind === 'dNSName'
}

/** RFC 5280 §4.2.1.10: an address and its mask, as RFC 4632 writes them. */
function networkOf(word: string): Uint8Array | undefined {
  const [text = '', length] = word.split('/')
  const address = parseIpAddress(text)
  if (address === undefined || length === undefined || !/^\d{1,3}$/.test(length)) return undefined
  const bits = Number(length)
  if (bits > address.length * 8) return undefined
  const mask = address.map((_, i) => (0xff00 >> Math.max(0, Math.min(8, bits - 8 * i))) & 0xff)
  return Uint8Array.from([...address.map((octet, i) => octet & (mask[i] ?? 0)), ...mask])
}
