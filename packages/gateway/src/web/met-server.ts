// HTTP for callers that have been met: each request to the upstream, or the door's own answer.
import type { TLSSocket } from 'node:tls'
import { type CallerSession, type House, meetingAnswer, refusalAnswer } from '@countersign/mtls'
import { type Meeting, parseReference, type RefusalCode } from '@countersign/protocol'
import { createTroubles } from '../kind/troubles.ts'
import { keysAnswer, sendAnswer } from './answer.ts'
import { ASSERTION_FIELD, type Asserter } from './assertion.ts'
import type { Exchange } from './exchange.ts'
import { createBehind } from './forwarded.ts'
import { createGrants } from './grants.ts'
import { clientCertHeaders } from './headers.ts'
import { createHttp1Server } from './http1.ts'
import { createHttp2Server } from './http2.ts'
import type { Names } from './names.ts'
import { KEYS_PATH, MEETING_PATH } from './own-paths.ts'
import { forward, type Passage, UpstreamRefusedError } from './proxy.ts'
import { type RequestTarget, readTarget } from './request-target.ts'
import type { Routes } from './routes.ts'
import type { Caller, HttpService } from './service.ts'
import { tunnel } from './tunnel.ts'
import type { Upstream } from './upstream.ts'

// 16 KiB is what many upstreams take; the certificates of the caller come on top (RFC 9440 §3.2).
const MAX_HEAD_OCTETS = 16 * 1024
const IDLE_TIMEOUT_MS = 60_000

/** Serves connections that have been met. */
export interface MetServer {
  adopt(socket: TLSSocket, meeting: Meeting, session: CallerSession): void
  /** From now on callers are asked to leave, and connections without a request end. Call again for those that became idle. */
  endIdle(): void
  close(): void
}

/** Where a request goes. */
export interface Route {
  /** What the rules must allow beside the door itself. */
  readonly service?: string
  readonly upstream: Upstream
}

/** What the server of a door is made with. */
export interface MetService {
  readonly door: string
  readonly names: Names
  /** To be asked for each request. */
  readonly routes: () => Routes<Route>
  readonly asserter: Asserter | undefined
  /** The party of a proxy before the door whose word on its callers is taken. */
  readonly from?: string | undefined
}

