// What a house counts: from the records of its meetings and from the events of its log, so that no number has a second source.
import { readdirSync, readFileSync } from 'node:fs'
import type { OpenDoor } from '@countersign/gateway'
import type { Clock, OwnIdentity, Trust } from '@countersign/mtls'
import {
  createCounter,
  createHistogram,
  type Family,
  type Meeting,
  type Sample,
  writeOpenMetrics,
} from '@countersign/protocol'
import type { HouseDoorConfig } from '../config/model.ts'

/** What is looked at when the numbers are asked for. */
export interface Watched {
  readonly doors: readonly { readonly door: OpenDoor<HouseDoorConfig>; readonly identity: OwnIdentity }[]
  readonly trust: Trust
  /** Of this house. */
  readonly authority: { figures(): Promise<readonly Family[]> } | undefined
  readonly clock: Clock
  /** Until when whoever relies on the authority goes on without it; absent where nobody does. */
  readonly holdsWithout: () => Promise<Temporal.Instant | undefined>
}

/** The numbers of one house. */
export interface Metrics {
  meeting(meeting: Meeting): void
  event(event: string, fields: Readonly<Record<string, unknown>>): void
  /** All of it, in the text format of OpenMetrics. @param holdsUntil What `holdsWithout` has answered. */
  text(watched: Watched, holdsUntil: Temporal.Instant | undefined): Promise<string>
}

// Seconds: from a service on this machine to the door's own patience.
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Starts at zero. */
export function createMetrics(): Metrics {
  const meetings = createCounter()
  const requests = createCounter()
  const refusals = createCounter()
  const cuts = createCounter()
  const octets = createCounter()
  const events = createCounter()
  const durations = createHistogram(BUCKETS)

  const counted: readonly Family[] = [
    { name: 'countersign_meetings', type: 'counter', help: 'Meetings at a door, by outcome; code says why one was refused.', samples: meetings.samples },
    { name: 'countersign_requests', type: 'counter', help: 'Requests that were answered, by status.', samples: requests.samples },
    { name: 'countersign_request_refusals', type: 'counter', help: 'Requests that a door itself refused, by code.', samples: refusals.samples },
    { name: 'countersign_request_duration_seconds', type: 'histogram', unit: 'seconds', help: 'From the head of a request to the end of its answer.', samples: durations.samples },
    { name: 'countersign_session_cuts', type: 'counter', help: 'Sessions that ended before their time, by code.', samples: cuts.samples },
    { name: 'countersign_carried_bytes', type: 'counter', unit: 'bytes', help: 'What was carried for callers: in, from them; out, to them.', samples: octets.samples },
    { name: 'countersign_events', type: 'counter', help: 'Events of the log, by name.', samples: events.samples },
  ] // biome-ignore format: a table
  return {
    meeting({ door, outcome }) {
      const code = outcome.ok ? '' : outcome.refusal.code
      meetings.add({ door, outcome: outcome.ok ? 'accepted' : 'refused', code })
    },
    event(event, fields) {
      const door = String(fields['door'] ?? '')
      const code = String(fields['code'] ?? '')
      if (event === 'request.done') {
        requests.add({ door, status: String(fields['status']) })
        durations.observe({ door }, Number(fields['seconds']))
      } else if (event !== 'session.done') events.add({ event, door })
      if ((event === 'session.done' || event === 'session.cut') && code !== '') cuts.add({ door, code })
      if (event === 'request.refused') refusals.add({ door, code })
      if (event === 'request.done' || event === 'session.done')
        for (const [direction, key] of [
          ['in', 'octetsIn'],
          ['out', 'octetsOut'],
        ] as const)
          octets.add({ door, direction }, Number(fields[key]))
    },
    async text(watched, holdsUntil) {
      const authority = (await watched.authority?.figures()) ?? []
      return writeOpenMetrics([...counted, ...standing(watched), ...holding(holdsUntil), ...authority, ...ofProcess()])
    },
  }
}

/** What is so now. */
function standing({ doors, trust, clock }: Watched): Family[] {
  const now = clock()
  return [
    {
      name: 'countersign_sessions',
      type: 'gauge',
      help: 'Sessions that are open.',
      samples: doors.map(({ door }) => ({ labels: { door: door.name, kind: door.kind }, value: door.sessions.size })),
    },
    {
      name: 'countersign_upstream_up',
      type: 'gauge',
      help: 'Whether requests are sent to an address of a service: 1, or 0 where it is left alone.',
      samples: doors.flatMap(({ door }) => upstreamsOf(door)),
    },
    {
      name: 'countersign_certificate_not_after_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When the certificate of a door ends, in seconds since 1970.',
      samples: doors.map(({ door, identity }) => ({
        labels: { door: door.name },
        value: identity.current().certificates[0].validity.notAfter.epochMilliseconds / 1000,
      })),
    },
    {
      name: 'countersign_status_age_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'How old the newest word of the authority on revocation is.',
      samples: [{ value: (now.epochMilliseconds - trust.asOf.epochMilliseconds) / 1000 }],
    },
  ]
}

function holding(holdsUntil: Temporal.Instant | undefined): Family[] {
  if (holdsUntil === undefined) return []
  return [
    {
      name: 'countersign_outage_holds_until_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'Until when all go on if the authority is away from now on, in seconds since 1970.',
      samples: [{ value: holdsUntil.epochMilliseconds / 1000 }],
    },
  ]
}

/** Routes may lead to the same address: it is up where it is up for each of them. */
function upstreamsOf(door: OpenDoor<HouseDoorConfig>): Sample[] {
  const found = new Map<string, boolean>()
  for (const { address, isUp } of door.upstreams?.() ?? []) found.set(address, isUp && (found.get(address) ?? true))
  return [...found].map(([address, isUp]) => ({ labels: { door: door.name, address }, value: isUp ? 1 : 0 }))
}

/** Under the names that every Prometheus client uses. */
function ofProcess(): Family[] {
  const { user, system } = process.cpuUsage()
  const families: Family[] = [
    {
      name: 'process_cpu_seconds',
      type: 'counter',
      unit: 'seconds',
      help: 'CPU time, user and system.',
      samples: [{ suffix: '_total', value: (user + system) / 1e6 }],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Resident memory.',
      samples: [{ value: process.memoryUsage.rss() }],
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'When the process began, in seconds since 1970.',
      samples: [{ value: performance.timeOrigin / 1000 }],
    },
    {
      name: 'nodejs_eventloop_active_seconds',
      type: 'counter',
      unit: 'seconds',
      help: 'Time in which the event loop was not waiting.',
      samples: [{ suffix: '_total', value: performance.eventLoopUtilization().active / 1000 }],
    },
  ]
  const files = openFiles()
  if (files === undefined) return families
  return [
    ...families,
    { name: 'process_open_fds', type: 'gauge', help: 'Open files.', samples: [{ value: files.open }] },
    { name: 'process_max_fds', type: 'gauge', help: 'Files that may be open.', samples: [{ value: files.most }] },
  ]
}

/** Only Linux tells. */
function openFiles(): { readonly open: number; readonly most: number } | undefined {
  try {
    const [, most] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return { open: readdirSync('/proc/self/fd').length, most: Number(most ?? Number.POSITIVE_INFINITY) }
  } catch (error) {
    // No such place, or no file is left to look with.
    if (error instanceof Error && 'syscall' in error) return undefined
    throw error
  }
}
