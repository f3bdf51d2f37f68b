// Wires an authority and its doors together, as one configuration says.
import { isIPv6 } from 'node:net'
import type { Authority, Reload } from '@countersign/authority'
import type { Clock, Door, Log } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { asProved, hostOf } from '../config/hosts.ts'
import type { Config } from '../config/model.ts'
import type { PlacedConfig } from '../config/read-config.ts'
import { openOperations } from '../operations/operations.ts'
import type { HouseAnchors } from './anchors.ts'
import type { Ready } from './events.ts'
import { failpointOf } from './failpoint.ts'
import { unknownNames } from './known-names.ts'
import type { StandingDoor } from './open-door.ts'
import type { HousePeople } from './people.ts'
import { type Ports, readPorts } from './ports.ts'
import type { Roof } from './roof.ts'
import type { HouseRules } from './rules.ts'

/** What a house is made of, and whom it tells. */
export interface HouseParts {
  readonly config: Config
  /** Absolute. */
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  /** Each meeting at a door, once. */
  readonly onMeeting: (meeting: Meeting) => void
  /** Puts the configuration in force as its file has it now. Absent where there is none. */
  readonly reload?: Reload | undefined
  /** `COUNTERSIGN_FAILPOINT`. */
  readonly failpoint: string | undefined
}

/** What a reload has changed, and what it noticed; in words. */
export interface Applied {
  readonly applied: readonly string[]
  readonly warnings: readonly string[]
}

/** A house that stands. */
export interface OpenHouse {
  /** Absent where the house follows an authority elsewhere. */
  readonly authority: Authority | undefined
  readonly doors: readonly Door[]
  readonly ready: Ready
  /**
   * Goes over to another configuration, whole or not at all.
   * @throws {Failure} where it says what only a new start can change.
   */
  reload(next: PlacedConfig): Promise<Applied>
  /** Goes on in new files, where logs were moved away. */
  reopenLogs(): Promise<void>
  /** Lets open work end for at most `timeoutMs`, then closes everything. */
  close(timeoutMs: number): Promise<void>
}

/** Opens everything; where one part cannot open, what had opened is closed again. */
export async function openHouse(parts: HouseParts): Promise<OpenHouse> {
  const { config, data, clock, onMeeting } = parts
  // All at once: reading and compiling them is most of a start.
  const [{ openDoor }, ports, { openRules }, { openAnchors }] = await Promise.all([
    import('./open-door.ts'),
    readPorts(data, parts.log),
    import('./rules.ts'),
    import('./anchors.ts'),
  ])
  const { standard: mayMove } = config
  await using opened = new AsyncDisposableStack()
  const operations = await openOperations(config, parts, opened)
  const { log } = operations

  const rules = await openRules(config, { clock, log })
  const anchors = await openAnchors(config, log, opened)
  const { believe } = anchors
  const people = await peopleOf(config)
  const { authority, roof } = await openRoof({ ...parts, log, people }, { ...rules, believe }, ports, opened)
  if (authority) people?.keptIn(authority.part('login'))
  await rules.settle(() => roof.heard())
  const record = (meeting: Meeting) => {
    roof.record(meeting)
    operations.meeting(meeting)
    onMeeting(meeting)
  }
  const { policy } = rules
  let standing: readonly StandingDoor[] = []
  // One after the other: a door takes a few milliseconds, and a failure then leaves nothing half-open behind.
  for (const door of config.doors) {
    const others = anchors.of(door)
    const one = await openDoor(
      { config: door, data, mayMove, ports, roof, policy, others, people, clock, log, record },
      opened,
    )
    people?.stands(door.name, asProved(reachable(one.door.url, hostOf(door) ?? door.name), hostOf(door)))
    standing = [...standing, one]
  }
  if (authority) {
    let turn: Promise<unknown> = Promise.resolve()
    const untold = (error: unknown) => {
      if (!(error instanceof Error && 'code' in error)) throw error
      // Lists that have grown too large for the feed are no reason to end: the doors here have them.
      log('trust.untold', { cause: error.message })
    }
    anchors.follow((known) => {
      turn = turn.then(() => authority.publishAnchors(known)).catch(untold)
    })
  }
  const metrics = await operations.watch({
    doors: standing,
    trust: roof.trust,
    authority,
    clock,
    holdsWithout: roof.holdsWithout,
  })
  const doors = standing.map(({ door }) => door)
  let current = config
  const owned = opened.move()
  return {
    authority,
    doors,
    ready: readyOf(roof, doors, config, metrics),
    async reload(next) {
      const { reloadDoors } = await import('./reload.ts')
      return rules.inTurn(async () => {
        const publish = async (own: HouseRules['own']) => authority?.publish(own)
        const { config: wanted, placeOf } = next
        const done = await reloadDoors(current, wanted, standing, { rules, publish, placeOf })
        standing = done.standing
        current = wanted
        const warnings = await unknownNames(wanted, authority, placeOf)
        return { applied: done.applied, warnings }
      })
    },
    reopenLogs: () => operations.reopen(),
    async close(timeoutMs) {
      await Promise.all([...doors.map((door) => door.drain(timeoutMs)), roof.drain(timeoutMs)])
      await owned.disposeAsync()
    },
  }
}

