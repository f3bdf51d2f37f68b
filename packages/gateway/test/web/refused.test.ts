// Who is refused, what it is told, and that the upstream never hears of it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Holder } from '../../../../tools/testing/pki.ts'
import { ask, CALLERS, dial, openTestDoor, say, until } from '../../../../tools/testing/web-house.ts'
import { serveHttp } from '../support/plain-upstream.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
const silent = () => serveHttp((_request, response) => response.end('the upstream'))

/** Who, code, step, and words of the cause. */
const REFUSED: readonly (readonly [
  name: string,
  caller: Holder | undefined,
  code: string,
  step: number,
  cause: RegExp,
])[] = [
  ['without a certificate', undefined, 'ERR_CALLER_NO_CERTIFICATE', 4, /no client certificate was presented/],
  ['of another authority', CALLERS.foreign, 'ERR_CALLER_UNKNOWN_ISSUER', 5, /not trusted here/],
  ['whose certificate has expired', CALLERS.late, 'ERR_CALLER_EXPIRED', 5, /expired (1 day|[0-9]+ hours) ago/],
  ['who is not on the list', CALLERS.bob, 'ERR_CALLER_NOT_ALLOWED', 5, /not on the list/],
]

suite('a caller', () => {
  for (const [name, caller, code, step, cause] of REFUSED) {
    test(`${name} gets problem+json with curl’s Accept`, async () => {
      await using upstream = await silent()
      await using door = await openTestDoor(upstream)
      const { status, headers, body } = await ask(door, caller, '/', { headers: { Accept: '*/*' } })
      assert.equal(status, 403)
      assert.equal(headers['content-type'], 'application/problem+json')
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers.connection, 'close')
      const problem = JSON.parse(body) as Record<string, unknown>
      assert.equal(problem['type'], `urn:countersign:${code}`)
      assert.equal(problem['code'], code)
      assert.equal(problem['status'], 403)
      assert.match(String(problem['detail']), cause)
      assert.match(String(problem['next']), /^[a-z]/)
      assert.equal(problem['reference'], door.records[0]?.reference)
      assert.equal(problem['fault'], 'caller')
      assert.equal(problem['step'], step)
      const steps = problem['steps'] as { readonly outcome: string }[]
      assert.deepEqual(steps.map(({ outcome }) => outcome).indexOf('refused'), step - 1)
      assert.equal(upstream.reached, 0)
    })

    test(`${name} gets a page with a browser’s Accept`, async () => {
      await using upstream = await silent()
      await using door = await openTestDoor(upstream)
      const { status, headers, body } = await ask(door, caller, '/', { headers: { Accept: BROWSER } })
      assert.equal(status, 403)
      assert.equal(headers['content-type'], 'text/html; charset=utf-8')
      assert.match(
        String(headers['content-security-policy']),
        /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; /,
      )
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.match(String(headers['content-security-policy']), /base-uri 'none'.*frame-ancestors 'none'/)
      assert.match(Buffer.from(body, 'latin1').toString(), cause.source ? new RegExp(cause.source, 'i') : cause)
      assert.ok(body.includes(door.records[0]?.reference ?? 'none'))
      assert.ok(body.includes(code))
      assert.doesNotMatch(body, /<script|https?:|javascript:|<img|<link rel="(?!icon)|url\(/)
      assert.equal(upstream.reached, 0)
    })
  }

  test('who is revoked is told when and why', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { alice } = CALLERS
    const { createHash } = await import('node:crypto')
    const [issuer] = alice.above
    const now = Temporal.Now.instant()
    door.trust.announce(
      [
        {
          issuerSpkiSha256: createHash('sha256').update(issuer!.subjectPublicKeyInfo.der).digest('hex'),
          serialNumber: alice.certificate.serialNumber,
          party: 'alice',
          at: now.subtract({ minutes: 3 }),
          reason: 'keyCompromise',
        },
      ],
      now,
    )
    const { status, body } = await ask(door, alice, '/')
    assert.equal(status, 403)
    const problem = JSON.parse(body) as Record<string, unknown>
    assert.equal(problem['code'], 'ERR_CALLER_REVOKED')
    assert.equal(problem['detail'], 'your certificate was revoked 3 minutes ago (key compromise)')
    assert.deepEqual(problem['revocation'], { at: now.subtract({ minutes: 3 }).toString(), reason: 'keyCompromise' })
    const [, , , , judged] = problem['steps'] as { readonly text: string }[]
    assert.equal(judged?.text, 'refused: alice was revoked 3 minutes ago (key compromise)')
    assert.equal(upstream.reached, 0)
  })
})

