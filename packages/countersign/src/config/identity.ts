import { isIP } from 'node:net'
import type { Identity } from '@countersign/protocol'

/** The identity that a word in a configuration names. */
export function identityOf(value: string): Identity {
  if (value.includes('://')) return { kind: 'uniformResourceIdentifier', value }
  if (value.includes('@')) return { kind: 'rfc822Name', value }
  return { kind: isIP(value) === 0 ? 'dNSName' : 'iPAddress', value }
}