/** Nothing of login is loaded where nobody signs in. */
async function peopleOf(config: Config): Promise<HousePeople | undefined> {
  const isWanted = config.doors.some((door) => door.kind === 'web' && door.people !== undefined)
  return isWanted ? (await import('./people.ts')).createHousePeople() : undefined
}

/** The authority of the house, or the way to the one that it joins. */
async function openRoof(
  {
    config,
    data,
    clock,
    log,
    reload,
    failpoint: word,
    people,
  }: HouseParts & { readonly people: HousePeople | undefined },
  { own, govern, believe }: Pick<HouseRules, 'own' | 'govern'> & Pick<HouseAnchors, 'believe'>,
  ports: Ports,
  opened: AsyncDisposableStack,
): Promise<{ readonly authority: Authority | undefined; readonly roof: Roof }> {
  if ('join' in config) {
    const { openJoinedRoof } = await import('./joined-roof.ts')
    const joined = { directory: config.join, doors: config.doors, data, clock, log, govern, believe }
    return { authority: undefined, roof: await openJoinedRoof(joined, opened) }
  }
  const [{ openAuthority }, { roofOf }, openPgp] = await Promise.all([
    import('@countersign/authority'),
    import('./own-roof.ts'),
    import('./openpgp.ts').then(({ createHouseOpenPgp }) => createHouseOpenPgp(config.authority, clock)),
  ])
  const failpoint = failpointOf(word)
  const { listen, ...named } = config.authority
  const authority = await ports.open('authority', { ...listen, mayMove: config.standard }, (address) =>
    openAuthority({
      ...named,
      directory: data,
      listen: address,
      rules: own,
      clock,
      log,
      ...(failpoint && { failpoint }),
      ...(reload && { reload }),
      parts: [...(people?.parts ?? []), ...(openPgp?.parts ?? [])],
      ...(people && { accounts: people.accounts, secrets: people.secrets }),
      ...(openPgp && { openPgp: openPgp.keys }),
    }),
  )
  opened.defer(() => authority.close())
  openPgp?.keptIn({ key: (name, isNew) => authority.key(name, isNew), part: authority.part('openpgp') })
  return { authority, roof: roofOf(authority, { data, clock, log }) }
}

function readyOf(
  { root, trustFile, url, crlUrl }: Roof,
  doors: readonly Door[],
  config: Config,
  metrics?: string,
): Ready {
  return {
    event: 'ready',
    pid: process.pid,
    root: `sha256:${root}`,
    trust: trustFile,
    authority: { url, crl: crlUrl },
    doors: doors.map(({ name, kind, url }, index) => ({
      name,
      kind,
      url: reachable(url, hostOf(config.doors[index]) ?? name),
    })),
    ...(metrics !== undefined && { metrics: `${metrics}/metrics` }),
  }
}

/** Nobody can call 0.0.0.0: a door that listens everywhere is called by the first of its names. */
function reachable(url: string, name: string): string {
  const everywhere = ['0.0.0.0', '[::]'].find((host) => url.includes(`://${host}:`))
  if (everywhere === undefined) return url
  return url.replace(everywhere, isIPv6(name) ? `[${name}]` : name)
}
