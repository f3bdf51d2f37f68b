// What the operator of a house asked to be told, beside what is on the terminal: the access log and the numbers.
import type { Log } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import type { HouseConfig } from '../config/model.ts'
import { meetingEvent } from '../house/events.ts'
import type { Watched } from './metrics.ts'

/** Between a house and those who watch it. */
export interface Operations {
  /** The log of everything in the house; what is for the access log alone goes no further. */
  readonly log: Log
  meeting(meeting: Meeting): void
  /** Begins to serve the numbers, once there is something to count. Answers where. */
  watch(watched: Watched): Promise<string | undefined>
  /** Goes on in new files, where the old ones were moved away; a file that cannot be made is told, and the old one stays. */
  reopen(): Promise<void>
}

/** Of each request and session: too many for a terminal. */
const ACCESS_EVENTS: ReadonlySet<string> = new Set(['request.done', 'session.done'])

/** Opens what the configuration names. @throws (rejects) the system's error where a file cannot be opened. */
export async function openOperations(
  { accessLog: path, metrics: listen }: Pick<HouseConfig, 'accessLog' | 'metrics'>,
  { clock, log }: Pick<Watched, 'clock'> & { readonly log: Log },
  opened: AsyncDisposableStack,
): Promise<Operations> {
  const accessLog = path === undefined ? undefined : await (await import('./access-log.ts')).openAccessLog(path, log)
  if (accessLog) opened.defer(() => accessLog.close())
  const metrics = listen && (await import('./metrics.ts')).createMetrics()
  return {
    log(event, fields = {}) {
      metrics?.event(event, fields)
      if (!ACCESS_EVENTS.has(event)) log(event, fields)
      else accessLog?.write({ event, at: clock(), ...fields })
    },
    meeting(meeting) {
      metrics?.meeting(meeting)
      accessLog?.write({ ...meetingEvent(meeting) })
    },
    async watch(watched) {
      if (listen === undefined || metrics === undefined) return undefined
      const [{ KEYS_PATH }, { openLocalServer }, { OPEN_METRICS_TYPE }] = await Promise.all([
        import('@countersign/gateway'),
        import('./local-server.ts'),
        import('@countersign/protocol'),
      ])
      const keys = () => watched.doors.flatMap(({ door }) => door.keys?.() ?? [])
      // The other numbers are wanted most of all while the store is away.
      const holdsUntil = () =>
        watched.holdsWithout().catch((error: unknown) => {
          log('metrics.incomplete', { cause: error instanceof Error ? error.message : String(error) })
          return undefined
        })
      const server = await openLocalServer(listen, {
        '/metrics': { type: OPEN_METRICS_TYPE, text: async () => metrics.text(watched, await holdsUntil()) },
        [KEYS_PATH]: { type: 'application/jwk-set+json', text: async () => JSON.stringify({ keys: keys() }) },
      })
      opened.defer(() => server.close())
      return server.url
    },
    async reopen() {
      try {
        await accessLog?.reopen()
      } catch (error) {
        log('access-log.failed', { file: path, cause: String(error) })
      }
    },
  }
}
