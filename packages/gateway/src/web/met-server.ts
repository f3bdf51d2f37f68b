// HTTP for callers that have been met: each request to the upstream, or the door's own answer.
import type { TLSSocket } from 'node:tls'
import {
  type Answer,
  type CallerSession,
  createTroubles,
  type House,
  isRootWorker,
  meetingAnswer,
  refusalAnswer,
} from '@countersign/mtls'
import { type Meeting, parseReference, type RefusalCode } from '@countersign/protocol'
import { createGrants } from '../kind/grants.ts'
import { type Account, openAccount } from './account.ts'
import { keysAnswer, sendAnswer } from './answer.ts'
import { ASSERTION_FIELD, type Asserter } from './assertion.ts'
import type { Exchange } from './exchange.ts'
import { createFindPerson, sendAway, stepUpProofs, type Whose } from './find-person.ts'
import { createBehind } from './forwarded.ts'
import { clientCertHeaders } from './headers.ts'
import { createHttp1Server } from './http1.ts'
import { createHttp2Server } from './http2.ts'
import type { Names } from './names.ts'
import { KEYS_PATH, MEETING_PATH } from './own-paths.ts'
import type { People } from './people.ts'
import { asLoginSees, TO_APPLICATION, TO_LOGIN, toPerson } from './person-fields.ts'
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
  /** Connections that are open. */
  readonly size: number
  close(): void
}

/** Where a request goes. */
export interface Route {
  /** What the rules must allow beside the door itself. */
  readonly service?: string
  readonly upstream: Upstream
  /** It is login, which finds out itself who asks. */
  readonly isLogin?: true
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
  /** Present where people sign in: what is not login's is for nobody else. */
  readonly people?: People | undefined
}

