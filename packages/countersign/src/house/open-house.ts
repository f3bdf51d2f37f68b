// Wires an authority and its doors together, as one configuration says.
import { isIPv6 } from 'node:net'
import type { Authority } from '@countersign/authority'
import { type Clock, type Door, type Log, type OtherAuthority, openOtherAuthority } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { hostOf } from '../config/hosts.ts'
import type { Config, DoorConfig } from '../config/model.ts'
import type { Ready } from './events.ts'
import { failpointOf } from './failpoint.ts'
import { readPorts } from './ports.ts'

/** What a house is made of, and whom it tells. */
export interface HouseParts {
  readonly config: Config
  /** Absolute. */
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  /** Each meeting at a door, once. */
  readonly onMeeting: (meeting: Meeting) => void
  /** `COUNTERSIGN_FAILPOINT`. */
  readonly failpoint: string | undefined
}

/** A house that stands. */
export interface OpenHouse {
  readonly authority: Authority
  readonly doors: readonly Door[]
  readonly ready: Ready
  /** Lets open work end for at most `timeoutMs`, then closes everything. */
  close(timeoutMs: number): Promise<void>
}

/** Opens everything; where one part cannot open, what had opened is closed again. */
export async function openHouse(parts: HouseParts): Promise<OpenHouse> {
  const { config, data, clock, log, onMeeting } = parts
  // All at once: reading and compiling them is most of a start.
  const [{ openAuthority }, { openDoor }, ports] = await Promise.all([
    import('@countersign/authority'),
    import('./open-door.ts'),
    readPorts(data),
  ])
  const failpoint = failpointOf(parts.failpoint)
  const { standard: mayMove } = config
  await using opened = new AsyncDisposableStack()

  const { listen, ...named } = config.authority
  const authority = await ports.open('authority', { ...listen, mayMove }, (address) =>
    openAuthority({ ...named, directory: data, listen: address, clock, log, ...(failpoint && { failpoint }) }),
  )
  opened.defer(() => authority.close())

  const record = (meeting: Meeting) => {
    authority.record(meeting)
    onMeeting(meeting)
  }
  const others = new Map<string, OtherAuthority>()
  for (const anchor of config.anchors) {
    const other = await openOtherAuthority(anchor, log)
    opened.defer(() => other.close())
    others.set(anchor.name, other)
  }
  const othersOf = ({ name }: DoorConfig) =>
    config.anchors.flatMap((anchor) => (anchor.doors?.includes(name) === false ? [] : (others.get(anchor.name) ?? [])))
  const doors: Door[] = []
  // One after the other: a door takes a few milliseconds, and a failure then leaves nothing half-open behind.
  for (const door of config.doors)
    doors.push(
      await openDoor(
        { config: door, data, mayMove, ports, authority, others: othersOf(door), clock, log, record },
        opened,
      ),
    )
  const owned = opened.move()
  return {
    authority,
    doors,
    ready: readyOf(authority, doors, config),
    async close(timeoutMs) {
      await Promise.all([...doors.map((door) => door.drain(timeoutMs)), authority.drain(timeoutMs)])
      await owned.disposeAsync()
    },
  }
}

function readyOf({ rootSha256, rootFile, url, crlUrl }: Authority, doors: readonly Door[], config: Config): Ready {
  return {
    event: 'ready',
    root: `sha256:${rootSha256.toHex()}`,
    trust: rootFile,
    authority: { url, crl: crlUrl },
    doors: doors.map(({ name, kind, url }, index) => ({
      name,
      kind,
      url: reachable(url, hostOf(config.doors[index]) ?? name),
    })),
  }
}

/** Nobody can call 0.0.0.0: a door that listens everywhere is called by the first of its names. */
function reachable(url: string, name: string): string {
  const everywhere = ['0.0.0.0', '[::]'].find((host) => url.startsWith(`https://${host}:`))
  if (everywhere === undefined) return url
  return url.replace(everywhere, isIPv6(name) ? `[${name}]` : name)
}
