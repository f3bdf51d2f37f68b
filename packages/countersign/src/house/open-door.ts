// One door of the house: its identity, its sessions, and how it follows the authority.
import { join } from 'node:path'
import type { Authority } from '@countersign/authority'
import { openDoor as openAnyDoor } from '@countersign/gateway'
import {
  allowList,
  type Clock,
  createSessionIndex,
  type Door,
  doorTrust,
  type Log,
  type OtherAuthority,
  revokedKey,
} from '@countersign/mtls'
import type { FeedEvent, Meeting } from '@countersign/protocol'
import type { DoorConfig } from '../config/model.ts'
import { openDoorIdentity } from './door-identity.ts'
import type { Ports } from './ports.ts'

/** What the house hands to one of its doors. */
export interface DoorParts {
  readonly config: DoorConfig
  readonly data: string
  readonly mayMove: boolean
  readonly ports: Ports
  readonly authority: Authority
  /** Other authorities that count at this door. */
  readonly others: readonly OtherAuthority[]
  readonly clock: Clock
  readonly log: Log
  readonly record: (meeting: Meeting) => void
}

/** Opens a door. It follows revocations before it accepts its first connection. */
export async function openDoor(parts: DoorParts, opened: AsyncDisposableStack): Promise<Door> {
  const { config, data, mayMove, ports, authority, clock, log, record } = parts
  const directory = join(data, 'doors', config.name)
  const identity = await openDoorIdentity({ door: config, directory, authority, clock, log })
  opened.defer(() => identity.close())
  const sessions = createSessionIndex(config.name)
  const leave = authority.join({
    name: config.name,
    // The authority has already announced the event to the trust that this door judges by.
    apply: (event) => sessions.cut(keysOf(event), 'ERR_CALLER_REVOKED'),
    sessions: () => sessions.list(),
  })
  opened.defer(leave)
  const house = {
    identity,
    trust: doorTrust(authority.trust, { revocation: config.revocation, others: parts.others }),
    access: allowList(config.allow ?? []),
    sessions,
    clock,
    record,
    log,
  }
  const { listen: wish } = config
  const door =
    'path' in wish
      ? await openAnyDoor(config, house)
      : await ports.open(`door/${config.name}`, { ...wish, mayMove }, (listen) =>
          openAnyDoor({ ...config, listen }, house),
        )
  opened.defer(() => door.close())
  return door
}

/** The session keys of what an event revokes. */
function keysOf({ change }: FeedEvent): readonly string[] {
  if (change.kind !== 'status') return []
  return change.revoked.map(revokedKey)
}