/** Makes the server of one door; it listens nowhere itself. */
export function createMetServer(
  { door, names, routes, asserter, from, people }: MetService,
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

  const onFault = (error: unknown) => log('gate.fault', { door, error })
  const findPerson =
    people && asserter
      ? createFindPerson({ people, asserter, host: names.first, now: clock, record, onFault })
      : undefined

  const refusal: HttpService['refusal'] = (caller, code, cause, accept, upstream) => {
    tell('request.refused', caller, { code, cause, upstream })
    const answer = refusalAnswer(accept, caller.meeting, clock(), code)
    return people ? toPerson(answer) : answer
  }
  const say = (exchange: Exchange, answer: Answer) => sendAnswer(exchange, people ? toPerson(answer) : answer)

  const serve = (exchange: Exchange, connection: Caller) => {
    const target = readTarget(exchange.head)
    const found = target && connection.behind?.callerOf(exchange)
    const told = typeof found === 'object' ? found : undefined
    const caller = told?.caller ?? (told ? { ...connection, meeting: told.refused } : connection)
    const account = openAccount(exchange, target, caller.meeting, { door, log })
    const refuse = refuserOf({ exchange, caller, account })
    if (target === undefined) {
      exchange.distrust()
      return refuse('ERR_DOOR_REQUEST')
    }
    if (found === 'unreadable') return refuse('ERR_DOOR_CLIENT_CERT')
    if (told?.refused) return refuse(told.refused.outcome.refusal.code)
    if (told) account.holds(told.leave)
    const passing = { exchange, target, caller, account }
    if (people === undefined || findPerson === undefined) return pass(passing)
    if (isForAnybody(caller, target)) return pass({ ...passing, caller: asLoginSees(caller, people.upstream.secret) })
    if (isRootWorker(exchange.head.headers, target.path)) return refuse('ERR_DOOR_WORKER')
    findPerson(exchange, target, caller)
      .then((whose) => passAs(whose, passing))
      .catch((error: unknown) => {
        onFault(error)
        exchange.cut('ERR_GATE_FAULT')
      })
  }

  const refuserOf =
    ({ exchange, caller, account }: Omit<Passing, 'target'>) =>
    (code: RefusalCode, cause?: Error, at: Pick<Caller, 'meeting'> = caller, upstream?: Upstream) => {
      const { accept } = exchange.head.headers
      account.refused(code)
      sendAnswer(exchange, refusal(at, code, cause, accept, cause && upstream && referenceOf(cause, upstream)))
    }

  /** What is login's, and what the door answers whoever asks. */
  const isForAnybody = ({ serverName }: Caller, target: RequestTarget): boolean => {
    if (pathOf(target) === KEYS_PATH || !names.mayCarry(serverName, target.host)) return true
    const route = routes().find(target.host, target.path)
    return route === 'unclear' || route?.isLogin === true
  }

  /** Of a person, or of nobody: then no octet reaches what is behind. */
  const passAs = (whose: Whose, passing: Passing) => {
    const { exchange, target, account } = passing
    if (whose.kind === 'over') return
    if (whose.kind === 'person') {
      account.of(whose.caller.meeting)
      account.holds(whose.leave)
      return pass({ ...passing, caller: whose.caller, isPerson: true })
    }
    if (pathOf(target) === MEETING_PATH) return pass(passing)
    if (whose.kind === 'page') return say(exchange, whose.answer)
    const { code, meeting } = whose
    if (meeting === undefined) return refuserOf(passing)(code)
    // Its record is of another time, and read anew at each request: nothing is added to it.
    account.of(meeting)
    account.refused(code)
    log('request.refused', { door, reference: meeting.reference, code })
    say(exchange, refusalAnswer(exchange.head.headers.accept, meeting, clock(), code))
  }

  /** Carries the request of a caller that is known to where it is for. */
  const pass = ({ exchange, target, caller, account, isPerson }: Passing) => {
    const refuse = refuserOf({ exchange, caller, account })
    const { accept } = exchange.head.headers
    const path = pathOf(target)
    // It is about this connection, or this person, whatever the host.
    if (path === MEETING_PATH) return say(exchange, meetingAnswer(accept, caller.meeting, clock()))
    if (path === KEYS_PATH && asserter) return say(exchange, keysAnswer(asserter.keys))
    if (!names.mayCarry(caller.serverName, target.host)) return refuse('ERR_DOOR_MISDIRECTED')
    const route = routes().find(target.host, target.path)
    if (route === undefined) return refuse('ERR_DOOR_NO_ROUTE')
    if (route === 'unclear') return refuse('ERR_DOOR_REQUEST')
    const { service, upstream } = route
    if (service !== undefined) {
      const granted = caller.grants.ask(service, (cause) => exchange.cut(cause))
      if (!granted.ok) {
        const { refused } = granted
        const { code } = refused.outcome.refusal
        const lacks = isPerson ? stepUpProofs(refused.outcome.refusal) : []
        const away = lacks.length > 0 ? sendAway(exchange, target, '/step-up', code, lacks) : undefined
        if (away?.kind === 'page') return say(exchange, away.answer)
        return refuse(code, undefined, { meeting: refused })
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
      crossing: people && (route.isLogin ? TO_LOGIN : TO_APPLICATION),
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
    return {
      meeting,
      serverName,
      behind,
      certificates,
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
  let size = 0
  return {
    get size() {
      return size
    },
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
      size += 1
      socket.once('close', () => {
        size -= 1
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

/** A request on its way, of a caller that is known. */
interface Passing {
  readonly exchange: Exchange
  readonly target: RequestTarget
  readonly caller: Caller
  readonly account: Account
  readonly isPerson?: true
}

function pathOf({ path }: RequestTarget): string {
  return path.split('?', 1)[0] ?? path
}

/** Of the meeting with the upstream by which a request failed. */
function referenceOf(cause: Error, upstream: Upstream): string | undefined {
  return cause instanceof UpstreamRefusedError ? cause.reference : upstream.brokenBy(cause)?.reference
}
