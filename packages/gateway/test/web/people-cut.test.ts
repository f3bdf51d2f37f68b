// People at a web door, as time goes on: what is locked, has grown old or is bound to something else ends, and nothing more.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { suite, test } from 'node:test'
import { openWebDoor, type WebDoorConfig } from '@countersign/gateway'
import { allowList, createLocks, type Locks, steadyAccess } from '@countersign/mtls'
import type { Decision } from '@countersign/protocol'
import { WebSocket, WebSocketServer } from 'ws'
import { issueLeaf } from '../../../../tools/testing/pki.ts'
import {
  ask,
  CALLERS,
  clientOptions,
  dial,
  issuing,
  openTestDoor,
  type TestDoor,
  until,
} from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2 } from '../support/http2-client.ts'
import { serveHttp } from '../support/plain-upstream.ts'
import {
  claimsIn,
  codeOf,
  cookieOf,
  echo,
  PAGE,
  PROOF,
  seenIn,
  type TestPeople,
  testPeople,
} from '../support/test-people.ts'

const { alice, bob } = CALLERS

suite('a person that is locked', () => {
  function lockable(): { readonly locks: Locks; readonly access: ReturnType<Locks['over']> } {
    const locks = createLocks()
    return { locks, access: locks.over(allowList(['alice', 'bob'])) }
  }
  const lock = (locks: Locks, door: TestDoor) =>
    door.sessions.cut(locks.replace([{ party: 'alice' }], 1n), 'ERR_POLICY_LOCKED')
  const endless = () => serveHttp((_request, response) => void response.write('the first line\n'))

  test('loses its running answer at once in HTTP/1.1, with its connection, and does not come in again', async () => {
    await using upstream = await endless()
    await using people = await testPeople()
    const { locks, access } = lockable()
    await using door = await openTestDoor(upstream, { people: people.open, access })
    const { Cookie } = cookieOf(people.signIn('alice'))
    const { socket, said, soFar } = await dial(door)
    socket.write(`GET / HTTP/1.1\r\nHost: h\r\nCookie: ${Cookie}\r\n\r\n`)
    await until(() => soFar().includes('the first line'), 'the answer')
    const [cut, ...others] = await lock(locks, door)
    assert.deepEqual([cut?.party, cut?.reference, others], ['alice', door.records[0]?.reference, []])
    assert.doesNotMatch(await said, /\r\n0\r\n\r\n$/)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    assert.deepEqual(people.causes, ['ERR_POLICY_LOCKED'])
    assert.equal((await ask(door, undefined, '/', { headers: { Cookie } })).status, 401)
    assert.ok(typeof people.signIn('alice') !== 'string')
  })
  test('in HTTP/2 loses its stream alone: others of the connection go on', async () => {
    await using upstream = await endless()
    await using people = await testPeople()
    const { locks, access } = lockable()
    await using door = await openTestDoor(upstream, { people: people.open, access })
    using caller = await connectHttp2(door)
    const get = (who: string) =>
      askHttp2(caller.session, {
        ...{ ':authority': 'hello.localhost', ':path': '/' },
        cookie: cookieOf(people.signIn(who)).Cookie,
      })
    const [hers] = [get('alice'), get('bob')]
    await until(() => upstream.open.size === 2, 'both are under way')
    await lock(locks, door)
    assert.notEqual((await hers).rstCode, 0)
    await until(() => upstream.open.size === 1, 'hers is let go')
    assert.equal(caller.session.destroyed, false)
  })
  test('loses its WebSocket, which no other origin could have opened, and nobody without a proof', async () => {
    await using upstream = await serveHttp((_request, response) => response.end())
    const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(sockets, 'listening')
    sockets.on('connection', (socket, { headers }) =>
      socket.send(`hello ${headers['sec-websocket-protocol']} ${headers['dpop']}`),
    )
    sockets.on('headers', (fields) =>
      fields.push('Set-Cookie: __Host-countersign=theirs; Path=/; Secure', 'Set-Cookie: a=1'),
    )
    await using people = await testPeople()
    const { locks, access } = lockable()
    const { port } = sockets.address() as { readonly port: number }
    await using door = await openTestDoor(upstream, {
      ...{ people: people.open, access },
      routes: [{ path: '/ws', upstream: { url: `http://127.0.0.1:${port}` } }],
    })
    const cookie = cookieOf(people.signIn('alice'))
    const proof = `countersign.dpop.${PROOF}`
    const open = (origin: string, protocols: string[] = ['countersign', proof]) =>
      new WebSocket(`wss://127.0.0.1:${door.port}/ws`, protocols, {
        ...clientOptions(),
        ...{ headers: { ...cookie, Host: 'hello.localhost' }, origin },
      } as object)
    for (const refused of [open('https://evil.example'), open('https://hello.localhost', [])]) {
      const [error] = (await once(refused, 'error')) as [Error]
      assert.match(error.message, /401/)
    }
    const chosen = open('https://hello.localhost', ['chat', proof])
    assert.equal(String((await once(chosen, 'message'))[0]), 'hello chat undefined')
    assert.equal(chosen.protocol, 'chat')
    chosen.close()
    await once(chosen, 'close')
    const socket = open('https://hello.localhost')
    const [[{ headers }], [said]] = (await Promise.all([once(socket, 'upgrade'), once(socket, 'message')])) as [
      [{ readonly headers: IncomingHttpHeaders }],
      [Buffer],
    ]
    assert.deepEqual(headers['set-cookie'], ['a=1'])
    // Neither is the application's.
    assert.deepEqual([String(said), socket.protocol], ['hello undefined undefined', 'countersign'])
    const closed = once(socket, 'close')
    await lock(locks, door)
    assert.equal((await closed)[0], 1006)
    await until(() => sockets.clients.size === 0, 'the upstream is let go')
    sockets.close()
  })
})

