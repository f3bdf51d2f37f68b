// Domain names as people write them, RFC 5280 §7.2: to A-labels, before they are compared with what a certificate says.

/**
 * Brings a domain name to A-labels in lower case, mapped by UTS #46: `Bücher.example` is `xn--bcher-kva.example`.
 * For input of users and configuration, at the edge; a name in a certificate has its A-labels already, or is none.
 *
 * The tables are those of the engine's WHATWG URL, which each engine has as a global: no dependency, and no module of Node.
 * @param domain without a wildcard, a port or a trailing dot.
 * @returns `undefined` where it is no domain name of letters, digits and hyphens (UseSTD3ASCIIRules).
 * @see RFC 5280 §7.2, RFC 5891 §4
 */
export function domainToALabels(domain: string): string | undefined {
  // What a URL would take for something else than a part of its host, and what its parser takes out unseen.
  if (!/^[A-Za-z0-9.\u{80}-\u{10ffff}-]+$/u.test(domain)) return undefined
  const mapped = URL.parse(`https://${domain}/`)?.hostname
  if (mapped === undefined || mapped.length > MAX_LENGTH) return undefined
  const labels = mapped.split('.')
  // A URL takes a host whose last label is a number for an IPv4 address, and writes it as one.
  return labels.every((label) => LABEL.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '') ? mapped : undefined
}

/** RFC 1035 §2.3.4 in text: 255 octets less the first length and the root. */
const MAX_LENGTH = 253
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/
