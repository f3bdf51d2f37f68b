// The way in for people: login behind the door, on this machine, and who may reach it.
import { type Access, type AccessQuestion, sideOf } from '@countersign/mtls'
import type { Decision } from '@countersign/protocol'
import type { Route } from './met-server.ts'
import { LOGIN_PATH, type People, type PeopleConfig, type WebHouse } from './people.ts'
import type { RouteKey } from './routes.ts'
import { openUpstream } from './upstream.ts'

/** Login, as the door has it. */
export interface Login {
  readonly people: People
  /** Before those of any application, whatever the host. */
  readonly routes: readonly (Route & RouteKey)[]
  /** Forgets whom it has met, before their sessions would be cut. */
  stop(): Promise<void>
  close(): Promise<void>
}

/** What of a door's configuration this needs. */
export interface LoginConfig {
  readonly name: string
  readonly host: readonly [string, ...string[]]
  readonly assertion?: string
  readonly people?: PeopleConfig
}

/** @throws {TypeError} (rejects) where nobody can sign in here, or the service could not be told who did. */
export async function openLogin(
  { name, host, assertion, people: config }: LoginConfig,
  house: WebHouse,
): Promise<Login> {
  if (assertion === undefined) throw new TypeError('people needs assertion: by that the service learns who signed in')
  if (house.people === undefined) throw new TypeError('people cannot sign in at this house: it has no accounts')
  const { access, sessions, clock, record, log, files, trust, identity } = house
  const people = await house.people(
    { ...config, host },
    {
      ...{ door: name, access, sessions, clock, record, log, trust, identity },
      ...(files && { files }),
      callee: () => sideOf(identity.current().certificates[0], name, 'callee'),
    },
  )
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= people.close()
    return stopped
  }
  const upstream = openUpstream({ url: people.upstream.url }, name, house)
  return {
    people,
    routes: host.map((each) => ({ host: each, path: LOGIN_PATH, upstream, isLogin: true })),
    stop,
    async close() {
      await stop()
      await upstream.close()
    },
  }
}

/**
 * At the handshake, whoever shows no certificate comes in, to sign in: nothing but login hears of it until then. Who shows one is
 * asked for as ever.
 */
export function lettingNobodyIn(access: Access): Access {
  return {
    decide: (question) => (isNobody(question) ? TO_SIGN_IN : access.decide(question)),
    onChange: (listener) => access.onChange(listener),
  }
}

const TO_SIGN_IN: Decision = { ok: true, rule: 'to sign in' }

function isNobody({ caller: { certificate, party, identities }, what }: AccessQuestion): boolean {
  return what === undefined && certificate === undefined && party === undefined && identities.length === 0
}
