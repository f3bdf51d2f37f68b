// A browser at a door of a test: its device, its cookie, the next nonce, and the calls of the table.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { createAccountAllowance, createAddressAllowance, createCallAllowance } from '../../src/address-allowance.ts'
import { type AnswerOf, API, type BodyOf, type CallName } from '../../src/api.ts'
import type { Calls } from '../../src/asked.ts'
import { createCallsUnderWay } from '../../src/calls-under-way.ts'
import { apiRoutes } from '../../src/routes.ts'
import { makeNonce } from '../../src/session/nonce.ts'
import { openSessions, type Sessions } from '../../src/session/sessions.ts'
import { setUpCalls } from '../../src/setup/calls.ts'
import { signInCalls } from '../../src/signin/calls.ts'
import type { SignInGround } from '../../src/signin/model.ts'
import { type TestBank, testBank } from './bank.ts'
import { AUTHORITY, HOST, newDevice, ORIGIN, type TestDevice } from './device.ts'

/** An answer, as a page has it. */
export type Answered = Pick<LightMyRequestResponse, 'statusCode' | 'headers' | 'body' | 'json'>

/** Where requests go: into Fastify itself, or over the network. */
export interface Asking {
  inject(request: {
    readonly method: 'POST'
    readonly url: string
    readonly payload: string | Buffer
    readonly headers: Readonly<Record<string, string>>
  }): Promise<Answered>
}

/** A door that browsers can ask. */
export interface AskedDoor extends TestBank {
  readonly app: Asking
}

/** One process of a door, with its calls. */
export interface TestDoor extends AskedDoor {
  readonly app: FastifyInstance
  readonly sessionsOf: Sessions
  readonly signInGround: SignInGround
}

/** Opens one; `beside` is another process of the same login. */
export async function testDoor(t: TestContext, beside?: TestBank, others: Partial<Calls> = {}): Promise<TestDoor> {
  const bank = await testBank(t, beside)
  const { ground, time } = bank
  const sessionsOf = openSessions(ground)
  const signInGround: SignInGround = {
    ...ground,
    openSession: sessionsOf.open,
    people: sessionsOf.people,
    allowance: createAddressAllowance(() => time.now().epochMilliseconds),
  }
  const app = fastify()
  app.register((scope, _, done) => {
    apiRoutes(scope, {
      ...ground,
      calls: { ...setUpCalls({ ...ground, opened: sessionsOf }), ...signInCalls(signInGround), ...others },
      callsUnderWay: createCallsUnderWay(),
      nonceKey: ground.secret.key('proof nonce'),
      sessionOf: async () => undefined,
      allowance: createCallAllowance(),
      accountAllowance: createAccountAllowance(),
      addressOf: (request) => request.headers['x-forwarded-for']?.toString() ?? '192.0.2.1',
      certificateOf: () => undefined,
    })
    done()
  })
  t.after(async () => {
    await app.close()
    await sessionsOf.close()
  })
  return { ...bank, app, sessionsOf, signInGround }
}

/** A no, as a page reads it. */
export interface Problem {
  readonly status: number
  readonly code: string
  readonly reference: string
  readonly detail: string
  readonly retryAfter: string | undefined
}

/** Thrown where a call is refused. */
export class RefusedCall extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.code}: ${problem.detail}`)
    this.problem = problem
  }
}

/** One browser of somebody. */
export interface Browser {
  readonly device: TestDevice
  readonly cookie: string | undefined
  /** Goes on at another process. */
  at(door: AskedDoor): void
  /** @throws {RefusedCall} (rejects) */
  ask<Name extends CallName>(name: Name, body: BodyOf<Name>): Promise<AnswerOf<Name>>
  /** The answer as it is; a text is sent as it stands, and so are octets. */
  send(name: CallName, body: unknown): Promise<Answered>
}

/** Opens a browser. @param options `address`: of its network. `hasKeys`: without, nothing is proved. */
export async function newBrowser(
  first: AskedDoor,
  options: {
    readonly address?: string
    readonly name?: string
    readonly hasKeys?: boolean
    readonly device?: TestDevice
    /** One that was opened before. */
    readonly session?: { readonly cookie: string; readonly ath: string }
  } = {},
): Promise<Browser> {
  const { address = '192.0.2.1', hasKeys = true } = options
  const device = options.device ?? (await newDevice(options.name))
  let door = first
  let cookie = options.session?.cookie
  let ath = options.session?.ath

  const send = async (name: CallName, body: unknown) => {
    const { proof } = API[name]
    const nonce = makeNonce(door.secret.key('proof nonce'), door.time.now())
    const dpop =
      proof === 'none' || !hasKeys ? undefined : await device.prove(name, nonce, proof === 'session' ? ath : undefined)
    const answer = await door.app.inject({
      method: 'POST',
      url: `/login/api/${name}`,
      payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      headers: {
        host: AUTHORITY,
        origin: ORIGIN,
        'content-type': 'application/json',
        'x-forwarded-for': address,
        ...(dpop !== undefined && { dpop }),
        ...(cookie !== undefined && { cookie }),
      },
    })
    const set = answer.headers['set-cookie']?.toString().split(';')[0]
    if (set !== undefined) cookie = set
    ath = answer.headers['countersign-ath']?.toString() ?? ath
    return answer
  }
  return {
    device,
    get cookie() {
      return cookie
    },
    at(next) {
      door = next
    },
    send,
    async ask<Name extends CallName>(name: Name, body: BodyOf<Name>) {
      const answer = await send(name, body)
      const said: Record<string, string> = answer.json()
      if (answer.statusCode === 200) return said as AnswerOf<Name>
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      const { code = '', reference = '', detail = '' } = said
      const retryAfter = answer.headers['retry-after']?.toString()
      throw new RefusedCall({ status: answer.statusCode, code, reference, detail, retryAfter })
    },
  }
}

/** The code by which `asked` is refused; fails where it is not. */
export async function refusedBy(asked: Promise<unknown>): Promise<Problem> {
  try {
    await asked
  } catch (error) {
    if (error instanceof RefusedCall) return error.problem
    throw error
  }
  return assert.fail('it was not refused')
}

export { HOST }
