// What a callee must prove, from the word of a configuration.
import { isIP } from 'node:net'
import type { ReferenceIdentity } from '@countersign/verify'

/** Reads a DNS name, an IP address, or a URI as a SPIFFE ID is. @see RFC 9525 §6.1 */
export function referenceIdentityOf(value: string): ReferenceIdentity {
  if (value.includes('://')) return { kind: 'uniformResourceIdentifier', value }
  return { kind: isIP(value) === 0 ? 'dNSName' : 'iPAddress', value }
}
