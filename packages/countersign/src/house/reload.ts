// A running house goes over to another configuration: whole or not at all, and no connection is dropped for it.
import { isDeepStrictEqual } from 'node:util'
import { EXIT, Failure } from '../command.ts'
import type { Config, DoorConfig } from '../config/model.ts'
import type { PlaceOf } from '../config/read-config.ts'
import { callsOthers, fixedOf } from './kinds.ts'
import { accessOf, type StandingDoor } from './open-door.ts'
import type { HouseRules } from './rules.ts'

/** What is not compared here: doors have their own rules, and a log is opened again in any case. */
const OWN_RULES: ReadonlySet<string> = new Set(['doors', 'standard', 'policy', 'parties'])

/** What stands around the kind's own part of a door. */
const FIXED_AROUND = ['revocation']

/**
 * Changes doors from one configuration to the next; answers what then stands. Sessions that the new rules would not let in
 * end; all others go on, requests that are under way with the service that they were given to.
 * @throws {Failure} that names what only a new start can change, or what cannot be used; nothing has then changed.
 */
export async function reloadDoors(
  current: Config,
  next: Config,
  standing: readonly StandingDoor[],
  {
    rules,
    publish,
    placeOf,
  }: {
    readonly rules: HouseRules
    readonly publish: (own: HouseRules['own']) => Promise<void>
    readonly placeOf: PlaceOf
  },
): Promise<{ readonly standing: readonly StandingDoor[]; readonly applied: readonly string[] }> {
  refuseFixed(current, next, standing, placeOf)
  const wanted = new Map(next.doors.map((door) => [door.name, door]))
  // The doors are those that stand, so that rules speak of the same services.
  const read = await rules.read(next)
  await using prepared = new AsyncDisposableStack()
  const changes: (() => StandingDoor)[] = []
  const applied: string[] = []
  for (const one of standing) {
    const config = wanted.get(one.config.name) ?? one.config
    if (isDeepStrictEqual(config, one.config)) {
      changes.push(() => one)
      continue
    }
    const access = accessOf(config, rules.policy)
    applied.push(`door ${config.name}: ${differentKeys({ ...one.config }, { ...config }).join(', ')}`)
    const change = await one.door.prepare(config)
    prepared.defer(() => change.discard())
    changes.push(() => {
      change.apply()
      if (!isDeepStrictEqual(config.allow, one.config.allow)) one.access.replace(access)
      return { ...one, config }
    })
  }
  // What others are told is durable before it holds here; where it cannot be, nothing changes.
  await publish(read.own)
  // From here on nothing waits and nothing is discarded: every door changes in the same turn.
  prepared.move()
  const then = changes.map((apply) => apply())
  read.apply()
  // Files that others replace are looked at again, whatever this one says.
  await Promise.all(then.map(({ door }) => door.reread?.()))
  return { standing: then, applied: [...applied, ...read.applied] }
}

function refuseFixed(current: Config, next: Config, standing: readonly StandingDoor[], placeOf: PlaceOf): void {
  const indexOf = (wanted: string) => next.doors.findIndex(({ name }) => name === wanted)
  const fixed = differentKeys({ ...current }, { ...next }).filter((key) => !OWN_RULES.has(key))
  const faults = [
    ...((current.policy === undefined) === (next.policy === undefined)
      ? []
      : [`${placeOf(['policy'])}: whether there is a policy is another`]),
    ...fixed.flatMap((key) => withinFixed(current, next, key, placeOf)),
    ...standing.flatMap(({ config }) => {
      const index = indexOf(config.name)
      const door = next.doors[index]
      if (door === undefined) return [`${placeOf(['doors'])}: door ${config.name} is gone, which needs a new start`]
      return doorFaults(config, door, (key) => placeOf(['doors', index, key]))
    }),
    ...next.doors
      .filter(({ name }) => standing.every(({ config }) => config.name !== name))
      .map(({ name }) => `${placeOf(['doors', indexOf(name)])}: door ${name} is new, which needs a new start`),
  ]
  if (faults.length === 0) return
  throw new Failure(EXIT.input, faults.join('; '), {
    code: 'ERR_CLI_RELOAD',
    next: 'restart the house for these; upstreams, limits, the policy and who is allowed change while it stands',
  })
}

function doorFaults(current: DoorConfig, next: DoorConfig, placeOf: (key: string) => string): string[] {
  const fixed = [...fixedOf(current), ...FIXED_AROUND]
  const faults = differentKeys({ ...current }, { ...next })
    .filter((key) => fixed.includes(key))
    .map((key) => `${placeOf(key)}: door ${current.name}: ${key} is another, which needs a new start`)
  if (callsOthers(next) && !callsOthers(current))
    faults.push(`${placeOf('upstream')}: door ${current.name}: it must now prove itself to others`)
  return faults
}

type Keyed = Readonly<Record<string, unknown>>

/** Of the authority, which of its keys. */
function withinFixed(current: Config, next: Config, key: string, placeOf: PlaceOf): string[] {
  if (key !== 'authority' || !('authority' in current && 'authority' in next))
    return [`${placeOf([key])}: ${key} is another, which needs a new start`]
  const within = differentKeys({ ...current.authority }, { ...next.authority })
  return within.map((each) => `${placeOf([key, each])}: ${key}.${each} is another, which needs a new start`)
}

function differentKeys(current: Keyed, next: Keyed): string[] {
  const keys = new Set([...Object.keys(current), ...Object.keys(next)])
  return [...keys].filter((key) => !isDeepStrictEqual(current[key], next[key]))
}
