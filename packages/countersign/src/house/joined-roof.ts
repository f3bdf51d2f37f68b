// An authority elsewhere: the doors of this house follow its feed, and go on when it is away.
import { hash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FeedDoor } from '@countersign/authority'
import {
  type Believe,
  type Clock,
  createLocks,
  type DirectoryIdentity,
  findMailKeys,
  followFeed,
  type Govern,
  type Log,
  openIdentity,
} from '@countersign/mtls'
import { fetchSshStatus } from '@countersign/mtls/ssh'
import { type FeedEvent, writeJson } from '@countersign/protocol'
import { formatIpAddress, OID } from '@countersign/x509'
import { EXIT, Failure } from '../command.ts'
import { hostsOf } from '../config/hosts.ts'
import type { DoorConfig } from '../config/model.ts'
import { keptAnswers } from '../mail/kept-answers.ts'
import { callsOthers } from './kinds.ts'
import type { Roof } from './roof.ts'

/** Where a joined house keeps what it has, and by which clock it goes. */
export interface JoinedParts {
  /** The identity directory that an enrollment wrote, absolute. */
  readonly directory: string
  /** All doors of the house: one identity proves the names of each. */
  readonly doors: readonly DoorConfig[]
  readonly data: string
  readonly clock: Clock
  readonly log: Log
  /** Puts the authority's rules in force. */
  readonly govern: Govern
  /** The same, with other authorities. */
  readonly believe: Believe
}

/** Opens the identity, keeps it renewed and follows its authority, until `opened` is disposed of. */
export async function openJoinedRoof(parts: JoinedParts, opened: AsyncDisposableStack): Promise<Roof> {
  const { directory, data, clock, log } = parts
  const heard = Promise.withResolvers<string>()
  let connected = false
  await mkdir(data, { recursive: true, mode: 0o700 })
  const identity = await openIdentity(directory, { clock, log, watch: false })
  opened.defer(() => identity.close())
  const doors = new Set<FeedDoor>()
  const locks = createLocks()
  /** What the authority has said, for the doors here. */
  const tell = async (change: FeedEvent['change']) => {
    const event = { sequence: 0n, at: clock(), change }
    return (await Promise.all([...doors].map((door) => door.apply(event)))).flat()
  }
  const mailKeys = keptAnswers({
    directory: join(data, 'mail-keys'),
    ask: (address) => findMailKeys(directory, address, { clock }),
    clock,
    log,
  })
  let lockedBefore: string | undefined
  const feed = await followFeed({
    identity,
    clock,
    log(event, fields) {
      if (event === 'feed.connected') connected = true
      if (UNHEARD.has(event) || (connected && event === 'feed.policy-refused')) heard.resolve(String(fields?.['cause']))
      log(event, fields)
    },
    believe: parts.believe,
    async govern(rules) {
      const refused = await parts.govern(rules)
      // What was kept does where it is a policy; where it is none, or cannot be used, the authority may have another now.
      if (refused === undefined && (connected || rules.policy !== undefined)) heard.resolve('')
      return refused
    },
    async cut(revoked) {
      const cuts = await tell({ kind: 'status', revoked })
      await mailKeys.revoked()
      return cuts
    },
    async lock(locked, sequence) {
      locks.replace(locked, sequence)
      const cuts = await tell({ kind: 'lock', locks: locked })
      const now = JSON.stringify(writeJson({ locked }))
      if (lockedBefore !== undefined && lockedBefore !== now) await mailKeys.locked()
      lockedBefore = now
      return cuts
    },
    sessions: async () => (await Promise.all([...doors].map((door) => door.sessions()))).flat(),
    doors: parts.doors.map(({ name, revocation }) => ({ name, revocation })),
  })
  opened.defer(() => feed.close())
  const { address, name } = feed.authority
  const url = `https://${name}${address.slice(address.lastIndexOf(':'))}`
  const [anchor] = identity.trust.anchors
  return {
    root: hash('sha256', anchor?.certificate?.der ?? new Uint8Array(), 'hex'),
    trustFile: join(directory, 'trust.pem'),
    url,
    crlUrl: `${url}/crl/issuing.crl`,
    trust: identity.trust,
    locks,
    heard: () => heard.promise,
    identityOf: async (door) => identityFor(door, parts.doors, identity),
    join(door) {
      doors.add(door)
      return () => doors.delete(door)
    },
    record: (meeting) => feed.record(meeting),
    mailKeys: (address) => mailKeys.find(address),
    sshStatus: () => fetchSshStatus(directory, { clock, ref: false }),
    holdsWithout: async () => earliestEnd(identity, parts.doors),
    drain: async () => undefined,
  }
}

/** What is logged where the authority tells nothing. */
const UNHEARD = new Set(['feed.away', 'feed.refused', 'feed.fault'])

/** The doors need the lists, where one requires them, and the certificate that all of them prove. */
function earliestEnd(
  identity: Pick<DirectoryIdentity, 'current' | 'trust'>,
  doors: readonly Pick<DoorConfig, 'revocation'>[],
): Temporal.Instant {
  const { notAfter } = identity.current().certificates[0].validity
  if (doors.every(({ revocation }) => revocation === 'prefer')) return notAfter
  return identity.trust.crls
    .flatMap(({ crl: { nextUpdate } }) => nextUpdate ?? [])
    .reduce((first, end) => (Temporal.Instant.compare(end, first) < 0 ? end : first), notAfter)
}

/** All doors of a joined house prove the one identity that was enrolled; it must be theirs. */
function identityFor(
  door: DoorConfig,
  doors: readonly DoorConfig[],
  identity: DirectoryIdentity,
): ReturnType<Roof['identityOf']> {
  const [leaf] = identity.current().certificates
  const names = (leaf.subjectAltName ?? []).flatMap((name) => {
    if (name.kind === 'iPAddress') return [formatIpAddress(name.octets)]
    return name.kind === 'dNSName' ? [name.value] : []
  })
  const missing = hostsOf(door).filter((name) => !names.includes(name))
  const sans = [...new Set(doors.flatMap(hostsOf))].map((name) => `--san ${name}`)
  const next = `at the authority: countersign invite door/NAME --profile service ${sans.join(' ')}, then enroll into another directory and join by that`
  if (missing.length > 0)
    throw new Failure(
      EXIT.input,
      `door ${door.name} must prove ${missing.join(', ')}, and the certificate in ${identity.directory} does not`,
      { code: 'ERR_CLI_JOIN', next },
    )
  if (callsOthers(door) && !leaf.extendedKeyUsage?.includes(OID.clientAuth))
    throw new Failure(
      EXIT.input,
      `door ${door.name} calls others, and the certificate in ${identity.directory} is for servers alone`,
      { code: 'ERR_CLI_JOIN', next },
    )
  return Promise.resolve({
    current: () => identity.current(),
    onChange: (listener) => identity.onChange(listener),
    close: () => undefined,
  })
}
