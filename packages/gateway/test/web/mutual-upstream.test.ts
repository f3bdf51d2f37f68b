// Upstreams that prove themselves, and those that do not.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { chainOf, createIssuer, type Holder, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import { ask, CALLERS, dial, issuing, openTestDoor, ROOT_PEM, until } from '../../../../tools/testing/web-house.ts'
import { serveHttp } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const database = issueLeaf(issuing, 'db', {
  names: [
    { kind: 'dNSName', value: 'db.localhost' },
    { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/db' },
  ],
  purpose: 'serverAuth',
})
const elsewhere = issueLeaf(createIssuer('Elsewhere'), 'db', {
  names: [{ kind: 'dNSName', value: 'db.localhost' }],
  purpose: 'serverAuth',
})

/** An upstream that asks for a certificate of ours, and believes no other. */
async function serveMutual(holder: Holder, listener: RequestListener, options: ServerOptions = {}) {
  const server = createHttpsServer(
    { ...pemOf(holder), ca: ROOT_PEM, requestCert: true, rejectUnauthorized: true, ...options },
    listener,
  )
  let met = 0
  server.on('secureConnection', () => met++)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get met() {
      return met
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

suite('an upstream that proves itself', () => {
  for (const name of ['db.localhost', 'spiffe://acme.example/db'])
    test(`as ${name} is met, and sees who the door is`, async () => {
      await using upstream = await serveMutual(database, (request, response) => {
        const subject = (request.socket as TLSSocket).getPeerCertificate().subject.CN
        response.end(`${subject} for ${request.headers['client-cert'] === undefined ? 'nobody' : 'somebody'}`)
      })
      await using door = await openTestDoor({ url: upstream.url, name })
      assert.equal((await ask(door, alice, '/')).body, 'hello.localhost for somebody')
      const meeting = door.records.find(({ seenBy }) => seenBy === 'caller')
      assert.equal(meeting?.outcome.ok, true)
      assert.match(meeting?.door ?? '', /^hello → 127\.0\.0\.1:\d+$/)
    })

  test('keeps its connection whatever host callers name', async () => {
    await using upstream = await serveMutual(database, (request, response) => response.end(request.headers.host))
    const hosts = ['a.example', 'b.example', 'c.example']
    await using door = await openTestDoor({ url: upstream.url, name: 'db.localhost' }, { hosts })
    for (const host of hosts) assert.equal((await ask(door, alice, '/', { headers: { Host: host } })).body, host)
    assert.equal(upstream.met, 1)
  })

  for (const [name, holder, wanted, code] of [
    ['as another name', database, 'mail.localhost', 'ERR_CALLEE_WRONG_NAME'],
    ['by another authority', elsewhere, 'db.localhost', 'ERR_CALLEE_UNKNOWN_ISSUER'],
    ['with a certificate for callers', alice, 'db.localhost', 'ERR_CALLEE_WRONG_PURPOSE'],
  ] as const)
    test(`${name} gets no request, and not our certificate`, async () => {
      await using upstream = await serveMutual(holder, (_request, response) => response.end('reached'))
      await using door = await openTestDoor({ url: upstream.url, name: wanted })
      assert.equal((await ask(door, alice, '/')).status, 502)
      assert.equal(upstream.met, 0)
      const refused = door.records.find(({ seenBy }) => seenBy === 'caller')
      assert.equal(refused?.outcome.ok === false && refused.outcome.refusal.code, code)
      const told = door.logs.find(({ event }) => event === 'request.refused')
      assert.equal(told?.fields['upstreamReference'], refused?.reference)
    })

  test('at one of two addresses, and as another name at the other: that one is tried by meetings alone, and is never up', async () => {
    await using right = await serveMutual(database, (_request, response) => response.end('right'))
    await using impostor = await serveMutual(elsewhere, (_request, response) => response.end('impostor'))
    await using door = await openTestDoor({ url: [impostor.url, right.url], name: 'db.localhost' })
    for (let i = 0; i < 3; i++) assert.equal((await ask(door, alice, '/')).body, 'right')
    const refused = () => door.records.filter(({ outcome }) => !outcome.ok).length
    const before = refused()
    // The first trial, a second later.
    await until(() => refused() > before, 'it is tried')
    assert.deepEqual(
      door.logs.map(({ event }) => event),
      ['upstream.down'],
    )
    assert.equal(impostor.met, 0)
    assert.equal((await ask(door, alice, '/')).body, 'right')
  })

  test('and tells its health to the door, which it meets as ever', async () => {
    const asked: string[] = []
    await using upstream = await serveMutual(database, (request, response) => {
      if (request.url === '/healthz') asked.push(`${(request.socket as TLSSocket).getPeerCertificate().subject.CN}`)
      response.writeHead(asked.length < 3 ? 503 : 200).end('there')
    })
    const health = { path: '/healthz', everySeconds: 0.05 }
    await using door = await openTestDoor({ url: upstream.url, name: 'db.localhost', health })
    await until(() => asked.length >= 3 && door.door.upstreams?.()[0]?.isUp === true, 'it is well')
    assert.equal(asked[0], 'hello.localhost')
    assert.deepEqual(
      door.logs.map(({ event }) => event),
      ['upstream.down', 'upstream.up'],
    )
  })

  // RFC 9112 §8: "an "incomplete close" in TLS would leave the message incomplete"
  test('and ends its answer by closing is 502: whoever cuts TCP could end it, too', async () => {
    await using upstream = await serveMutual(database, ({ socket, method }) =>
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${method === 'HEAD' ? '' : 'half'}`),
    )
    await using door = await openTestDoor({ url: upstream.url, name: 'db.localhost' })
    assert.equal((await ask(door, alice, '/')).status, 502)
    assert.match(String(door.logs.at(-1)?.fields['cause']), /ends its answer by closing/)
    assert.equal((await ask(door, alice, '/', { method: 'HEAD' })).status, 200)
  })

  test('and does not believe us is 502', async () => {
    await using upstream = await serveMutual(database, (_request, response) => response.end('reached'), {
      ca: pemOf(elsewhere).cert,
    })
    await using door = await openTestDoor({ url: upstream.url, name: 'db.localhost' })
    assert.equal((await ask(door, alice, '/')).status, 502)
    // TLS 1.3 lets us finish first: our record of the meeting says that we accepted it. A GET is asked once more.
    const met = door.records.findLast(({ seenBy }) => seenBy === 'caller')
    assert.equal(door.logs.at(-1)?.fields['upstreamReference'], met?.reference)
  })

  for (const accept of ['text/html', 'application/json'])
    test(`and is a door that does not let this one in is 502, and what it said is not the caller’s: ${accept}`, async () => {
      await using service = await serveHttp((_request, response) => response.end('reached'))
      await using inner = await openTestDoor(service)
      await using door = await openTestDoor({ url: `https://127.0.0.1:${inner.port}`, name: 'hello.localhost' })
      const { status, body } = await ask(door, alice, '/', { headers: { Accept: accept } })
      assert.equal(status, 502)
      const [refused] = inner.records
      assert.equal(refused?.outcome.ok === false && refused.outcome.refusal.code, 'ERR_CALLER_NOT_ALLOWED')
      const told = door.logs.find(({ event }) => event === 'request.refused')
      assert.deepEqual(
        [told?.fields['code'], told?.fields['upstreamReference']],
        ['ERR_DOOR_UPSTREAM', refused?.reference],
      )
      assert.ok(!body.includes(refused?.reference ?? '') && !body.includes('ERR_CALLER_NOT_ALLOWED'), body)
      assert.equal(service.reached, 0)
    })

  test('and only says that it refused somebody is carried as it is', async () => {
    await using upstream = await serveMutual(database, (_request, response) =>
      response.writeHead(403, { 'Countersign-Reference': 'M-7F3K-92QD' }).end('not you'),
    )
    await using door = await openTestDoor({ url: upstream.url, name: 'db.localhost' })
    const { status, body } = await ask(door, alice, '/')
    assert.deepEqual([status, body], [403, 'not you'])
  })

  test('and is revoked is cut within its answer, and not met again', async () => {
    await using upstream = await serveMutual(database, (_request, response) => void response.write('first'))
    await using door = await openTestDoor({ url: upstream.url, name: 'db.localhost' })
    const { socket, said, soFar } = await dial(door, alice)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => soFar().includes('first'), 'the beginning')
    const now = Temporal.Now.instant()
    const [leaf, issuer] = chainOf(database)
    assert.ok(issuer)
    door.trust.announce(
      [
        {
          issuerSpkiSha256: createHash('sha256').update(issuer.subjectPublicKeyInfo.der).digest('hex'),
          serialNumber: leaf.serialNumber,
          party: 'db',
          at: now,
          reason: 'keyCompromise',
        },
      ],
      now,
    )
    await said
    assert.equal(door.logs.find(({ event }) => event === 'upstream.cut')?.fields['code'], 'ERR_CALLEE_REVOKED')
    assert.equal((await ask(door, alice, '/')).status, 502)
  })
})
