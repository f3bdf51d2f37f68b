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
      for (const { value } of identities) labels.add(value)
      if (labels.size === 0) labels.add(NOBODY)
      return { name: party?.id ?? name, labels }
    },
  }
}

function ownLabels({ id, kind, labels }: Party): readonly string[] {
  return [`party:${id}`, ...(kind === undefined ? [] : [`kind:${kind}`]), ...labels]
}

function keyOf({ kind, value }: Identity): string {
  return `${kind}:${value}`
}

const NONE: ReadonlySet<string> = new Set()

/** No labels at all: a caller of whom nothing is known. */
export function noLabels(): ReadonlySet<string> {
  return NONE
}
