// Callers behind a proxy before the door: each request is of whom the proxy says, and nobody else's.
import type { CallerSession, ForwardedMeeting, RefusedMeeting } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { readClientCert } from './client-cert.ts'
import type { Exchange } from './exchange.ts'

/** Finds the caller of each request on one proxy's connection, as `Caller` is served. */
export interface Behind<Caller> {
  /**
   * `unreadable` where the fields have another form. A caller that is let in has `exchange` cut where it would be refused
   * later, unless `leave` was called before.
   */
  callerOf(
    exchange: Exchange,
  ):
    | 'unreadable'
    | { readonly refused: RefusedMeeting; readonly caller?: undefined }
    | { readonly caller: Caller; readonly leave: () => void; readonly refused?: undefined }
}

/** What it is made with. */
export interface BehindOptions<Caller> {
  readonly mayBeNobody: boolean
  readonly record: (meeting: Meeting) => void
  /** Makes of a session what requests are served with. */
  readonly callerWith: (session: Accepted['session']) => Caller
}

type Accepted = Extract<ForwardedMeeting, { readonly ok: true }>

interface Known<Caller> {
  readonly caller: Caller
  readonly release: () => void
  readonly running: Set<Exchange>
}

// Of one connection, open at once: beyond it, who was not heard of for longest is met anew.
const MAX_KNOWN = 256

/** Makes it for one connection. @param proxy Its session. */
export function createBehind<Caller>(
  proxy: Pick<CallerSession, 'meetFor'>,
  { mayBeNobody, record, callerWith }: BehindOptions<Caller>,
): Behind<Caller> {
  const known = new Map<string, Known<Caller>>()
  // A no is asked for again each time; its record is one as long as it is the same no.
  const told = new Map<string, RefusedMeeting>()

  const forgetOldest = () => {
    for (const [key, { running, release }] of known) {
      if (running.size > 0) continue
      known.delete(key)
      release()
      return
    }
  }

  const meet = (key: string, certificates: readonly Uint8Array[]): Known<Caller> | RefusedMeeting => {
    const running = new Set<Exchange>()
    const met = proxy.meetFor(certificates, {
      mayBeNobody,
      end(cause) {
        known.delete(key)
        for (const exchange of [...running]) exchange.cut(cause)
      },
    })
    if (!met.ok) return refusalOf(key, met.meeting)
    told.delete(key)
    record(met.session.meeting)
    if (known.size >= MAX_KNOWN) forgetOldest()
    const entry = { caller: callerWith(met.session), release: met.release, running }
    known.set(key, entry)
    return entry
  }

  const refusalOf = (key: string, meeting: RefusedMeeting): RefusedMeeting => {
    const before = told.get(key)
    if (before?.outcome.refusal.code === meeting.outcome.refusal.code) return before
    if (told.size >= MAX_KNOWN) told.clear()
    told.set(key, meeting)
    record(meeting)
    return meeting
  }

  return {
    callerOf(exchange) {
      const certificates = readClientCert(exchange.head.fields)
      if (certificates === undefined) return 'unreadable'
      const key = certificates.map((der) => der.toBase64()).join()
      const entry = known.get(key) ?? meet(key, certificates)
      if (!('running' in entry)) return { refused: entry }
      // In the order of use.
      known.delete(key)
      known.set(key, entry)
      entry.running.add(exchange)
      return { caller: entry.caller, leave: () => entry.running.delete(exchange) }
    },
  }
}
