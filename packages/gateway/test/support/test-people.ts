// People of a test: met by `createPeople` as login meets them, found by a cookie, and proved by a word in place of a signature.
import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OpenPeople, PeopleHouse } from '@countersign/gateway'
import { createPeople, type FoundPerson, type PersonClaims, type PersonRequest } from '@countersign/mtls'
import type { Meeting, Proof, RefusalCode, Side } from '@countersign/protocol'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { TestDoor } from '../../../../tools/testing/web-house.ts'
import { type PlainUpstream, serveHttp } from './plain-upstream.ts'

/** RFC 7638 §3.1 has it as an example. */
export const DEVICE = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs'
/** In place of a fresh proof of the device, in the field `DPoP`. */
export const PROOF = 'a-fresh-proof'
export const SECRET = 'a secret of the door'

interface Signed {
  person: Extract<ReturnType<ReturnType<typeof createPeople>['meet']>, { readonly ok: true }>
  confirmed: PersonClaims['confirmed']
  isStale: boolean
  isBoundTo?: string
  readonly ends: Set<(cause: RefusalCode) => void>
}

export interface TestPeople extends AsyncDisposable {
  readonly open: OpenPeople
  readonly house: PeopleHouse
  /** What login was asked: heads as they came. */
  readonly asked: readonly IncomingMessage[]
  readonly found: readonly PersonRequest[]
  /** Why sessions ended. */
  readonly causes: readonly RefusalCode[]
  readonly isClosed: boolean
  /** Answers the value of the cookie, or the refused meeting. */
  signIn(
    account: string,
    kinds?: readonly Proof['kind'][],
    at?: Temporal.Instant,
    certificateSha256?: string,
  ): string | Meeting
  /** The same session, by what was proved now. */
  stepUp(cookie: string, kinds: readonly Proof['kind'][]): void
  confirm(cookie: string, sha256: string): void
  /** From now on it asks for a proof first. */
  stale(cookie: string): void
  /** What is found of a request as it stands. */
  look(request: PersonRequest): FoundPerson
  /** What is found instead, whoever asks. */
  instead: FoundPerson | (() => Promise<FoundPerson>) | undefined
}