suite('a person that is found, and locked before its request goes on', () => {
  test('is refused as who is locked', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const headers = cookieOf(people.signIn('alice'))
    people.instead = async () => {
      const [request] = people.found
      const found = request ? people.look(request) : assert.fail()
      await door.sessions.cut(['party:alice'], 'ERR_POLICY_LOCKED')
      return found
    }
    const answer = await ask(door, undefined, '/', { headers })
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'ERR_POLICY_LOCKED'])
    assert.equal(upstream.reached, 0)
  })
})

suite('a service that asks for a fresh proof', () => {
  const MINUTES = 15
  /** Money moves by a passkey that is not older than a quarter of an hour. */
  const access = steadyAccess(({ caller, proofs, what, now }): Decision => {
    if (caller.party !== 'alice') return { ok: false, code: 'ERR_POLICY_NOT_ALLOWED', missing: [] }
    if (what === undefined) return { ok: true, rule: 'customers' }
    const recheckAt = proofs.find(({ kind }) => kind === 'passkey')?.at.add({ minutes: MINUTES })
    return recheckAt === undefined || Temporal.Instant.compare(now, recheckAt) > 0
      ? { ok: false, code: 'ERR_POLICY_PROOF', missing: ['passkey < 15m'], unproved: [['certificate'], ['passkey']] }
      : { ok: true, rule: 'money', recheckAt }
  })
  const setting = (url: string, people: TestPeople) => ({
    ...{ people: people.open, access },
    routes: [{ path: '/transfer', service: 'transfers', upstream: { url } }],
  })

  test('sends a page to give one, and tells a program; with it, it is there', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, setting(upstream.url, people))
    const cookie = people.signIn('alice')
    const headers = cookieOf(cookie)
    const page = await ask(door, undefined, '/transfer?to=x', { headers: { ...headers, ...PAGE } })
    assert.deepEqual(
      [page.status, page.headers.location],
      [303, '/login/step-up?to=%2Ftransfer%3Fto%3Dx&proof=passkey'],
    )
    const program = await ask(door, undefined, '/transfer', { headers })
    assert.deepEqual([program.status, codeOf(program)], [403, 'ERR_POLICY_PROOF'])
    assert.equal(upstream.reached, 0)
    assert.equal((await ask(door, undefined, '/', { headers })).status, 200)
    people.stepUp(String(cookie), ['passkey'])
    assert.equal((await ask(door, undefined, '/transfer', { headers })).status, 200)
  })
  test('ends what is under way when it has grown too old, and nothing else of the person', async () => {
    await using upstream = await serveHttp((_request, response) => void response.write('the first line\n'))
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, setting(upstream.url, people))
    const soonOld = Temporal.Now.instant().subtract({ minutes: MINUTES }).add({ milliseconds: 400 })
    const { Cookie } = cookieOf(people.signIn('alice', ['password', 'passkey'], soonOld))
    const { socket, said, soFar } = await dial(door)
    socket.write(`GET /transfer HTTP/1.1\r\nHost: h\r\nCookie: ${Cookie}\r\n\r\n`)
    await until(() => soFar().includes('the first line'), 'the answer')
    assert.doesNotMatch(await said, /\r\n0\r\n\r\n$/)
    assert.deepEqual(people.causes, [])
    assert.equal(door.sessions.find('party:alice').length, 1)
  })
  for (const unproved of [undefined, [['certificate', 'passkey']]] as const)
    test(`sends nobody in a circle: no page helps where rules lack ${JSON.stringify(unproved) ?? 'more'}`, async () => {
      await using upstream = await echo()
      await using people = await testPeople()
      await using door = await openTestDoor(upstream, {
        ...setting(upstream.url, people),
        access: steadyAccess(({ what }) =>
          what === undefined
            ? { ok: true, rule: 'all' }
            : { ok: false, code: 'ERR_POLICY_PROOF', missing: [], ...(unproved && { unproved }) },
        ),
      })
      const headers = { ...cookieOf(people.signIn('alice')), ...PAGE }
      assert.equal((await ask(door, undefined, '/transfer', { headers })).status, 403)
      assert.equal(upstream.reached, 0)
    })
  test('is not for who has no right to it: that is no matter of proofs', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, {
      ...setting(upstream.url, people),
      access: steadyAccess(({ what }) =>
        what === undefined ? { ok: true, rule: 'all' } : { ok: false, code: 'ERR_POLICY_NOT_ALLOWED', missing: [] },
      ),
    })
    const answer = await ask(door, undefined, '/transfer', {
      headers: { ...cookieOf(people.signIn('alice')), ...PAGE },
    })
    assert.equal(answer.status, 403)
    assert.equal(upstream.reached, 0)
  })
})

