// The labels by which rules find a caller.
import type { Caller, Identity, Party } from './model.ts'

/** Of every party that our own authority vouches for. */
export const ANY = 'any'
/** Of a caller that proved nothing; a rule must name it to mean it. */
export const NOBODY = 'nobody'

/** What a door knows of a caller. */
export interface Presented {
  readonly name: string
  /** Undefined where it proved nothing, or another authority vouches for it. */
  readonly party?: string
  readonly identities: readonly Identity[]
  /** The name of the other authority that vouches for it. */
  readonly authority?: string
}

/** Makes callers of what doors know, by the parties that the house knows. */
export function createDirectory(parties: readonly Party[]): {
  callerOf(presented: Presented): Caller
  readonly parties: readonly Caller[]
} {
  const byId = new Map(parties.map((party) => [party.id, party]))
  const byIdentity = new Map(
    parties.flatMap((party) => (party.identities ?? []).map((identity) => [keyOf(identity), party] as const)),
  )
  const known = new Map(parties.map((party) => [party, ownLabels(party)]))
  return {
    parties: parties.map((party) => ({ name: party.id, labels: new Set([ANY, ...(known.get(party) ?? [])]) })),
    callerOf({ name, party: id, identities, authority }) {
      const party =
        (id === undefined ? undefined : byId.get(id)) ??
        identities.map((one) => byIdentity.get(keyOf(one))).find((found) => found !== undefined)
      const labels = new Set(party && known.get(party))
      if (id !== undefined) labels.add(ANY).add(`party:${id}`)
      if (authority !== undefined) labels.add(`authority:${authority}`)
      for (const identity of identities) if (isUnlikeLabels(identity)) labels.add(identity.value)
      if (labels.size === 0) labels.add(NOBODY)
      return { name: party?.id ?? name, labels }
    },
  }
}

function ownLabels({ id, kind, labels }: Party): readonly string[] {
  return [`party:${id}`, ...(kind === undefined ? [] : [`kind:${kind}`]), ...labels]
}

/**
 * Labels are what the operator says of a party, names are what certificates say: no name may pass for a label, as a URI
 * `group:ops` or a host `any` would.
 */
function isUnlikeLabels({ kind, value }: Identity): boolean {
  switch (kind) {
    case 'uniformResourceIdentifier':
      return value.includes('://')
    case 'rfc822Name':
      return value.includes('@')
    case 'iPAddress':
      return true
    default:
      return value.includes('.') && !value.includes(':')
  }
}

function keyOf({ kind, value }: Identity): string {
  return `${kind}:${value}`
}

/**
 * Everybody of whom rules can say different things: the parties of the house, whom rules name beside them, and those who
 * stand for all others. A name with spaces is nobody's.
 */
export function everybody(parties: readonly Caller[], named: Iterable<string>): readonly Caller[] {
  const labels = new Set(named)
  const known = new Set(parties.flatMap(({ labels: own }) => [...own]))
  const others: Caller[] = [{ name: 'any other party', labels: new Set([ANY]) }]
  if (labels.has(NOBODY)) others.push({ name: 'a caller without a certificate', labels: new Set([NOBODY]) })
  for (const label of labels) {
    if (known.has(label)) continue
    const [space, name] = label.split(':', 2)
    if (space === 'party' && name !== undefined) others.push({ name, labels: new Set([ANY, label]) })
    else if (space === 'authority') others.push({ name: `a party of ${label}`, labels: new Set([label]) })
    else if (isName(label)) others.push({ name: label, labels: new Set([label]) })
  }
  return [...parties, ...others]
}

/** Whether it is a name that certificates prove, and no label that an operator gives. */
function isName(label: string): boolean {
  return label.includes('://') || label.includes('@') || (label.includes('.') && !label.includes(':'))
}

/** Whether it says which party. */
export function isParty(label: string): boolean {
  return label.startsWith('party:')
}

/** Whether an operator can give it to a party, or take it away. */
export function isGiven(label: string): boolean {
  return label.includes(':') && !isName(label) && !/^(?:party|authority):/.test(label)
}

const NONE: ReadonlySet<string> = new Set()

/** No labels at all: a caller of whom nothing is known. */
export function noLabels(): ReadonlySet<string> {
  return NONE
}
