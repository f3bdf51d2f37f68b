// The labels by which rules find a caller.
import type { Caller, Identity, Party, ProofKind } from './model.ts'

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

/** Whom a house knows. */
export interface Directory {
  /** Makes a caller of what a door knows. */
  callerOf(presented: Presented): Caller
  readonly parties: readonly Party[]
  /** The trust domain in which the parties of the house have their SPIFFE IDs. */
  readonly domain: string | undefined
}

/** Makes callers of what doors know, by the parties that the house knows. Without `domain`, no SPIFFE ID is a party's own. */
export function createDirectory(parties: readonly Party[], domain?: string): Directory {
  const byId = new Map(parties.map((party) => [party.id, party]))
  const byIdentity = new Map(
    parties.flatMap((party) => (party.identities ?? []).map((identity) => [keyOf(identity), party] as const)),
  )
  const known = new Map(parties.map((party) => [party, ownLabels(party)]))
  return {
    parties,
    domain,
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
    // No rule names one: whom a login is of, the door for SSH decides.
    case 'sshPrincipal':
    // What somebody types to sign in; rules find them by the party.
    case 'account':
      return false
    default:
      return value.includes('.') && !value.includes(':')
  }
}

/** Writes an identity as a key. */
export function keyOf({ kind, value }: Identity): string {
  return `${kind}:${value}`
}

/** The name that a label stands for, where certificates prove it and no operator gives it. */
export function identityNamed(label: string): Identity | undefined {
  if (label.includes('://')) return { kind: 'uniformResourceIdentifier', value: label }
  if (label.includes('@')) return { kind: 'rfc822Name', value: label }
  if (/^\d+(?:\.\d+){3}$|^[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*$/i.test(label)) return { kind: 'iPAddress', value: label }
  return label.includes('.') && !label.includes(':') ? { kind: 'dNSName', value: label } : undefined
}

/** The party of this house that a label says, by its name or its SPIFFE ID. */
export function partyIn(label: string, domain: string | undefined): string | undefined {
  if (label.startsWith('party:')) return label.slice('party:'.length)
  const own = `spiffe://${domain}/`
  return domain !== undefined && label.startsWith(own) ? label.slice(own.length) : undefined
}

/** The other authority that a label says. */
export function authorityIn(label: string): string | undefined {
  return label.startsWith('authority:') ? label.slice('authority:'.length) : undefined
}

/** The SPIFFE ID of a party of this house. */
export function spiffeIdOf(domain: string, party: string): Identity {
  return { kind: 'uniformResourceIdentifier', value: `spiffe://${domain}/${party}` }
}

/** Whether somebody with these labels can show such a proof: whoever has a certificate is not nobody. */
export function canShow(labels: ReadonlySet<string>, kind: ProofKind): boolean {
  return kind !== 'certificate' || !labels.has(NOBODY)
}

/** Whether an operator can give it to a party, or take it away. */
export function isGiven(label: string): boolean {
  return label.includes(':') && identityNamed(label) === undefined && !/^(?:party|authority):/.test(label)
}
