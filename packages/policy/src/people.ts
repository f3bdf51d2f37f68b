// Of whom policies can say different things: everybody whom the questions count, each as a door would come to know it.
import { alternativesOf, denialsOf, type Expression, fulfils, labelsOf } from './expression.ts'
import { authorityIn, type Directory, identityNamed, keyOf, type Presented, partyIn, spiffeIdOf } from './labels.ts'
import type { Identity } from './model.ts'
import type { Policy } from './policy.ts'

/** One of them, or one who stands for all that are like it. */
export interface Somebody {
  readonly presented: Presented
  /** Beside others in a question, what is told of it, and under which names, so that it is told once. */
  readonly key: string
  /** The names that it is supposed to prove, beside those that it must have. */
  readonly names: readonly string[]
  /** Of whom it is one: what is told of those, with no more names than these, is told of it. */
  readonly impliedBy: readonly string[]
  /** Whether the house has a line for it. */
  readonly listed: boolean
}

/** Everybody. */
export interface People {
  /** Parties in their order, all others of this house, nobody, and whom other authorities vouch for. */
  readonly base: readonly Somebody[]
  /** One of each kind of these, with names by which rules and locks of a service can tell it from others of its kind. */
  at(what: string): readonly Somebody[]
}

/** Everybody as far as these policies, or labels `named` beside them, can tell one from the other. */
export function peopleOf(
  directories: readonly Directory[],
  policies: readonly Policy[],
  named: readonly string[] = [],
): People {
  const universe = new Set([...policies.flatMap(labelsIn), ...named])
  const { own, anyOther, nobody, others } = basesOf(directories, universe)
  const listed = own.filter((one) => one.listed)
  const unlisted = own.filter((one) => !one.listed)
  const namesOf = nameSets(policies, (label) => directories.every(({ domain }) => partyIn(label, domain) === undefined))
  let kinds: readonly Somebody[] | undefined
  return {
    base: [...listed, anyOther, nobody, ...unlisted, ...others],
    at(what) {
      const sets = namesOf(what)
      if (sets.length === 0) return []
      kinds ??= [...others, ...oneOfEachKind([anyOther, ...own], directories, universe)]
      return sets.flatMap((names) => (kinds ?? []).flatMap((one) => withNames(one, names, directories)))
    },
  }
}

function labelsIn({ rules: { meet, lock } }: Policy): readonly string[] {
  return [...meet, ...lock].flatMap(({ who }) => labelsOf(who))
}

// No rule can write a name with spaces: these stand for whom no rule names.
const ANY_OTHER = 'any other party'
const ANOTHER_AUTHORITY = 'another authority'

function basesOf(directories: readonly Directory[], universe: ReadonlySet<string>) {
  const parties = directories.flatMap((directory) => directory.parties)
  const listed = new Set(parties.map(({ id }) => id))
  const domains = [...new Set(directories.map(({ domain }) => domain))]
  const speaksOf = [...universe].flatMap((label) => domains.flatMap((domain) => partyIn(label, domain) ?? []))
  const own = [...new Set([...listed, ...speaksOf])].map((id): Somebody => {
    const identities = domains.flatMap((domain) => (domain === undefined ? [] : [spiffeIdOf(domain, id)]))
    // Each party has an answer of its own, and only what it might prove beside is told of all.
    return somebody({ name: id, party: id, identities }, id, [], listed.has(id))
  })
  const authorities = [...new Set([...universe].flatMap((label) => authorityIn(label) ?? []))]
  const theirs = authorities.map((authority) =>
    somebody({ name: `a party of authority:${authority}`, authority, identities: [] }, `authority:${authority}`, [
      ANOTHER_AUTHORITY,
    ]),
  )
  // What holds for whom no rule names holds for a name, whoever vouches for it.
  const another = { name: `a party of ${ANOTHER_AUTHORITY}`, authority: ANOTHER_AUTHORITY, identities: [] }
  const known = [
    ...new Map(
      parties.flatMap(({ id, identities = [] }) => identities.map((one) => [keyOf(one), { id, one }])),
    ).values(),
  ]
  const recognized = known.flatMap(({ id, one }) =>
    [ANOTHER_AUTHORITY, ...authorities].map((authority) => {
      const of = authority === ANOTHER_AUTHORITY ? '' : ` of authority:${authority}`
      const like = authority === ANOTHER_AUTHORITY ? [] : [one.value, `authority:${authority}`]
      const name = `${id} as ${one.value}${of}`
      return somebody({ name, authority, identities: [one] }, `${one.value}${of}`, [...like, ANOTHER_AUTHORITY], true)
    }),
  )
  return {
    own,
    anyOther: somebody({ name: ANY_OTHER, party: ANY_OTHER, identities: [] }, ANY_OTHER, []),
    nobody: somebody({ name: 'a caller without a certificate', identities: [] }, '', []),
    others: [somebody(another, ANOTHER_AUTHORITY, []), ...theirs, ...recognized],
  }
}