suite('the responder', () => {
  test('answers HEAD without a body', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { status, headers, body } = await ask(door, undefined, '/', { method: 'HEAD' })
    assert.equal(status, 403)
    assert.ok(Number(headers['content-length']) > 0)
    assert.equal(body, '')
  })

  test('answers a POST whose body is already under way', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { status, body } = await ask(door, undefined, '/', { method: 'POST', body: Buffer.alloc(50_000) })
    assert.equal(status, 403)
    assert.match(body, /ERR_CALLER_NO_CERTIFICATE/)
  })

  test('does not ask for the body of who waits for 100-continue', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const text = await say(
      door,
      undefined,
      'POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1000000000\r\n\r\n',
    )
    assert.match(text, /^HTTP\/1\.1 403 /)
  })

  test('ends a body that does not end', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { socket, said } = await dial(door, undefined)
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n')
    const pump = () => {
      while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
    }
    socket.on('drain', pump)
    pump()
    await said
    assert.ok(socket.bytesWritten < 20_000_000, `${socket.bytesWritten} octets were taken`)
  })

  test('answers one request and no second', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const text = await say(door, undefined, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(3))
    assert.equal(text.match(/HTTP\/1\.1 403/g)?.length, 1)
  })

  test('builds no WebSocket and no tunnel', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const text = await say(
      door,
      undefined,
      'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    assert.doesNotMatch(text, / 101 /)
    assert.doesNotMatch(await say(door, undefined, 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n'), / 200 /)
    assert.equal(upstream.reached, 0)
  })

  test('shows nobody but met callers the well-known path', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    assert.equal((await ask(door, CALLERS.bob, '/.well-known/countersign/meeting')).status, 403)
  })

  for (const [name, octets] of [
    ['random octets', '\x00\x01\x02\xff\xfe'],
    ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a head of 9 KiB', `GET / HTTP/1.1\r\nHost: h\r\nX: ${'a'.repeat(9_000)}\r\n\r\n`],
    ['half a head', 'GET / HTTP/1.1\r\nHo'],
    ['a request without a host', 'GET / HTTP/1.1\r\n\r\n'],
    ['another expectation', 'POST / HTTP/1.1\r\nHost: h\r\nExpect: x\r\nContent-Length: 5\r\n\r\n'],
    ['a broken chunk', 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    [
      'a second request behind chunks in HTTP/1.0',
      'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n',
    ],
  ] as const)
    test(`tells why, once, and closes on ${name}`, { timeout: 20_000 }, async () => {
      await using upstream = await silent()
      await using door = await openTestDoor(upstream)
      const text = await say(door, undefined, octets)
      assert.match(text, /^HTTP\/1\.1 403 /)
      assert.equal(text.match(/HTTP\/1\.1 [0-9]{3}/g)?.length, 1)
      assert.match(text, /urn:countersign:ERR_CALLER_NO_CERTIFICATE/)
      assert.ok(text.includes(door.records[0]?.reference ?? 'none'))
      assert.equal(upstream.reached, 0)
    })

  test('is gone when the door closes', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { socket } = await dial(door, undefined)
    await until(() => door.records.length === 1, 'the record')
    await door.door.close()
    await until(() => socket.destroyed, 'the end of the connection')
  })
})

suite('the well-known path', () => {
  test('shows a met caller its meeting as the door saw it, and no upstream hears of it', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { status, headers, body } = await ask(door, CALLERS.alice, '/.well-known/countersign/meeting?x=1')
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/json')
    const { readMeeting } = await import('@countersign/protocol')
    const meeting = readMeeting(JSON.parse(body))
    assert.deepEqual(meeting, door.records[0])
    assert.equal(meeting.caller.name, 'alice')
    assert.deepEqual(
      meeting.steps.map(({ outcome }) => outcome),
      Array(6).fill('proved'),
    )
    assert.equal(upstream.reached, 0)
  })

  test('shows it as a page to a browser', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { status, body } = await ask(door, CALLERS.alice, '/.well-known/countersign/meeting', {
      headers: { Accept: BROWSER },
    })
    assert.equal(status, 200)
    assert.match(body, /You have met/)
    assert.ok(body.includes(door.records[0]?.reference ?? 'none'))
  })

  test('its neighbours belong to the upstream', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    for (const path of [
      '/.well-known/countersign/meetings',
      '/.well-known/countersign',
      '/x/.well-known/countersign/meeting',
    ])
      assert.equal((await ask(door, CALLERS.alice, path)).body, 'the upstream')
  })
})
