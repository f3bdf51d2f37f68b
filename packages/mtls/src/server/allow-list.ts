// The access decision of a door that has a list of names instead of a policy.
import type { Identity, Side } from '@countersign/protocol'
import { readName, referenceOf } from '@countersign/verify'
import { steadyAccess } from '../gate/access.ts'
import { isPerson } from '../gate/side.ts'
import type { Access } from '../model.ts'

/**
 * Allows whom the list names, and nobody else. An entry is one of: a party (`alice`), an identity in full
 * (`spiffe://acme.example/alice`, `alice@acme.example`, `192.0.2.7`, `db.acme.example`), or `*` for every party of
 * our own authority and every person of this house, or `nobody` for callers that proved nothing, where the door admits such. A party is compared exactly,
 * an identity in its normal form; the rule of the decision is the entry.
 * @throws {RangeError} when an entry is empty.
 */
export function allowList(entries: readonly string[]): Access {
  if (entries.some((entry) => entry.trim() === '')) throw new RangeError('an entry of the allow list is empty')
  const list = entries.map((entry): Entry => ({ entry, kind: referenceOf(entry).kind, name: readName(entry) }))
  return steadyAccess(({ caller }) => {
    const found = list.find((one) => names(one, caller))
    return found === undefined
      ? { ok: false, code: 'ERR_CALLER_NOT_ALLOWED', missing: [`an entry for ${caller.name}`] }
      : { ok: true, rule: `allow ${found.entry}` }
  })
}

interface Entry {
  readonly entry: string
  readonly kind: Identity['kind']
  /** Undefined where no certificate can prove it. */
  readonly name: Identity | undefined
}

function names({ entry, kind, name }: Entry, caller: Side): boolean {
  const { party, identities, certificate, authority } = caller
  // Nobody, who may be admitted to enroll, is not everybody; nor is whom only another authority vouches for.
  // Nor whom our own authority names in another trust domain: that is no party of ours.
  const isAnothers = authority !== undefined || (party === undefined && identities.some(isSpiffeId))
  if (entry === '*') return (certificate !== undefined || isPerson(caller)) && !isAnothers
  // Reserved: a party of that name is let in by an identity in full.
  if (entry === 'nobody') return certificate === undefined && !isPerson(caller)
  const isProved = name !== undefined && identities.some((one) => one.kind === name.kind && one.value === name.value)
  if (kind !== 'dNSName') return isProved
  // A word without a dot is no DNS name here: whoever may choose host names must not become a party of that name.
  return party === entry || (entry.includes('.') && isProved)
}

function isSpiffeId({ kind, value }: Identity): boolean {
  return kind === 'uniformResourceIdentifier' && value.startsWith('spiffe:')
}