suite('a caller with a certificate', () => {
  test('is decided on as ever, and signs in like everybody', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open, callers: 'ask', allow: ['alice'] })
    assert.equal(codeOf(await ask(door, bob, '/login/')), 'ERR_CALLER_NOT_ALLOWED')
    assert.equal(people.asked.length, 0)
    assert.equal(codeOf(await ask(door, alice, '/')), 'ERR_PERSON_NOT_SIGNED_IN')
    assert.equal(upstream.reached, 0)
    assert.equal(people.found[0]?.certificateSha256, door.records[1]?.caller.certificate?.sha256)
  })
  test('is not taken for nobody because it has no name', async () => {
    const nameless = issueLeaf(issuing, 'nameless', {
      names: [{ kind: 'registeredID', value: '1.3.6.1' }],
      purpose: 'clientAuth',
    })
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open, callers: 'ask', allow: ['alice'] })
    assert.equal(codeOf(await ask(door, nameless, '/login/')), 'ERR_CALLER_NOT_ALLOWED')
    assert.equal(people.asked.length, 0)
  })
  test('may have its session bound to it: the statement says so, and without it the cookie is worth nothing', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open, callers: 'ask', allow: ['alice'] })
    await ask(door, alice, '/')
    const sha256 = door.records[0]?.caller.certificate?.sha256
    assert.ok(sha256)
    const headers = cookieOf(people.signIn('alice', ['passkey'], undefined, sha256))
    const seen = seenIn(await ask(door, alice, '/', { headers }))
    const { payload } = await claimsIn(door, seen)
    assert.deepEqual(payload['cnf'], { 'x5t#S256': Buffer.from(sha256, 'hex').toString('base64url') })
    assert.equal(seen['client-cert'], undefined)
    assert.equal(codeOf(await ask(door, undefined, '/', { headers })), 'ERR_PERSON_COOKIE')
    assert.equal(upstream.reached, 1)
  })
  test('is needed where the door requires one, whoever has signed in', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open, callers: 'require' })
    const answer = await ask(door, undefined, '/', { headers: cookieOf(people.signIn('alice')) })
    assert.equal(codeOf(answer), 'ERR_CALLER_NO_CERTIFICATE')
    assert.equal(upstream.reached, 0)
  })
})

suite('a door with people', () => {
  test('drains as soon as nobody is connected, and signs nobody out', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    await ask(door, undefined, '/', { headers: cookieOf(people.signIn('alice')) })
    assert.equal(door.sessions.find('party:alice').length, 1)
    const began = performance.now()
    await door.door.drain(10_000)
    assert.ok(performance.now() - began < 5_000)
    assert.deepEqual([people.causes, people.isClosed, door.sessions.size], [[], true, 0])
  })
  test('keeps login through a change of its services', async () => {
    await using upstream = await echo()
    await using other = await serveHttp((_request, response) => response.end('the other'))
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const headers = cookieOf(people.signIn('alice'))
    const config: WebDoorConfig = {
      ...{ name: 'hello', host: ['hello.localhost'], listen: { host: '127.0.0.1', port: 0 } },
      ...{ assertion: 'bank', people: {}, upstream: { url: other.url } },
    }
    ;(await door.door.prepare(config)).apply()
    assert.equal((await ask(door, undefined, '/', { headers })).body, 'the other')
    assert.equal((await ask(door, undefined, '/login/')).body, 'login')
  })
  for (const [what, assertion, hasAccounts, why] of [
    ['where the service would not learn who came', undefined, true, /people needs assertion/],
    ['where the house has no accounts', 'bank', false, /it has no accounts/],
  ] as const)
    test(`does not open ${what}`, async () => {
      await using upstream = await echo()
      await using people = await testPeople()
      await using standing = await openTestDoor(upstream, { people: people.open })
      const config: WebDoorConfig = {
        ...{ name: 'other', host: ['hello.localhost'], listen: { host: '127.0.0.1', port: 0 }, people: {} },
        ...(assertion !== undefined && { assertion }),
        upstream: { url: upstream.url },
      }
      const house = { ...standing.house, ...(hasAccounts && { people: people.open }) }
      await assert.rejects(
        openWebDoor(config, house),
        (error: unknown) => error instanceof TypeError && why.test(error.message),
      )
    })
})
