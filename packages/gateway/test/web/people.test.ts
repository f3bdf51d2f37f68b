// People at a web door: nobody reaches anything but login, and who has signed in is stated, asked for and cut like every caller.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Meeting } from '@countersign/protocol'
import { ask, CALLERS, dial, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2 } from '../support/http2-client.ts'
import { serveHttp } from '../support/plain-upstream.ts'
import {
  claimsIn,
  codeOf,
  cookieOf,
  DEVICE,
  echo,
  PAGE,
  PROOF,
  SECRET,
  seenIn,
  testPeople,
} from '../support/test-people.ts'

const { alice } = CALLERS
const UPGRADE = {
  ...{ Connection: 'Upgrade', Upgrade: 'websocket', Origin: 'https://hello.localhost' },
  ...{ 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' },
} as const

suite('nobody', () => {
  for (const [path, to] of [
    ['/', '%2F'],
    ['/accounts?from=1&to=2', '%2Faccounts%3Ffrom%3D1%26to%3D2'],
    [`/${'a'.repeat(2_000)}`, '%2F'],
  ] as const)
    test(`who loads a page goes to login and comes back: ${path.slice(0, 30)}`, async () => {
      await using upstream = await echo()
      await using people = await testPeople()
      await using door = await openTestDoor(upstream, { people: people.open })
      const { status, headers, body } = await ask(door, undefined, path, { headers: PAGE })
      assert.deepEqual([status, headers.location, body], [303, `/login/?to=${to}`, ''])
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(upstream.reached, 0)
    })

  const told: readonly (readonly [name: string, options: Parameters<typeof ask>[3]])[] = [
    ['a program', {}],
    ['whoever would change something', { method: 'POST', body: 'amount=1' }],
    ['a WebSocket', { headers: UPGRADE }],
    ['a cookie that nobody has', { headers: { Cookie: '__Host-countersign=alice-1' } }],
    [
      'one that says who it is',
      { headers: { 'Remote-User': 'alice', 'Countersign-Assertion': 'x', 'Client-Cert': ':AA==:' } },
    ],
    ['one that says that it is the door', { headers: { 'Countersign-Door': SECRET } }],
  ]
  for (const [name, options] of told)
    test(`is told what to do: ${name}`, async () => {
      await using upstream = await echo()
      await using people = await testPeople()
      await using door = await openTestDoor(upstream, { people: people.open, allow: ['*'] })
      const answer = await ask(door, undefined, '/', options)
      assert.deepEqual([answer.status, codeOf(answer)], [401, 'ERR_PERSON_NOT_SIGNED_IN'])
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      assert.equal(answer.headers['www-authenticate'], 'DPoP algs="ES256"')
      assert.equal(upstream.reached + people.asked.length, 0)
    })

  for (const [name, options] of [
    ['a script that asks for a page', { headers: { ...PAGE, 'Sec-Fetch-Mode': 'cors' } }],
    ['a form that was sent', { method: 'POST', headers: { ...PAGE, 'Sec-Fetch-Mode': 'navigate' }, body: 'a=1' }],
  ] as const)
    test(`is told so on a page, and not sent on: ${name}`, async () => {
      await using upstream = await echo()
      await using people = await testPeople()
      await using door = await openTestDoor(upstream, { people: people.open })
      const { status, headers, body } = await ask(door, undefined, '/', options)
      assert.deepEqual([status, headers.location], [401, undefined])
      assert.match(body, /Nobody has signed in here/)
      assert.equal(upstream.reached, 0)
    })

  test('in HTTP/2 reaches no more: neither by a request nor by a WebSocket', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    using caller = await connectHttp2(door)
    const at = { ':authority': 'hello.localhost', ':path': '/' }
    assert.equal(codeOf(await askHttp2(caller.session, at)), 'ERR_PERSON_NOT_SIGNED_IN')
    const socket = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', 'sec-websocket-version': '13' }
    assert.equal((await askHttp2(caller.session, { ...at, ...socket }, '')).status, 401)
    assert.equal((await askHttp2(caller.session, { ...at, accept: PAGE.Accept })).headers.location, '/login/?to=%2F')
    assert.equal(upstream.reached, 0)
  })

  test('who has signed in or not gets no worker for the root of the site, and one for a directory of the service', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open, allow: ['*'] })
    const cookie = cookieOf(people.signIn('alice'))
    const worker = { 'Service-Worker': 'script', ...cookie }
    const session = (await connectHttp2(door)).session
    for (const path of ['/sw.js', '/', '/sw.js?v=/app/'])
      for (const headers of [worker, { 'Service-Worker': 'script' }, { 'Service-Worker': '' }]) {
        const told = await ask(door, undefined, path, { headers })
        assert.deepEqual([told.status, codeOf(told)], [403, 'ERR_DOOR_WORKER'], path)
      }
    const at = { ':authority': 'hello.localhost', ':path': '/sw.js', 'service-worker': 'script' }
    assert.equal(codeOf(await askHttp2(session, at)), 'ERR_DOOR_WORKER')
    assert.equal(upstream.reached, 0)
    session.destroy()
    assert.equal((await ask(door, undefined, '/app/sw.js', { headers: worker })).status, 200)
    assert.equal((await ask(door, undefined, '/sw.js', { headers: cookie })).status, 200)
    // Login has one at the root, and nobody else.
    assert.equal((await ask(door, undefined, '/login/worker.js', { headers: worker })).status, 200)
  })

  test('comes in at the handshake whatever the list says of nobody; one meeting for each connection', async () => {
    await using people = await testPeople()
    await using door = await openTestDoor(undefined, {
      people: people.open,
      routes: [{ path: '/', upstream: { url: 'http://127.0.0.1:9' } }],
    })
    const answer = await ask(door, undefined, '/.well-known/countersign/meeting')
    const { outcome } = JSON.parse(answer.body) as Meeting
    assert.deepEqual(outcome, { ok: true, decision: { ok: true, rule: 'to sign in' } })
    assert.equal(door.records.length, 1)
  })
})

