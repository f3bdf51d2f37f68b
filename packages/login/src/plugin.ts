// The plug-in of Fastify: people sign in before an application, which is told who asks.
import {
  byWayOf,
  type FoundPerson,
  isPageLoad,
  isRootWorker,
  liftsWorker,
  meetingOf,
  type PersonClaims,
  type PersonRequest,
  type PersonSession,
  problemAnswer,
  proofOf,
  refusalAnswer,
} from '@countersign/mtls'
import type { RefusalCode } from '@countersign/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createLogin, type LoginConfig } from './login.ts'
import type { LoginHouse } from './model.ts'
import type { AccountsOfDoor } from './operate.ts'

/** Who asks. */
export interface Person {
  /** The party. */
  readonly account: string
  readonly session: PersonSession
  readonly claims: PersonClaims
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who has signed in; null below `/login`, where somebody is about to. */
    person: Person | null
  }
  interface FastifyInstance {
    /** Invites people, and takes lost devices away. */
    readonly accounts: AccountsOfDoor
  }
  interface FastifyContextConfig {
    /** Of login itself: whoever asks need not have signed in. */
    isLogin?: boolean
  }
}

/** What the plug-in is registered with. */
export interface LoginOptions extends LoginConfig {
  readonly house: LoginHouse
}

/**
 * Answers below `/login`, and gives every other request `person`, or the answer that a door gives: a page of who has not signed
 * in goes to sign in and comes back. What is under way ends with the session.
 */
export function login(app: FastifyInstance, options: LoginOptions, done: (error?: Error) => void): void {
  addLogin(app, options).then(() => done(), done)
}

// What a plug-in adds stays its own in Fastify, but for those that say otherwise: everybody shall see `person`.
Object.assign(login, { [Symbol.for('skip-override')]: true })

async function addLogin(app: FastifyInstance, { house, ...config }: LoginOptions): Promise<void> {
  const people = await createLogin(config, house)
  app.addHook('onClose', () => people.close())
  app.decorate('accounts', people.accounts)
  app.decorateRequest('person', null)
  app.addHook('onRequest', async (request, reply) => {
    // By the route that was found, and not by how the address is written.
    if (request.routeOptions.config?.isLogin === true) return
    if (isRootWorker(request.headers, request.url)) {
      const { status, headers, body } = problemAnswer('ERR_DOOR_WORKER')
      return reply.code(status).headers(headers).send(Buffer.from(body))
    }
    const found = await people.find(askedBy(request))
    if (found.kind !== 'person') return sayNo(found, request, reply, house)
    const { session, claims, follow } = found
    request.person = { account: session.meeting.caller.party ?? session.meeting.caller.name, session, claims }
    const leave = follow.call(found, () => reply.raw.destroy())
    reply.raw.once('close', leave)
  })
  app.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.config?.isLogin === true) return
    for (const name of Object.keys(reply.getHeaders())) if (liftsWorker(name.toLowerCase())) reply.removeHeader(name)
  })
  app.register((scope, _, done) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, isLogin: true }
    })
    people.register(scope, { addressOf: ({ ip }) => ip, certificateOf })
    done()
  })
}

function askedBy(request: FastifyRequest): PersonRequest {
  const { method, headers, host, url } = request
  const isUpgrade = headers.upgrade !== undefined
  return {
    method,
    authority: host,
    target: url,
    cookie: headers.cookie,
    proof: proofOf(headers, isUpgrade),
    origin: headers.origin,
    isUpgrade,
    certificateSha256: certificateOf(request),
  }
}

/** By the gate before this server, where there is one. */
function certificateOf({ raw }: FastifyRequest): string | undefined {
  return meetingOf(raw.socket)?.peer.certificate?.sha256
}

function sayNo(
  found: Exclude<FoundPerson, { readonly kind: 'person' }>,
  request: FastifyRequest,
  reply: FastifyReply,
  { clock }: Pick<LoginHouse, 'clock'>,
): FastifyReply {
  const { accept, 'user-agent': userAgent } = request.headers
  if (found.kind === 'refused') {
    const { code, meeting } = found
    const answer = meeting ? refusalAnswer(accept, meeting, clock(), code, userAgent) : problemAnswer(code)
    return reply.code(answer.status).headers(answer.headers).send(Buffer.from(answer.body))
  }
  const [path, code] = (
    found.kind === 'nobody' ? ['/login/', 'ERR_PERSON_NOT_SIGNED_IN'] : ['/login/renew', 'ERR_PERSON_PROOF']
  ) satisfies [string, RefusalCode]
  const { method, headers, url } = request
  if (isPageLoad({ method, headers, isUpgrade: headers.upgrade !== undefined }))
    return reply.header('cache-control', 'no-store').redirect(byWayOf(path, url), 303)
  const answer = problemAnswer(code)
  return reply.code(answer.status).headers(answer.headers).send(Buffer.from(answer.body))
}
