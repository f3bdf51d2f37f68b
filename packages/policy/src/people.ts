// Of whom policies can say different things: everybody whom the questions count, each as a door would come to know it.
import { alternativesOf, denialsOf, fulfils, labelsOf } from './expression.ts'
import { authorityIn, type Directory, identityNamed, keyOf, type Presented, partyIn, spiffeIdOf } from './labels.ts'
import type { Identity } from './model.ts'
import type { Policy } from './policy.ts'
import type { Lock } from './rule.ts'

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
  /**
   * One of each kind of these, with names by which rules and locks of a service can tell it from others of its kind; in
   * small steps, of which some bring nobody.
   */
  at(what: string): Iterable<Somebody | undefined>
}

/**
 * Everybody as far as these policies, or labels `named` beside them, can tell one from the other. Where nobody asks
 * `whomLocksMean`, a lock that all of them have tells nobody apart: it locks out of all of them.
 */
export function peopleOf(
  directories: readonly Directory[],
  policies: readonly Policy[],
  { named = [], whomLocksMean = false }: { readonly named?: readonly string[]; readonly whomLocksMean?: boolean } = {},
): People {
  const { own, anyOther, nobody, others } = basesOf(directories, new Set([...policies.flatMap(labelsIn), ...named]))
  const listed = own.filter((one) => one.listed)
  const unlisted = own.filter((one) => !one.listed)
  const known = new Set(
    directories.flatMap(({ parties }) => parties.flatMap((one) => (one.identities ?? []).map(keyOf))),
  )
  const isFree = (label: string) => directories.every(({ domain }) => partyIn(label, domain) === undefined)
  const decisive = decisiveAt(policies, isFree, whomLocksMean)
  const labelled = (one: Somebody): Labelled => ({
    one,
    labels: directories.map(({ callerOf }) => callerOf(one.presented).labels),
  })
  let groups: readonly (readonly Labelled[])[] | undefined
  return {
    base: [...listed, anyOther, nobody, ...unlisted, ...others],
    *at(what) {
      const { sets, labels } = decisive(what)
      if (sets.length === 0) return
      groups ??= [yield* inSteps(others, labelled), yield* inSteps([anyOther, ...own], labelled)]
      const kinds: Labelled[] = []
      for (const group of groups) kinds.push(...(yield* oneOfEachKind(group, labels)))
      for (const { names, beside } of sets)
        for (const kind of kinds) yield canHave(kind, beside) ? withNames(kind.one, names, known) : undefined
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

interface Labelled {
  readonly one: Somebody
  /** By each directory. */
  readonly labels: readonly ReadonlySet<string>[]
}

/** Of those whom none of these labels tells apart, the first. */
function* oneOfEachKind(
  all: readonly Labelled[],
  telling: ReadonlySet<string>,
): Generator<undefined, readonly Labelled[]> {
  const kinds = new Map<string, Labelled>()
  yield* inSteps(all, (one) => {
    const texts = one.labels.map((each) => [...each.intersection(telling)].sort().join(' '))
    return kinds.getOrInsert(texts.join(';'), one)
  })
  return [...kinds.values()]
}

function* inSteps<Value, Result>(
  all: readonly Value[],
  each: (value: Value) => Result,
): Generator<undefined, readonly Result[]> {
  const results: Result[] = []
  for (const value of all) {
    results.push(each(value))
    yield
  }
  return results
}

/** Whether somebody has these labels, or can have them by a name: the house may know one without a line of its own by that. */
function canHave({ one, labels }: Labelled, wanted: readonly string[]): boolean {
  const isUnknown = one.presented.party !== undefined && !one.listed
  return isUnknown || labels.some((each) => wanted.every((label) => each.has(label)))
}

/** The same with more names, where a certificate can hold them. */
function withNames(one: Somebody, wanted: readonly Identity[], known: ReadonlySet<string>): Somebody | undefined {
  const { presented, key } = one
  const { party, identities } = presented
  const names = wanted.filter((name) => !identities.some((each) => keyOf(each) === keyOf(name)))
  if (names.length === 0 || !names.every((name) => canProve(presented, name, known))) return undefined
  const values = names.map(({ value }) => value)
  const text = values.join(' & ')
  return {
    ...one,
    presented: {
      ...presented,
      name: key === ANOTHER_AUTHORITY ? text : `${presented.name} with ${text}`,
      identities: [...identities, ...names],
    },
    // Of all parties of this house that a rule lets in by these names, one is told.
    key: party === undefined ? key : ANY_OTHER,
    names: values,
    impliedBy: [key, ...(party === undefined ? one.impliedBy : [ANY_OTHER, ANOTHER_AUTHORITY])],
  }
}

function canProve({ party, identities }: Presented, name: Identity, known: ReadonlySet<string>): boolean {
  // X509-SVID §2: the one URI of a party of ours is its SPIFFE ID.
  if (party !== undefined) return name.kind !== 'uniformResourceIdentifier'
  // By a name that the house knows it is somebody who is there already.
  return identities.length > 0 || !known.has(keyOf(name))
}

/** Names that decide together, for whoever has the labels that are asked for beside them. */
interface NameSet {
  readonly names: readonly Identity[]
  readonly beside: readonly string[]
}

/**
 * The sets of names that decide at a service, the smaller first, and the labels that do. More names only ever fulfil more
 * alternatives, but for names that `!` or a lock speaks of: so each alternative's own are enough, combined with those.
 */
function decisiveAt(
  policies: readonly Policy[],
  isFree: (label: string) => boolean,
  whomLocksMean: boolean,
): (what: string) => { readonly sets: readonly NameSet[]; readonly labels: ReadonlySet<string> } {
  const isName = (label: string) => identityNamed(label) !== undefined && isFree(label)
  const textOf = ({ who, what, until }: Lock) => JSON.stringify([who, what, until])
  return (what) => {
    const wanted: (readonly string[])[] = []
    const against: (readonly string[])[] = []
    const telling = new Set<string>()
    const locks: (readonly Lock[])[] = []
    for (const { rules, services } of policies) {
      const service = services.find(({ id }) => id === what)
      if (service === undefined) continue
      const labels = new Set([service.id, ...service.labels])
      const meet = rules.meet.filter((rule) => fulfils(labels, rule.what))
      const lock = rules.lock.filter((one) => one.what === undefined || fulfils(labels, one.what))
      for (const { who } of [...meet, ...lock]) {
        for (const label of labelsOf(who)) telling.add(label)
        for (const label of denialsOf(who)) if (isName(label)) against.push([label])
      }
      for (const { who } of meet) wanted.push(...alternativesOf(who).filter((labels) => labels.some(isName)))
      locks.push(lock)
    }
    const texts = locks.map((lock) => new Set(lock.map(textOf)))
    const shared = texts.slice(1).reduce((one, other) => one.intersection(other), texts[0] ?? new Set())
    for (const lock of locks.flat())
      if (whomLocksMean || !shared.has(textOf(lock))) against.push(...alternativesOf(lock.who, isName))
    const sets = combined(distinct(wanted), distinct(against)).map(
      (labels): NameSet => ({
        names: labels.flatMap((label) => (isName(label) ? (identityNamed(label) ?? []) : [])),
        beside: labels.filter((label) => !isName(label)),
      }),
    )
    return { sets: sets.sort((one, other) => one.names.length - other.names.length), labels: telling }
  }
}

// All of their combinations are tried; of more, each alone, and all together.
const MAX_COMBINED = 4

function combined(
  wanted: readonly (readonly string[])[],
  against: readonly (readonly string[])[],
): readonly (readonly string[])[] {
  if (against.length > MAX_COMBINED)
    return distinct([...against, ...[[], ...wanted].flatMap((some) => [some, [...some, ...against.flat()]])])
  let unions: (readonly string[])[] = [[]]
  for (const set of against) unions = unions.flatMap((union) => [union, [...union, ...set]])
  return distinct([[], ...wanted].flatMap((some) => unions.map((more) => [...some, ...more])))
}

/** But for the empty one. */
function distinct(sets: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const sorted = sets.filter(({ length }) => length > 0).map((set) => [...new Set(set)].sort())
  return [...new Map(sorted.map((set) => [set.join(' '), set])).values()]
}