suite('login', () => {
  test('hears whoever asks, with what shows that this door does, and from where', async () => {
    await using upstream = await echo()
    await using people = await testPeople((_request, response) => {
      response.setHeader('Set-Cookie', '__Host-countersign=alice-1; Path=/; Secure; HttpOnly; SameSite=Lax')
      response.setHeader('DPoP-Nonce', 'n').setHeader('Countersign-Ath', 'a').end('welcome')
    })
    await using door = await openTestDoor(upstream, { people: people.open })
    const headers = {
      ...{ Cookie: 'a=b; __Host-countersign=x', DPoP: PROOF, 'Countersign-Door': 'mine', countersign_door: 'mine too' },
      ...{ 'X-Forwarded-For': '192.0.2.1', 'Remote-User': 'alice', 'Client-Cert': ':AA==:' },
    }
    const answer = await ask(door, undefined, '/login/api/begin', { method: 'POST', headers, body: '{}' })
    assert.deepEqual([answer.status, answer.body], [200, 'welcome'])
    assert.match(String(answer.headers['set-cookie']), /^__Host-countersign=alice-1;/)
    assert.deepEqual([answer.headers['dpop-nonce'], answer.headers['countersign-ath']], ['n', 'a'])
    const [seen] = people.asked
    assert.ok(seen)
    const names = seen.rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
    assert.equal(seen.headers['countersign-door'], SECRET)
    assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1')
    assert.deepEqual([seen.headers.cookie, seen.headers['dpop']], [headers.Cookie, PROOF])
    assert.equal(seen.headers.host, 'hello.localhost')
    for (const name of ['countersign_door', 'remote-user', 'client-cert', 'countersign-assertion'])
      assert.ok(!names.includes(name), name)
    assert.equal(people.found.length, 0)
    assert.equal(upstream.reached, 0)
  })
  test('is shown the certificate of who has met the door by one', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open, callers: 'ask' })
    await ask(door, alice, '/login/')
    assert.equal(people.asked[0]?.headers['client-cert'], `:${Buffer.from(alice.certificate.der).toString('base64')}:`)
  })
  test('is reached under every host of the door, before any route of the application', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(undefined, {
      people: people.open,
      hosts: ['www.example'],
      routes: [
        { host: 'www.example', path: '/', upstream: { url: upstream.url } },
        { path: '/', upstream: { url: upstream.url } },
      ],
    })
    for (const Host of ['hello.localhost', 'www.example', 'WWW.example:8443'])
      for (const path of ['/login', '/login/', '/login/x?y'])
        assert.equal((await ask(door, undefined, path, { headers: { Host } })).body, 'login', `${Host} ${path}`)
    assert.equal(upstream.reached, 0)
  })
  for (const path of ['/LOGIN/', '/login/../accounts', '/%6cogin/', '//login/', '/login%2f', '/login./x', '/login%3fx'])
    test(`is not what somebody could take for it, and neither is the application: ${path}`, async () => {
      await using upstream = await echo()
      await using people = await testPeople()
      await using door = await openTestDoor(upstream, { people: people.open })
      const answer = await ask(door, undefined, path, { headers: cookieOf(people.signIn('alice')) })
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'ERR_DOOR_REQUEST'])
      assert.equal(upstream.reached + people.asked.length, 0)
    })
  test('has no neighbour that is let in with it', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    assert.equal((await ask(door, undefined, '/loginx')).status, 401)
    assert.equal((await ask(door, undefined, '/x/login')).status, 401)
    assert.equal(people.asked.length + upstream.reached, 0)
  })
  test('that is away is 502, and nobody gets past it', async () => {
    await using upstream = await echo()
    const people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    await people[Symbol.asyncDispose]()
    const answer = await ask(door, undefined, '/login/')
    assert.deepEqual([answer.status, codeOf(answer)], [502, 'ERR_DOOR_UPSTREAM'])
    assert.equal(upstream.reached, 0)
  })
})

