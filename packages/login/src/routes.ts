// The calls of pages, bound to HTTP by the one table of them. Nothing is decided here but what is the same for all: that it
// comes from our own page, is proved as its row says, and has the form that its row says, and so has the answer.
import { randomBytes } from 'node:crypto'
import {
  type Clock,
  type Log,
  problemAnswer,
  REFERENCE_FIELD,
  referenceOfRandom,
  refusalAnswer,
} from '@countersign/mtls'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AccountAllowance, AddressAllowance } from './address-allowance.ts'
import { API, type CallName, MAX_BODY_OCTETS } from './api.ts'
import type { Asked, Calls, OpenPersonSession } from './asked.ts'
import type { CallsUnderWay } from './calls-under-way.ts'
import type { LoginStore } from './model.ts'
import { OpaqueMessageError } from './opaque/server.ts'
import { badRequest, PersonRefusal } from './refusal.ts'
import { checkProof, DPOP_RULES, type ProvedDevice } from './session/dpop.ts'
import { makeNonce } from './session/nonce.ts'
import { type SpentWith, spendWith } from './session/spend-proof.ts'

/** What the routes need of the rest. */
export interface RoutesOptions {
  readonly calls: Partial<Calls>
  readonly callsUnderWay: CallsUnderWay
  readonly store: LoginStore
  readonly clock: Clock
  readonly log: Log
  readonly door: string
  /** The name of the door: what requests are for, and where pages must be from. */
  readonly host: string
  /** Secret: for the nonces of proofs. */
  readonly nonceKey: Uint8Array
  /** The session that a request's cookie is of, where there is one that is open. @throws {PersonRefusal} */
  readonly sessionOf: (cookie: string | undefined, now: Temporal.Instant) => Promise<OpenPersonSession | undefined>
  /** Who is at the other end of the network. */
  readonly addressOf: (request: FastifyRequest) => string
  /** How often each may ask who has no session: what a proof costs is spent on nobody's word. */
  readonly allowance: AddressAllowance
  /** How often each account that has a session. */
  readonly accountAllowance: AccountAllowance
  /** SHA-256, hexadecimal, of the certificate by which the connection's caller was met, where it was. */
  readonly certificateOf: (request: FastifyRequest) => string | undefined
}

/** Where the calls stand. */
export const API_PATH = '/login/api'

/** Calls whose first transaction spends their proof: one that is to be durable, and not two, for each step of a sign-in. */
const SPEND_WITH_THEIR_ACT: ReadonlySet<CallName> = new Set<CallName>(['begin', 'password', 'finish', 'code'])

/** For a call, what says that nothing of it is to be kept, guessed or drawn. */
const FIELDS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
} as const

/** For what is our own fault, whatever a door says of it to those who are at its threshold. */
const FAILED = 500

/** Serves the calls in a scope of their own: what it says of bodies and errors is for them alone. */
export function apiRoutes(app: FastifyInstance, options: RoutesOptions): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MAX_BODY_OCTETS }, (_, body, done) =>
    done(null, body),
  )
  app.setErrorHandler<FastifyError | Error>((error, request, reply) => refuse(options, error, request, reply))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(FIELDS).header('dpop-nonce', makeNonce(options.nonceKey, options.clock()))
    checkOrigin(request, options.host)
  })
  for (const name of Object.keys(API) as CallName[]) route(app, name, options)
}

function route<Name extends CallName>(app: FastifyInstance, name: Name, options: RoutesOptions): void {
  const { proof, body, answer } = API[name]
  const call: Calls[Name] | undefined = options.calls[name]
  if (call === undefined) return
  app.post(`${API_PATH}/${name}`, async (request, reply) => {
    const now = options.clock()
    const said = body.safeParse(jsonOf(request.body))
    if (!said.success) throw badRequest(`the body is not of the form of ${name}`)
    const address = options.addressOf(request)
    if (proof !== 'session') options.allowance.spend(address)
    const who = await proved(proof, request, now, options)
    if (who.session !== undefined) options.accountAllowance.spend(who.session.account)
    const spending = spendWith(options.store, who.device, () => badProof(DPOP_RULES.replay[1]))
    if (!SPEND_WITH_THEIR_ACT.has(name)) await spending.spend()
    const asked: Asked = {
      ...who,
      commit: spending.commit,
      address,
      origin: request.headers.origin ?? '',
      certificateSha256: options.certificateOf(request),
      now,
      field: (field, value) => void reply.header(field, value),
    }
    // The row's own form was asked just now: that the two are of one name is for the table to say, and TypeScript cannot.
    const answered = await options.callsUnderWay.run(() => spent(spending, () => call(said.data as never, asked)))
    return reply.type('application/json').send(JSON.stringify(answer.parse(answered)))
  })
}

