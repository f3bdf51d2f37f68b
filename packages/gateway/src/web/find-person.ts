// Whose a request is at a door with people: asked of login, before the application hears of it.
import {
  type Answer,
  answerOf,
  byWayOf,
  type FoundPerson,
  isPageLoad,
  type PersonSession,
  proofOf,
} from '@countersign/mtls'
import type { Meeting, ProofKind, Refusal, RefusalCode } from '@countersign/protocol'
import { createGrants, type Grants, type GrantsOptions } from '../kind/grants.ts'
import { ASSERTION_FIELD, type Asserter } from './assertion.ts'
import type { Exchange } from './exchange.ts'
import { LOGIN_PATH, type People } from './people.ts'
import { isOver } from './proxy.ts'
import type { RequestTarget } from './request-target.ts'
import type { Caller } from './service.ts'

/** Whose a request is, or what is said instead of an answer. */
export type Whose =
  | { readonly kind: 'person'; readonly caller: Caller; readonly leave: () => void }
  /** A page load of somebody who has something to do first. */
  | { readonly kind: 'page'; readonly answer: Answer }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly meeting?: Meeting | undefined }
  /** The caller left meanwhile. */
  | { readonly kind: 'over' }

/** Finds it. Rejects with nothing: where login broke, nobody comes in. */
export type FindPerson = (exchange: Exchange, target: RequestTarget, connection: Caller) => Promise<Whose>

/** What it is made with. */
export interface FindPersonOptions extends GrantsOptions {
  readonly people: Pick<People, 'find'>
  readonly asserter: Asserter
  /** For a caller of HTTP/1.0 that names no host. */
  readonly host: string
}

/** Makes it for one door. */
export function createFindPerson({ people, asserter, host, ...granting }: FindPersonOptions): FindPerson {
  const known = new WeakMap<
    PersonSession,
    { readonly grants: Grants; readonly state: ReturnType<Asserter['aboutPerson']> }
  >()
  const knownOf = (session: PersonSession) => {
    const entry = known.get(session) ?? {
      grants: createGrants(session, granting),
      state: asserter.aboutPerson(session.meeting),
    }
    known.set(session, entry)
    return entry
  }

  const find = async (exchange: Exchange, target: RequestTarget, connection: Caller): Promise<FoundPerson> => {
    const { method, headers } = exchange.head
    const isUpgrade = exchange.tunnel !== undefined
    try {
      return await people.find({
        method,
        authority: target.host ?? host,
        target: target.path,
        cookie: headers.cookie,
        proof: proofOf(headers, isUpgrade),
        origin: headers.origin,
        isUpgrade,
        certificateSha256: connection.meeting.caller.certificate?.sha256,
      })
    } catch (error) {
      granting.onFault(error)
      return { kind: 'refused', code: 'ERR_GATE_FAULT' }
    }
  }

  return async (exchange, target, connection) => {
    const found = await find(exchange, target, connection)
    if (isOver(exchange)) return { kind: 'over' }
    if (found.kind === 'nobody') return sendAway(exchange, target, '/', 'ERR_PERSON_NOT_SIGNED_IN')
    if (found.kind === 'renew') return sendAway(exchange, target, '/renew', 'ERR_PERSON_PROOF')
    if (found.kind === 'refused') return found
    const { session, claims, follow } = found
    // In the turns since it was found.
    if (session.isCut) return { kind: 'refused', code: session.cutBy ?? 'ERR_PERSON_NOT_SIGNED_IN' }
    const { grants, state } = knownOf(session)
    const { serverName, reset } = connection
    const bound = connection.meeting.caller.certificate?.sha256
    const caller: Caller = {
      meeting: session.meeting,
      serverName,
      certificates: [],
      identity: [ASSERTION_FIELD, state({ ...claims, ...(bound !== undefined && { certificateSha256: bound }) })],
      grants,
      reset,
    }
    const leave = follow.call(found, (cause) => exchange.cut(cause))
    return {
      kind: 'person',
      caller,
      leave() {
        leave()
        session.sent(exchange.tally.octetsOut)
      },
    }
  }
}

/** What a person can prove on a page of login. */
const SHOWN_TO_LOGIN: readonly ProofKind[] = ['passkey', 'totp', 'password']

/** The proofs that a person lacks, and can give there; none where no rule would let it in by these alone. */
export function stepUpProofs({ detail }: Refusal): readonly ProofKind[] {
  const rules = detail !== undefined && 'unproved' in detail ? (detail.unproved ?? []) : []
  const lacks = rules.filter((kinds) => kinds.every((kind) => SHOWN_TO_LOGIN.includes(kind))).flat()
  return SHOWN_TO_LOGIN.filter((kind) => lacks.includes(kind))
}

/** A page load goes where `path` below login says and comes back; a program is told. @param proofs what that page asks for */
export function sendAway(
  exchange: Exchange,
  { path: to }: RequestTarget,
  path: '/' | '/renew' | '/step-up',
  code: RefusalCode,
  proofs: readonly ProofKind[] = [],
): Extract<Whose, { readonly kind: 'page' | 'refused' }> {
  const { method, headers: asked } = exchange.head
  if (!isPageLoad({ method, headers: asked, isUpgrade: exchange.tunnel !== undefined }))
    return { kind: 'refused', code }
  const { headers, ...answer } = answerOf(303, 'text/plain; charset=utf-8', '')
  const asks = proofs.length > 0 ? `&proof=${proofs.join()}` : ''
  const location = `${byWayOf(`${LOGIN_PATH}${path}`, to)}${asks}`
  return { kind: 'page', answer: { ...answer, headers: { ...headers, Location: location } } }
}