suite('a person', () => {
  test('reaches the application with a statement that a library verifies, and nothing else says who it is', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const at = Temporal.Instant.from('2026-11-27T10:30:15.7Z')
    const { Cookie } = cookieOf(people.signIn('alice', ['password', 'totp'], at))
    const answer = await ask(door, undefined, '/accounts', {
      headers: {
        ...{ Cookie: `a=1; ${Cookie}; b=2`, 'Remote-User': 'bob', 'Client-Cert': ':AA==:', 'X-User': 'bob' },
        ...{ 'Countersign-Assertion': 'forged', countersign_assertion: 'forged', DPoP: 'x', 'D-POP': 'kept' },
      },
    })
    const seen = seenIn(answer)
    const { payload, protectedHeader } = await claimsIn(door, seen)
    const { iat, exp, ...claims } = payload
    assert.deepEqual(claims, {
      ...{ iss: 'https://hello.localhost', aud: 'bank', sub: 'alice', identities: ['account:alice'] },
      proofs: [
        { kind: 'password', at: at.epochMilliseconds / 1000 - 0.7, binding: 'device' },
        { kind: 'totp', at: at.epochMilliseconds / 1000 - 0.7, binding: 'device' },
      ],
      ...{ confirmed: [], cnf: { jkt: DEVICE }, door: 'hello', reference: door.records[0]?.reference },
    })
    assert.equal(Number(exp) - Number(iat), 60)
    assert.equal(protectedHeader.alg, 'ES256')
    assert.equal(seen.cookie, 'a=1; b=2')
    for (const name of ['dpop', 'client-cert', 'client-cert-chain', 'remote-user', 'x-user', 'countersign_assertion'])
      assert.equal(seen[name], undefined, name)
    assert.equal(seen['d-pop'], 'kept')
  })
  test('the same in HTTP/2, where cookies come apart; a cookie that is left over alone leaves no field', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const { Cookie } = cookieOf(people.signIn('alice'))
    using caller = await connectHttp2(door)
    const at = { ':authority': 'hello.localhost', ':path': '/' }
    const seen = seenIn(await askHttp2(caller.session, { ...at, cookie: ['a=1', Cookie] }))
    assert.equal(seen.cookie, 'a=1')
    assert.equal((await claimsIn(door, seen)).payload.sub, 'alice')
    assert.equal(seenIn(await askHttp2(caller.session, { ...at, cookie: Cookie })).cookie, undefined)
  })
  test('is stated as it stands now: what was confirmed and proved meanwhile is in the next request', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const cookie = people.signIn('alice')
    const claims = async () =>
      (await claimsIn(door, seenIn(await ask(door, undefined, '/', { headers: cookieOf(cookie) })))).payload
    assert.deepEqual((await claims())['confirmed'], [])
    people.confirm(String(cookie), 'x'.repeat(43))
    // 2026-11-27T12:00:00Z, by `date +%s`.
    assert.deepEqual((await claims())['confirmed'], [{ sha256: 'x'.repeat(43), by: 'passkey', at: 1795780800 }])
    people.stepUp(String(cookie), ['passkey'])
    const kinds = ((await claims())['proofs'] as { kind: string }[]).map(({ kind }) => kind)
    assert.deepEqual(kinds, ['password', 'totp', 'passkey'])
  })
  test('changes something by a proof alone', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const headers = cookieOf(people.signIn('alice'))
    const without = await ask(door, undefined, '/transfer', { method: 'POST', headers, body: 'amount=1' })
    assert.deepEqual([without.status, codeOf(without)], [401, 'ERR_PERSON_PROOF'])
    assert.equal(upstream.reached, 0)
    const proved = await ask(door, undefined, '/transfer', { method: 'POST', headers: { ...headers, DPoP: PROOF } })
    assert.equal(proved.status, 200)
    assert.deepEqual(people.found.at(-1), {
      ...{ method: 'POST', authority: 'hello.localhost', target: '/transfer', cookie: headers.Cookie, proof: PROOF },
      ...{ origin: undefined, isUpgrade: false, certificateSha256: undefined },
    })
  })
  test('is sent to renew its cookie on a page, and told elsewhere', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const cookie = people.signIn('alice')
    people.stale(String(cookie))
    const headers = cookieOf(cookie)
    const page = await ask(door, undefined, '/a?b', { headers: { ...headers, ...PAGE } })
    assert.deepEqual([page.status, page.headers.location], [303, '/login/renew?to=%2Fa%3Fb'])
    const program = await ask(door, undefined, '/a?b', { headers })
    assert.deepEqual([program.status, codeOf(program)], [401, 'ERR_PERSON_PROOF'])
    assert.equal(upstream.reached, 0)
  })
  test('gets no session of its own from the application: what else that sets goes on', async () => {
    await using upstream = await serveHttp((_request, response) => {
      response.setHeader('Set-Cookie', [
        '__Host-countersign=theirs; Path=/; Secure',
        'basket=1; Path=/',
        ' __host-COUNTERSIGN =; Max-Age=0',
        'x=__Host-countersign=no',
      ])
      response.setHeader('DPoP-Nonce', 'theirs').setHeader('Countersign-Ath', 'theirs').end('hello')
    })
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const { headers, body } = await ask(door, undefined, '/', { headers: cookieOf(people.signIn('alice')) })
    assert.deepEqual(headers['set-cookie'], ['basket=1; Path=/', 'x=__Host-countersign=no'])
    assert.deepEqual([body, headers['dpop-nonce'], headers['countersign-ath']], ['hello', undefined, undefined])
  })
  test('has a record that it can see, a line in the log, and a place among the sessions', async () => {
    await using upstream = await serveHttp((_request, response) => response.end('0123456789'))
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    const headers = cookieOf(people.signIn('alice'))
    await ask(door, undefined, '/', { headers })
    const record = door.records[0]
    assert.equal(record?.caller.party, 'alice')
    const own = JSON.parse(
      (await ask(door, undefined, '/.well-known/countersign/meeting', { headers })).body,
    ) as Meeting
    assert.deepEqual([own.reference, own.caller.name, own.steps.length], [record.reference, 'alice', 6])
    assert.deepEqual([door.done[0]?.['caller'], door.done[0]?.['reference']], ['alice', record.reference])
    const [session] = door.sessions.find('party:alice')
    assert.equal(session?.meeting.reference, record.reference)
    assert.ok((session?.octetsSent() ?? 0) >= 10)
  })
  test('is refused as login says, by the record that it names', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open, allow: ['alice'] })
    const refused = people.signIn('bob')
    assert.ok(typeof refused !== 'string' && !refused.outcome.ok)
    people.instead = { kind: 'refused', code: refused.outcome.refusal.code, meeting: refused }
    const answer = await ask(door, undefined, '/')
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'ERR_CALLER_NOT_ALLOWED'])
    assert.equal(answer.headers['countersign-reference'], refused.reference)
    people.instead = { kind: 'refused', code: 'ERR_PERSON_COOKIE' }
    const page = await ask(door, undefined, '/', { headers: PAGE })
    assert.equal(page.status, 401)
    assert.match(page.body, /perhaps by somebody else, so the session has ended/)
    assert.doesNotMatch(page.body, /choose again|<details/)
    people.instead = { kind: 'refused', code: 'ERR_PERSON_SIGNED_OUT', meeting: refused }
    for (let i = 0; i < 3; i++) {
      const { body } = await ask(door, undefined, '/', { headers: PAGE })
      assert.match(body, /sign in again: <a href="\/login\/">\/login\/<\/a>/)
    }
    assert.deepEqual(
      door.amended.filter(({ reference }) => reference === refused.reference),
      [],
      'whoever comes again and again with an old cookie writes nothing',
    )
    assert.equal(upstream.reached, 0)
  })
  test('does not come in because login broke, nor is the door broken by who left meanwhile', async () => {
    await using upstream = await echo()
    await using people = await testPeople()
    await using door = await openTestDoor(upstream, { people: people.open })
    people.instead = () => Promise.reject(new Error('login broke'))
    assert.equal(codeOf(await ask(door, undefined, '/')), 'ERR_GATE_FAULT')
    assert.equal(door.logs.filter(({ event }) => event === 'gate.fault').length, 1)
    const { promise, resolve } = Promise.withResolvers<{ readonly kind: 'nobody' }>()
    people.instead = () => promise
    const { socket, said } = await dial(door)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => people.found.length === 2, 'it is looked for')
    socket.destroy()
    await said
    resolve({ kind: 'nobody' })
    people.instead = undefined
    assert.equal((await ask(door, undefined, '/', { headers: cookieOf(people.signIn('alice')) })).status, 200)
    assert.deepEqual(
      door.logs.filter(({ event }) => event === 'request.refused').map(({ fields }) => fields['code']),
      ['ERR_GATE_FAULT'],
    )
  })
})
