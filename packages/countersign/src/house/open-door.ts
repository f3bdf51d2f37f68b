// One door of the house: its identity, its sessions, and how it follows the authority.

import { join } from 'node:path'
import type { OpenDoor } from '@countersign/gateway'
import {
  type Access,
  allowList,
  type Clock,
  createSessionIndex,
  describeSession,
  doorTrust,
  type Log,
  type OtherAuthorities,
  type OwnIdentity,
  partyKey,
  privateFiles,
  type ReplaceableAccess,
  replaceableAccess,
  revokedKey,
} from '@countersign/mtls'
import type { FeedEvent, Meeting } from '@countersign/protocol'
import type { DoorConfig, HouseDoorConfig } from '../config/model.ts'
import { openKind } from './kinds.ts'
import type { HousePeople } from './people.ts'
import { type HousePolicy, serviceOf } from './policy.ts'
import type { Ports } from './ports.ts'
import type { Roof } from './roof.ts'

/** What the house hands to one of its doors. */
export interface DoorParts {
  /** The data directory of the house, absolute. */
  readonly data: string
  readonly config: DoorConfig
  readonly mayMove: boolean
  readonly ports: Ports
  readonly roof: Roof
  /** Decides at doors without an allow list. */
  readonly policy: HousePolicy | undefined
  /** Other authorities that count at this door. */
  readonly others: OtherAuthorities
  /** Of doors with people. */
  readonly people: HousePeople | undefined
  readonly clock: Clock
  readonly log: Log
  readonly record: (meeting: Meeting) => void
}

/** A door of the house, with what the house holds in its hands of it. */
export interface StandingDoor {
  readonly config: DoorConfig
  readonly door: OpenDoor<HouseDoorConfig>
  readonly identity: OwnIdentity
  readonly access: ReplaceableAccess
}

/** Who may pass a door by its configuration. */
export function accessOf({ name, allow }: DoorConfig, policy: HousePolicy | undefined): Access {
  return allow === undefined && policy ? policy.accessOf(serviceOf(name)) : allowList(allow ?? [])
}

/** Opens a door. It follows revocations before it accepts its first connection. */
export async function openDoor(parts: DoorParts, opened: AsyncDisposableStack): Promise<StandingDoor> {
  const { config, data, mayMove, ports, roof, policy, people, clock, log, record } = parts
  const identity = await roof.identityOf(config)
  opened.defer(() => identity.close())
  const sessions = createSessionIndex(config.name)
  const access = replaceableAccess(accessOf(config, policy))
  const leave = roof.join({
    name: config.name,
    doors: [{ name: config.name, revocation: config.revocation }],
    // The authority has already announced the event to the trust and the locks that this door judges by.
    apply: ({ change }, party) =>
      change.kind === 'lock'
        ? sessions.cut(change.locks.map(partyKey), 'ERR_POLICY_LOCKED')
        : sessions.cut(
            [...revokedIn(change), ...(party === undefined ? [] : [partyKey({ party })])],
            'ERR_CALLER_REVOKED',
          ),
    sessions: async () => sessions.list().map(describeSession),
  })
  opened.defer(leave)
  const house = {
    identity,
    trust: doorTrust(roof.trust, { revocation: config.revocation, others: parts.others }),
    access: roof.locks.over(access),
    sessions,
    clock,
    record,
    // It was told when it happened; only what is kept of it is more now.
    amend: (meeting: Meeting) => roof.record(meeting),
    log,
    files: privateFiles(join(data, 'doors', config.name)),
    ...(people && { people: people.open, checkPerson: people.checkPerson }),
    sshStatus: () => roof.sshStatus(),
  }
  const { listen: wish } = config
  const mail = {
    directory: join(data, 'doors', config.name, 'queue'),
    mustEncrypt: (address: string) => policy?.mustBe('encrypt', address),
    mustBeVerified: (address: string) => policy?.mustBe('verify', address),
    mailKeys: (address: string) => roof.mailKeys(address),
  }
  const door =
    'path' in wish
      ? await openKind(config, house, mail)
      : await ports.open(`door/${config.name}`, { ...wish, mayMove }, (listen) =>
          openKind({ ...config, listen }, house, mail),
        )
  opened.defer(() => door.close())
  return { config, door, identity, access }
}

/** The session keys of what a change revokes. */
function revokedIn(change: FeedEvent['change']): readonly string[] {
  if (change.kind !== 'status') return []
  return change.revoked.map(revokedKey)
}
