// Names as people write them, in configurations, rules and commands.
import { domainToALabels, parseIpAddress } from '@countersign/x509'
import type { ReferenceIdentity } from '../model.ts'
import { normalReference, type PresentedIdentity } from './match.ts'

/** Tells which kind of name a word is: a URI, a mail address, an IP address, or else a DNS name. Nothing is checked. */
export function referenceOf(word: string): ReferenceIdentity {
  if (word.includes('://')) return { kind: 'uniformResourceIdentifier', value: word }
  if (word.includes('@')) return { kind: 'rfc822Name', value: word }
  return { kind: parseIpAddress(word) === undefined ? 'dNSName' : 'iPAddress', value: word }
}

/**
 * Reads a word as a certificate's identity in its normal form, so that it equals what records show; a domain in another
 * script is brought to A-labels. Undefined where no certificate can prove it.
 * @see RFC 9525 §6.1, RFC 9598 §5
 */
export function readName(word: string): PresentedIdentity | undefined {
  const { kind, value: text } = referenceOf(word)
  const value = normalReference({ kind, value: inALabels(text, kind) })
  return value === undefined ? undefined : { kind, value }
}

function inALabels(text: string, kind: ReferenceIdentity['kind']): string {
  if (!/\P{ASCII}/u.test(text) || (kind !== 'dNSName' && kind !== 'rfc822Name')) return text
  const at = text.lastIndexOf('@') + 1
  const domain = text.slice(at)
  return text.slice(0, at) + (domainToALabels(domain) ?? domain)
}
