// dNSName: RFC 5280 §4.2.1.6 ("preferred name syntax"), matched by RFC 9525 §6.3.

/** Brings a DNS name that a certificate presents to lower case; undefined where it is none. A wildcard may be its first label. */
export function readPresentedDnsName(text: string): string | undefined {
  const name = text.toLowerCase()
  return isHostName(name.startsWith('*.') ? name.slice(2) : name) ? name : undefined
}

/** Brings a DNS name that must be proved to lower case, without the dot of the root; undefined where it is none. */
export function readReferenceDnsName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '')
  return isHostName(name) ? name : undefined
}

/**
 * Both as read above. A wildcard stands for exactly one label.
 * @see RFC 9525 §6.3
 */
export function matchesDnsName(presented: string, reference: string): boolean {
  if (!presented.startsWith('*.')) return presented === reference
  const dot = reference.indexOf('.')
  return dot > 0 && presented.slice(2) === reference.slice(dot + 1)
}

// RFC 1123 §2.1 and RFC 1034 §3.5. U-labels and underscores are outside of it.
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

function isHostName(name: string): boolean {
  if (name.length > 253) return false
  const labels = name.split('.')
  // RFC 3696 §2: the last label is not all digits, so that no IPv4 address is a name.
  return labels.every((label) => LABEL.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '')
}