/** Whatever comes of a call, its proof is spent before anybody learns of it. */
async function spent<Result>({ spend }: SpentWith, work: () => Promise<Result>): Promise<Result> {
  let result: Result
  try {
    result = await work()
  } catch (error) {
    if (error instanceof PersonRefusal || error instanceof OpaqueMessageError) await spend()
    throw error
  }
  await spend()
  return result
}

/** Browsers say where a request is from (Fetch, "Origin"), and pages elsewhere cannot say otherwise. */
function checkOrigin({ headers, host: authority }: FastifyRequest, host: string): void {
  const { origin, 'sec-fetch-site': site } = headers
  const own = URL.parse(`https://${authority}`)
  if (own?.hostname !== host.toLowerCase()) throw badRequest('this is not a name of this door')
  if (origin !== own.origin || (site !== undefined && site !== 'same-origin'))
    throw badRequest('this was not asked by a page of this door')
}

/** Who asks, proved as the row of the call says; the proof is to be spent. */
async function proved(
  kind: (typeof API)[CallName]['proof'],
  { method, headers, url, host: authority }: FastifyRequest,
  now: Temporal.Instant,
  { host, nonceKey, sessionOf }: RoutesOptions,
): Promise<{ readonly device?: ProvedDevice; readonly session?: OpenPersonSession }> {
  // Fields that arrive twice are joined by commas, which no proof has.
  const field = headers['dpop']?.toString()
  if (kind === 'none' || (kind === 'maybe' && field === undefined)) return {}
  const session = kind === 'session' ? await sessionOf(headers.cookie, now) : undefined
  if (kind === 'session' && session === undefined) throw new PersonRefusal('ERR_PERSON_NOT_SIGNED_IN')
  const verdict = checkProof(field, { method, authority, target: url, host, nonceKey, now, session })
  if (!verdict.ok) throw badProof(DPOP_RULES[verdict.rule][1])
  return { device: verdict.proved, ...(session && { session }) }
}

/** RFC 8259 §8.1: UTF-8, and no byte order mark; octets that are none are not read as something else. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function jsonOf(body: unknown): unknown {
  try {
    return JSON.parse(body instanceof Uint8Array ? UTF_8.decode(body) : '')
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError) throw badRequest('the body is not JSON')
    throw cause
  }
}

const badProof = (note: string) => new PersonRefusal('ERR_PERSON_PROOF', { note, isTold: true })

/** Says no: what was asked wrongly is told, what we did wrong goes to the log. */
function refuse(
  { log, clock, door }: RoutesOptions,
  error: FastifyError | Error,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const refusal = refusalOf(error)
  const { code } = refusal
  const { meeting, note, isTold, retryAfterSeconds } = refusal.circumstances
  const reference = meeting?.reference ?? referenceOfRandom(randomBytes(32))
  log('request.refused', { door, path: request.url, code, cause: note, reference })
  if (refusal.cause !== undefined) log('login.failed', { door, path: request.url, error: stackOf(refusal.cause) })
  const { status, headers, body } = meeting
    ? refusalAnswer('application/problem+json', meeting, clock(), code)
    : problemAnswer(code, isTold === true ? note : undefined, reference)
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds)
  return reply
    .code(refusal.cause === undefined ? status : FAILED)
    .headers(headers)
    .header(REFERENCE_FIELD, reference)
    .headers(FIELDS)
    .send(Buffer.from(body))
}

/** What is no refusal yet: of the framework, of a library, of the store, or a fault of ours. */
function refusalOf(error: FastifyError | Error): PersonRefusal {
  if (error instanceof PersonRefusal) return error
  if (error instanceof OpaqueMessageError) return badRequest(error.message)
  if ('statusCode' in error && error.statusCode !== undefined && error.statusCode < 500)
    return badRequest(error.message.toLowerCase())
  return new PersonRefusal(isOurs(error) ? error.code : 'ERR_GATE_FAULT', {}, { cause: error })
}

/** The store's own errors have codes of the one table. */
function isOurs(error: Error): error is Error & { readonly code: RefusalCode } {
  return 'code' in error && typeof error.code === 'string' && Object.hasOwn(REFUSALS, error.code)
}

function stackOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.stack ?? cause.message}` : String(cause)
}
