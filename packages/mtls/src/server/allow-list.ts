// The access decision of a door that has a list of names instead of a policy.
import { isIP } from 'node:net'
import type { Identity, Side } from '@countersign/protocol'
import { domainToALabels } from '@countersign/x509'
import { steadyAccess } from '../gate/access.ts'
import type { Access } from '../model.ts'

/**
 * Allows whom the list names, and nobody else. An entry is one of: a party (`alice`), an identity in full
 * (`spiffe://acme.example/alice`, `alice@acme.example`, `192.0.2.7`, `db.acme.example`), or `*` for every party of
 * our own authority, or `nobody` for callers without a certificate, where the door admits such. Texts are compared exactly, with what records show, but for a domain in another script, which is
 * brought to A-labels (RFC 9598 §5); the rule of the decision is the entry.
 * @throws {RangeError} when an entry is empty.
 */
export function allowList(entries: readonly string[]): Access {
  if (entries.some((entry) => entry.trim() === '')) throw new RangeError('an entry of the allow list is empty')
  return steadyAccess(({ caller }) => {
    const entry = entries.find((one) => names(one, caller))
    return entry === undefined
      ? { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: [`an entry for ${caller.name}`] }
      : { ok: true, rule: `allow ${entry}` }
  })
}

function names(entry: string, { party, identities, certificate, authority }: Side): boolean {
  // Nobody, who may be admitted to enroll, is not everybody; nor is whom only another authority vouches for.
  // Nor whom our own authority names in another trust domain: that is no party of ours.
  const isAnothers = authority !== undefined || (party === undefined && identities.some(isSpiffeId))
  if (entry === '*') return certificate !== undefined && !isAnothers
  // Reserved: a party of that name is let in by an identity in full.
  if (entry === 'nobody') return certificate === undefined
  const kind = kindOf(entry)
  const text = inALabels(entry, kind)
  if (kind !== undefined) return identities.some((identity) => identity.kind === kind && identity.value === text)
  // A word without a dot is no DNS name here: whoever may choose host names must not become a party of that name.
  if (party === entry) return true
  return entry.includes('.') && identities.some(({ kind, value }) => kind === 'dNSName' && value === text)
}

function isSpiffeId({ kind, value }: Identity): boolean {
  return kind === 'uniformResourceIdentifier' && value.startsWith('spiffe:')
}

function inALabels(entry: string, kind: ReturnType<typeof kindOf>): string {
  if (!/\P{ASCII}/u.test(entry) || (kind !== undefined && kind !== 'rfc822Name')) return entry
  const domain = entry.slice(entry.lastIndexOf('@') + 1)
  return entry.slice(0, entry.length - domain.length) + (domainToALabels(domain) ?? domain)
}

function kindOf(entry: string): 'uniformResourceIdentifier' | 'rfc822Name' | 'iPAddress' | undefined {
  if (entry.includes('://')) return 'uniformResourceIdentifier'
  if (entry.includes('@')) return 'rfc822Name'
  return isIP(entry) === 0 ? undefined : 'iPAddress'
}