function somebody(presented: Presented, key: string, impliedBy: readonly string[], listed = false): Somebody {
  return { presented, key, names: [], impliedBy, listed }
}

/** Of those whom no rule, lock or directory tells apart, the first. */
function oneOfEachKind(
  all: readonly Somebody[],
  directories: readonly Directory[],
  universe: ReadonlySet<string>,
): readonly Somebody[] {
  const kinds = new Map<string, Somebody>()
  for (const one of all) {
    const labels = directories.map(({ callerOf }) => [...callerOf(one.presented).labels.intersection(universe)].sort())
    kinds.getOrInsert(JSON.stringify(labels), one)
  }
  return [...kinds.values()]
}

/** The same with more names, where a certificate can hold them. */
function withNames(one: Somebody, wanted: readonly Identity[], directories: readonly Directory[]): readonly Somebody[] {
  const { presented, key } = one
  const { party, identities } = presented
  const names = wanted.filter((name) => !identities.some((each) => keyOf(each) === keyOf(name)))
  if (names.length === 0 || !names.every((name) => canProve(presented, name, directories))) return []
  const values = names.map(({ value }) => value)
  const text = values.join(' & ')
  return [
    {
      ...one,
      presented: {
        ...presented,
        name: key === ANOTHER_AUTHORITY ? text : `${presented.name} with ${text}`,
        identities: [...identities, ...names],
      },
      names: values,
      impliedBy: [key, ...(party === undefined ? one.impliedBy : [ANY_OTHER, ANOTHER_AUTHORITY])],
    },
  ]
}

function canProve({ party, identities }: Presented, name: Identity, directories: readonly Directory[]): boolean {
  // X509-SVID §2: the one URI of a party of ours is its SPIFFE ID.
  if (party !== undefined) return name.kind !== 'uniformResourceIdentifier'
  const isSame = (other: Identity) => keyOf(other) === keyOf(name)
  // By a name that the house knows it is somebody who is there already.
  return (
    identities.length > 0 || !directories.some(({ parties }) => parties.some((one) => one.identities?.some(isSame)))
  )
}

// All of their combinations are tried; of more, each alone and all together.
const MAX_COMBINED = 4

/**
 * The sets of names that decide at a service. More names only ever fulfil more alternatives, but for names that `!` or a
 * lock speaks of: so each alternative's own are enough, with every combination of those.
 */
function nameSets(
  policies: readonly Policy[],
  isFree: (label: string) => boolean,
): (what: string) => readonly (readonly Identity[])[] {
  const isName = (label: string) => identityNamed(label) !== undefined && isFree(label)
  const speaking = <Entry extends { readonly who: Expression }>(entries: readonly Entry[]) =>
    entries.filter(({ who }) => labelsOf(who).some(isName))
  const named = policies.map(({ rules: { meet, lock }, services }) => ({
    services,
    meet: speaking(meet),
    lock: speaking(lock),
  }))
  return (what) => {
    const wanted: (readonly string[])[] = []
    const against: (readonly string[])[] = []
    for (const { services, meet, lock } of named) {
      const service = services.find(({ id }) => id === what)
      if (service === undefined) continue
      const labels = new Set([service.id, ...service.labels])
      const here = (entry: { readonly what?: Expression }) => entry.what === undefined || fulfils(labels, entry.what)
      for (const { who } of meet.filter(here)) wanted.push(...alternativesOf(who, isName))
      for (const { who } of lock.filter(here)) against.push(...alternativesOf(who, isName))
      for (const { who } of [...meet, ...lock].filter(here))
        against.push(
          ...denialsOf(who)
            .filter(isName)
            .map((label) => [label]),
        )
    }
    const sets = [[], ...wanted].flatMap((some) => unionsOf(distinct(against)).map((more) => [...some, ...more]))
    return distinct(sets)
      .filter(({ length }) => length > 0)
      .sort((one, other) => one.length - other.length)
      .map((labels) => labels.flatMap((label) => identityNamed(label) ?? []))
  }
}

function unionsOf(sets: readonly (readonly string[])[]): readonly (readonly string[])[] {
  if (sets.length > MAX_COMBINED) return [[], ...sets, sets.flat()]
  let unions: (readonly string[])[] = [[]]
  for (const set of sets) unions = unions.flatMap((union) => [union, [...union, ...set]])
  return unions
}

function distinct(sets: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const sorted = sets.map((set) => [...new Set(set)].sort())
  return [...new Map(sorted.map((set) => [set.join(' '), set])).values()]
}
