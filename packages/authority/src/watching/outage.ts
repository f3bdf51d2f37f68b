// How long the authority may be away before the first who relies on it fails, and of what: pure, from what is in force.
import type { KnownDoor } from '../status/feed/feed.ts'

/** What is in force, and needs the authority to go on. */
export interface Reliance {
  /** Of each issuer the newest list. */
  readonly lists: readonly { readonly issuer: string; readonly nextUpdate: Temporal.Instant }[]
  readonly doors: readonly KnownDoor[]
  /** That their holders will renew: neither renewed yet, nor replaced, nor overdue, which ends whether it is away or not. */
  readonly certificates: readonly {
    readonly party: string
    readonly profile: string
    readonly serial: string
    readonly notAfter: Temporal.Instant
  }[]
}

/** One who fails, when, and of what. */
export type Failure =
  | {
      readonly at: Temporal.Instant
      readonly cause: 'list'
      readonly issuer: string
      /** Those with `revocation: require`: they let nobody in from then on. */
      readonly doors: readonly string[]
    }
  | {
      readonly at: Temporal.Instant
      readonly cause: 'certificate'
      readonly party: string
      readonly profile: string
      readonly serial: string
    }

export interface OutageBudget {
  /** Until then nobody fails. Absent: nobody relies on the authority. */
  readonly holdsUntil?: Temporal.Instant
  /** The first first. */
  readonly failures: readonly Failure[]
  /** Doors that go on without lists (`revocation: prefer`), and let nobody in who is known to be revoked. */
  readonly goOn: readonly string[]
  /** Doors in the process of the authority: they end with it, and come back with it. */
  readonly endWithIt: readonly string[]
}

/** More than that, and nobody reads on. */
const MAX_FAILURES = 20

/**
 * A list that runs out fails every door that requires it, and every application: those ask for status unless they say
 * otherwise, and the authority does not know them. So it counts, even where each door that is known would go on.
 */
export function outageBudget({ lists, doors, certificates }: Reliance, now: Temporal.Instant): OutageBudget {
  const elsewhere = doors.filter(({ isElsewhere }) => isElsewhere)
  const namesOf = (revocation: KnownDoor['revocation']) =>
    elsewhere.filter((door) => door.revocation === revocation).map(({ name }) => name)
  const failures: Failure[] = [
    ...lists.map(({ issuer, nextUpdate: at }) => ({ at, cause: 'list' as const, issuer, doors: namesOf('require') })),
    ...certificates.map(({ party, profile, serial, notAfter: at }) => {
      return { at, cause: 'certificate' as const, party, profile, serial }
    }),
  ]
  failures.sort((one, other) => Temporal.Instant.compare(one.at, other.at))
  const [first] = failures
  const isPast = first !== undefined && Temporal.Instant.compare(first.at, now) < 0
  return {
    ...(first && { holdsUntil: isPast ? now : first.at }),
    failures: failures.slice(0, MAX_FAILURES),
    goOn: namesOf('prefer'),
    endWithIt: doors.filter(({ isElsewhere }) => !isElsewhere).map(({ name }) => name),
  }
}