/** Makes the server of one door; it listens nowhere itself. */
export function createMetServer(
  { door, names, routes, asserter, from }: MetService,
  house: Pick<House, 'clock' | 'log' | 'record' | 'amend'>,
): MetServer {
  const { clock, log, record } = house
  const addTrouble = createTroubles(house)
  const tell = (
    event: 'request.refused' | 'request.broken',
    { meeting }: Pick<Caller, 'meeting'>,
    { code, cause, upstream }: { code: RefusalCode; cause?: Error | undefined; upstream?: string | undefined },
  ) => {
    const known = upstream === undefined ? undefined : parseReference(upstream)
    // The meeting with the upstream has a record of its own, which says why.
    const named = known !== undefined && { upstreamReference: known }
    log(event, { door, reference: meeting.reference, code, ...(cause && { cause: cause.message }), ...named })
    addTrouble(meeting, { code, ...(cause && { note: cause.message }), ...named })
  }

  const refusal: HttpService['refusal'] = (caller, code, cause, accept, upstream) => {
    tell('request.refused', caller, { code, cause, upstream })
    return refusalAnswer(accept, caller.meeting, clock(), code)
  }

  /** Tells of one request, when it is over: its path without the question, in which people put secrets. */
  const openAccount = ({ head, tally }: Exchange, { meeting }: Caller, target: RequestTarget | undefined) => {
    const began = performance.now()
    const { method, version } = head
    let code: RefusalCode | undefined
    let isOver = false
    const held: (() => void)[] = []
    return {
      /** `release` is called at its end. */
      holds(release: () => void) {
        held.push(release)
      },
      refused(why: RefusalCode) {
        code = why
      },
      over() {
        if (isOver) return
        isOver = true
        for (const release of held) release()
        log('request.done', {
          door,
          reference: meeting.reference,
          caller: meeting.caller.name,
          method,
          version,
          ...(target && { host: target.host, path: target.path.split('?', 1)[0] }),
          ...tally,
          seconds: (performance.now() - began) / 1000,
          ...(code !== undefined && { code }),
        })
      },
    }
  }

  const serve = (exchange: Exchange, connection: Caller) => {
    const { accept } = exchange.head.headers
    const target = readTarget(exchange.head)
    const found = target && connection.behind?.callerOf(exchange)
    const told = typeof found === 'object' ? found : undefined
    const caller = told?.caller ?? (told ? { ...connection, meeting: told.refused } : connection)
    const account = openAccount(exchange, caller, target)
    exchange.out.once('close', () => account.over())
    const refuse = (code: RefusalCode, cause?: Error, at: Pick<Caller, 'meeting'> = caller, upstream?: Upstream) => {
      account.refused(code)
      sendAnswer(exchange, refusal(at, code, cause, accept, cause && upstream && referenceOf(cause, upstream)))
    }
    if (target === undefined) {
      exchange.distrust()
      return refuse('ERR_DOOR_REQUEST')
    }
    if (found === 'unreadable') return refuse('ERR_DOOR_CLIENT_CERT')
    if (told?.refused) return refuse(told.refused.outcome.refusal.code)
    if (told) account.holds(told.leave)
    const path = target.path.split('?', 1)[0]
    // It is about this connection, whatever the host.
    if (path === MEETING_PATH) return sendAnswer(exchange, meetingAnswer(accept, caller.meeting, clock()))
    if (path === KEYS_PATH && asserter) return sendAnswer(exchange, keysAnswer(asserter.keys))
    if (!names.mayCarry(caller.serverName, target.host)) return refuse('ERR_DOOR_MISDIRECTED')
    const route = routes().find(target.host, target.path)
    if (route === undefined) return refuse('ERR_DOOR_NO_ROUTE')
    if (route === 'unclear') return refuse('ERR_DOOR_REQUEST')
    const { service, upstream } = route
    if (service !== undefined) {
      const granted = caller.grants.ask(service, (cause) => exchange.cut(cause))
      if (!granted.ok) {
        const { refused } = granted
        return refuse(refused.outcome.refusal.code, undefined, { meeting: refused })
      }
      account.holds(granted.leave)
    }
    if (upstream.isFull) return refuse('ERR_DOOR_UPSTREAM_BUSY')
    if (Number(exchange.head.headers['content-length'] ?? 0) > upstream.maxBodyOctets) {
      // What is left of it is not read.
      exchange.distrust()
      return refuse('ERR_DOOR_BODY_LIMIT')
    }
    const passage: Passage = {
      exchange,
      target,
      upstream,
      identity: caller.identity,
      refuse: (code, cause) => refuse(code, cause, caller, upstream),
      broke(code, cause) {
        account.refused(code)
        tell('request.broken', caller, { code, cause, upstream: referenceOf(cause, upstream) })
      },
      over: account.over,
    }
    if (exchange.tunnel) tunnel(passage, exchange.tunnel)
    else forward(passage)
  }

  const callerWith = (
    session: Omit<CallerSession, 'meetFor'>,
    serverName: string | undefined,
    behind?: Caller['behind'],
  ): Caller => {
    const { meeting } = session
    const certificates = clientCertHeaders(session.certificates)
    // Of nobody there is nothing to state.
    const statement = meeting.caller.certificate && asserter?.about(meeting)
    const onFault = (error: unknown) => log('gate.fault', { door, error })
    return {
      meeting,
      serverName,
      behind,
      reset: (cause) => void session.cut(cause).catch(onFault),
      grants: createGrants(session, { now: clock, record, onFault }),
      get identity() {
        return statement ? [...certificates, ASSERTION_FIELD, statement()] : certificates
      },
    }
  }

  const service: HttpService = { serve, refusal, maxHeadOctets: MAX_HEAD_OCTETS, idleTimeoutMs: IDLE_TIMEOUT_MS }
  const http1 = createHttp1Server(service)
  const http2 = createHttp2Server(service)
  return {
    adopt(socket, meeting, session) {
      const version = socket.alpnProtocol === 'h2' ? http2 : http1
      const [{ evidence }] = meeting.steps
      const serverName = evidence?.kind === 'clientHello' ? evidence.serverName : undefined
      const behind =
        from !== undefined && meeting.caller.party === from
          ? createBehind(session, {
              mayBeNobody: names.callersOf(serverName) !== 'require',
              record,
              callerWith: (other) => callerWith(other, serverName),
            })
          : undefined
      socket.once('close', () => {
        const { cutBy: code } = session
        if (code !== undefined)
          log('session.cut', { door, reference: meeting.reference, caller: meeting.caller.name, code })
      })
      version.adopt(socket, callerWith(session, serverName, behind))
    },
    endIdle() {
      http1.endIdle()
      http2.endIdle()
    },
    close() {
      http1.close()
      http2.close()
    },
  }
}

/** Of the meeting with the upstream by which a request failed. */
function referenceOf(cause: Error, upstream: Upstream): string | undefined {
  return cause instanceof UpstreamRefusedError ? cause.reference : upstream.brokenBy(cause)?.reference
}