export async function testPeople(
  answer: RequestListener = (_request, response) => response.end('login'),
): Promise<TestPeople> {
  const asked: IncomingMessage[] = []
  const found: PersonRequest[] = []
  const causes: RefusalCode[] = []
  const signed = new Map<string, Signed>()
  const server = createServer((request, response) => {
    asked.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let house: PeopleHouse | undefined
  let met: ReturnType<typeof createPeople> | undefined
  let isClosed = false
  let count = 0
  const ready = () => {
    if (house === undefined || met === undefined) throw new Error('no door has opened its people')
    return { house, met }
  }
  const shown = (account: string, kinds: readonly Proof['kind'][], at: Temporal.Instant) =>
    kinds.map((kind): Proof => ({ kind, subject: { kind: 'account', value: account }, at, binding: 'device' }))

  const people: TestPeople = {
    asked,
    found,
    causes,
    instead: undefined,
    get isClosed() {
      return isClosed
    },
    get house() {
      return ready().house
    },
    async open(_config, given) {
      house = given
      met = createPeople(given, given.log)
      return {
        upstream: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, secret: SECRET },
        async find(request) {
          found.push(request)
          const { instead } = people
          if (instead !== undefined) return typeof instead === 'function' ? instead() : instead
          return findIn(signed, request)
        },
        async close() {
          isClosed = true
          for (const { person } of signed.values()) person.release()
        },
      }
    },
    signIn(account, kinds = ['password', 'totp'], at = Temporal.Now.instant(), certificateSha256) {
      const caller: Side = { name: account, party: account, identities: [{ kind: 'account', value: account }] }
      const proofs = shown(account, kinds, at)
      const ends: Signed['ends'] = new Set()
      const cookie = `${account}-${++count}`
      const person = ready().met.meet(
        {
          caller,
          proofs,
          evidence: [
            { kind: 'device', keySha256: DEVICE, known: true },
            { kind: 'picture', sealedTo: 'device' },
            { kind: 'opaque' },
            { kind: 'proofs', proofs },
            { kind: 'proofs', proofs },
            { kind: 'bound', to: 'device', keySha256: DEVICE },
          ],
        },
        endOf(cookie, ends),
      )
      if (!person.ok) return person.meeting
      ready().house.record(person.session.meeting)
      signed.set(cookie, {
        person,
        ends,
        confirmed: [],
        isStale: false,
        ...(certificateSha256 && { isBoundTo: certificateSha256 }),
      })
      return cookie
    },
    stepUp(cookie, kinds) {
      const entry = entryOf(cookie)
      const { session, release } = entry.person
      release()
      const proofs = [...session.proofs, ...shown(session.meeting.caller.name, kinds, Temporal.Now.instant())]
      const person = ready().met.resume(session.meeting, proofs, endOf(cookie, entry.ends))
      if (!person.ok) throw new Error('the session was refused')
      entry.person = person
    },
    confirm(cookie, sha256) {
      entryOf(cookie).confirmed = [{ sha256, by: 'passkey', at: Temporal.Instant.from('2026-11-27T12:00:00.9Z') }]
    },
    look: (request) => findIn(signed, request),
    stale(cookie) {
      entryOf(cookie).isStale = true
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const endOf = (cookie: string, ends: Signed['ends']) => (cause: RefusalCode) => {
    causes.push(cause)
    signed.delete(cookie)
    for (const end of [...ends]) end(cause)
  }
  const entryOf = (cookie: string): Signed => {
    const entry = signed.get(cookie)
    if (entry === undefined) throw new Error('nobody has signed in by that cookie')
    return entry
  }
  return people
}

function findIn(signed: ReadonlyMap<string, Signed>, request: PersonRequest): FoundPerson {
  const { cookie, method, proof, isUpgrade, origin, authority, certificateSha256 } = request
  const value = /(?:^|; )__Host-countersign=([^;]*)/.exec(cookie ?? '')?.[1]
  const entry = value === undefined ? undefined : signed.get(value)
  if (entry === undefined) return { kind: 'nobody' }
  const isSafe = ['GET', 'HEAD', 'OPTIONS'].includes(method)
  const isProved = isUpgrade ? origin === `https://${authority}` && proof === PROOF : isSafe || proof === PROOF
  if (!isProved) return { kind: 'refused', code: 'ERR_PERSON_PROOF' }
  if (entry.isStale) return { kind: 'renew' }
  if (entry.isBoundTo !== undefined && entry.isBoundTo !== certificateSha256)
    return { kind: 'refused', code: 'ERR_PERSON_COOKIE' }
  const { session } = entry.person
  return {
    kind: 'person',
    session,
    claims: {
      ...(entry.isBoundTo === undefined && { jkt: DEVICE }),
      proofs: session.proofs.map(({ kind, at, binding }) => ({ kind, at, binding })),
      confirmed: entry.confirmed,
    },
    follow(end) {
      entry.ends.add(end)
      return () => entry.ends.delete(end)
    },
  }
}

/** Of a browser that loads a page. */
export const PAGE = { Accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' } as const
/** Says what it was told. */
export const echo = (): Promise<PlainUpstream> =>
  serveHttp((request, response) => response.end(JSON.stringify(request.headers)))
/** The field of a session. */
export const cookieOf = (value: string | Meeting): { readonly Cookie: string } => {
  assert.ok(typeof value === 'string', 'the person was refused')
  return { Cookie: `__Host-countersign=${value}` }
}
export const codeOf = ({ body }: { readonly body: string }): string | undefined =>
  (JSON.parse(body) as { code?: string }).code
export const seenIn = ({ body }: { readonly body: string }): IncomingHttpHeaders =>
  JSON.parse(body) as IncomingHttpHeaders

/** What the statement says, as a library reads it that is not ours. */
export function claimsIn(door: TestDoor, seen: IncomingHttpHeaders): ReturnType<typeof jwtVerify> {
  const keys = createLocalJWKSet({ keys: [...(door.door.keys?.() ?? [])] as never })
  return jwtVerify(String(seen['countersign-assertion']), keys, {
    audience: 'bank',
    issuer: 'https://hello.localhost',
    algorithms: ['ES256'],
  })
}
