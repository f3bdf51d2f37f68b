// Whether an address is one that a configuration means.

/**
 * `to` is an address, or a domain as in `@partner.example`. Domains are one whatever their case; a local part is its own host's
 * (RFC 5321 §2.4), and is compared in lower case so that no case evades a rule.
 */
export function fits(address: string, to: string): boolean {
  const lower = address.toLowerCase()
  return to.startsWith('@') ? lower.endsWith(to.toLowerCase()) : lower === to.toLowerCase()
}
