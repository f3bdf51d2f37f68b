// What crosses the door, both ways, seen by Node's own client and server.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Agent } from 'node:https'
import { suite, test } from 'node:test'
import { ask, CALLERS, dial, issuing, openTestDoor, readAll, say, until } from '../../../../tools/testing/web-house.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const byteSequence = (der: Uint8Array) => `:${Buffer.from(der).toString('base64')}:`
const sha256 = (octets: Buffer) => createHash('sha256').update(octets).digest('hex')

/** An upstream that answers with the request as it saw it. */
const mirror = () =>
  serveHttp((request, response) => {
    void seen(request).then((view) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(view))
    })
  })
async function seen(request: IncomingMessage) {
  const body = await readAll(request)
  const { method, url, rawHeaders, rawTrailers } = request
  return { method, url, rawHeaders, rawTrailers, body }
}
type Seen = Awaited<ReturnType<typeof seen>>
const valuesOf = ({ rawHeaders }: Seen, name: string) =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)

suite('a request of a met caller', () => {
  test('reaches the upstream with what proves the caller', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    const { status, body } = await ask(door, alice, '/a?b=c')
    assert.equal(status, 200)
    const view = JSON.parse(body) as Seen
    assert.equal(view.url, '/a?b=c')
    assert.deepEqual(valuesOf(view, 'client-cert'), [byteSequence(alice.certificate.der)])
    assert.deepEqual(valuesOf(view, 'client-cert-chain'), [byteSequence(issuing.certificate.der)])
    assert.deepEqual(valuesOf(view, 'host'), ['hello.localhost'])
    assert.deepEqual(valuesOf(view, 'via'), ['1.1 countersign'])
  })

  for (const [method, body] of [
    ['GET', undefined],
    ['POST', 'some text'],
    ['PUT', ''],
    ['DELETE', undefined],
    ['PATCH', 'x'],
    ['OPTIONS', undefined],
    ['GET', 'a body where none is expected'],
    ['PROPFIND', '<xml/>'],
  ] as const)
    test(`${method} ${body === undefined ? 'without a body' : `with ${body.length} octets`} arrives as it was sent`, async () => {
      await using upstream = await mirror()
      await using door = await openTestDoor(upstream)
      const headers = body === undefined ? {} : { 'Content-Length': body.length }
      const answer = await ask(door, alice, '/', { method, headers, ...(body !== undefined && { body }) })
      const view = JSON.parse(answer.body) as Seen
      assert.equal(view.method, method)
      assert.equal(view.body, body ?? '')
    })

  test('a body without a length arrives whole, its trailers do not', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    const text = await say(
      door,
      alice,
      'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: Client-Cert, X-Sum\r\nConnection: close\r\n\r\n' +
        '5\r\nhello\r\n6\r\n world\r\n0\r\nClient-Cert: :AAAA:\r\nclient_cert: forged\r\nX-Sum: 1\r\n\r\n',
    )
    const view = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Seen
    assert.equal(view.body, 'hello world')
    assert.deepEqual(view.rawTrailers, [])
    assert.deepEqual(valuesOf(view, 'client-cert'), [byteSequence(alice.certificate.der)])
  })

  test('ten megabytes arrive as they were sent, and come back', async () => {
    await using upstream = await serveHttp((request, response) => void request.pipe(response))
    await using door = await openTestDoor(upstream)
    const sent = Buffer.alloc(10_000_000, 'abcdefghijklm')
    const { body } = await ask(door, alice, '/', { method: 'POST', body: sent })
    assert.equal(sha256(Buffer.from(body, 'latin1')), sha256(sent))
  })

  test('a header field in latin1 arrives octet for octet', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    const text = await say(
      door,
      alice,
      'GET / HTTP/1.1\r\nHost: h\r\nX-Name: caf\u00e9 \u00ff\r\nConnection: close\r\n\r\n',
    )
    assert.ok(
      text.includes(JSON.stringify('caf\u00e9 \u00ff')) ||
        Buffer.from(text, 'latin1').toString().includes('caf\u00e9 \u00ff'),
    )
  })

  test('the absolute form means the path, and its host counts', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    const text = await say(
      door,
      alice,
      'GET https://real.example/p?q HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n',
    )
    assert.ok(text.includes('"url":"/p?q"'), text)
    assert.ok(text.includes('"real.example"'), text)
    assert.ok(!text.includes('other.example'), text)
  })
})

suite('an answer of the upstream', () => {
  test('reaches the caller with status, copies of fields, and trailers', async () => {
    await using upstream = await serveHttp((_request, response) => {
      response.writeHead(207, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Trailer', 'X-Sum', 'X-Up', 'yes'])
      response.write('part')
      response.addTrailers({ 'X-Sum': '42' })
      response.end()
    })
    await using door = await openTestDoor(upstream)
    const answer = await ask(door, alice, '/')
    assert.equal(answer.status, 207)
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
    assert.equal(answer.headers['x-up'], 'yes')
    assert.equal(answer.body, 'part')
    assert.equal(answer.trailers['x-sum'], '42')
  })

  for (const status of [204, 304])
    test(`${status} has no body`, async () => {
      await using upstream = await serveHttp((_request, response) => response.writeHead(status, { ETag: '"1"' }).end())
      await using door = await openTestDoor(upstream)
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const answer = await ask(door, alice, '/', { agent })
      assert.equal(answer.status, status)
      assert.equal(answer.headers.etag, '"1"')
      assert.equal(answer.body, '')
      assert.equal((await ask(door, alice, '/', { agent })).status, status)
      agent.destroy()
    })

  test('to HEAD has the length of what GET would bring, and no body', async () => {
    await using upstream = await serveHttp((_request, response) =>
      response.writeHead(200, { 'Content-Length': 1234 }).end(),
    )
    await using door = await openTestDoor(upstream)
    const answer = await ask(door, alice, '/', { method: 'HEAD' })
    assert.equal(answer.headers['content-length'], '1234')
    assert.equal(answer.body, '')
  })

  test('103 and 102 come before it, as they were', async () => {
    await using upstream = await serveHttp((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload', 'x-hint': 'yes' })
      response.writeProcessing()
      response.end('done')
    })
    await using door = await openTestDoor(upstream)
    const text = await say(door, alice, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    assert.deepEqual(
      [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => match[1]),
      ['103', '102', '200'],
    )
    assert.match(text, /HTTP\/1\.1 103 .*\r\nlink: <\/a\.css>; rel=preload\r\n/i)
    assert.match(text, /x-hint: yes/i)
  })

  test('to HTTP/1.0 comes without interim answers and chunks, and ends with the connection', async () => {
    await using upstream = await serveHttp((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.write('two ')
      response.end('parts')
    })
    await using door = await openTestDoor(upstream)
    const text = await say(door, alice, 'GET / HTTP/1.0\r\n\r\n')
    assert.match(text, /^HTTP\/1\.1 200 /)
    assert.match(text, /\r\n\r\ntwo parts$/)
  })

  test('begins before it ends', async () => {
    await using upstream = await serveHttp((_request, response) => void response.write('first\n'))
    await using door = await openTestDoor(upstream)
    const { socket, soFar } = await dial(door, alice)
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => soFar().includes('first'), 'the first line')
    socket.destroy()
    await until(() => upstream.open.size === 0, 'the upstream learns that the caller left')
  })

  test('never carries Client-Cert, and what varies by it is not for caches', async () => {
    await using upstream = await serveHttp((_request, response) => {
      response.writeHead(200, { 'Client-Cert': ':AAAA:', Vary: 'Accept, Client-Cert' }).end()
    })
    await using door = await openTestDoor(upstream)
    const { headers } = await ask(door, alice, '/')
    assert.equal(headers['client-cert'], undefined)
    assert.equal(headers['vary'], '*')
  })
})

suite('100-continue', () => {
  test('the caller is told to go on, and its body arrives', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    const { socket, said, soFar } = await dial(door, alice)
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n')
    await until(() => soFar().startsWith('HTTP/1.1 100 Continue\r\n\r\n'), 'the interim answer')
    socket.write('body')
    assert.match(await said, /"body":"body"/)
  })
})

suite('one connection', () => {
  test('carries many requests, and the upstream’s connection is kept too', async () => {
    await using upstream = await serveHttp((_request, response) => response.end('ok'))
    await using door = await openTestDoor(upstream)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; i < 5; i++) assert.equal((await ask(door, alice, '/', { agent })).body, 'ok')
    assert.equal(door.records.length, 1)
    assert.equal(upstream.open.size, 1)
    agent.destroy()
  })

  test('pipelined requests are answered in their order, and none overtakes another', async () => {
    let atOnce = 0
    let most = 0
    await using upstream = await serveHttp((request, response) => {
      most = Math.max(most, ++atOnce)
      setTimeout(
        () => {
          atOnce--
          response.end(`<${request.method} ${request.url}>`)
        },
        request.url === '/1' ? 50 : 0,
      )
    })
    await using door = await openTestDoor(upstream)
    const text = await say(
      door,
      alice,
      'GET /1 HTTP/1.1\r\nHost: h\r\n\r\n' +
        'POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc' +
        'GET /3 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    )
    assert.deepEqual(text.match(/<[^>]+>/g), ['<GET /1>', '<POST /2>', '<GET /3>'])
    assert.equal(most, 1)
  })

  test('who pipelines without end is cut off', async () => {
    await using upstream = await serveHttp(() => undefined)
    await using door = await openTestDoor(upstream)
    const text = await say(door, alice, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'.repeat(100))
    assert.equal(text, '')
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    assert.ok(upstream.reached <= 1)
  })
})

suite('two clients at once', () => {
  test('each is told to the upstream as who it is', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    const views = await Promise.all(
      Array.from({ length: 8 }, async () => JSON.parse((await ask(door, alice, '/')).body) as Seen),
    )
    for (const view of views) assert.deepEqual(valuesOf(view, 'client-cert'), [byteSequence(alice.certificate.der)])
  })
})

suite('octets of an upstream that end with the connection', () => {
  test('are a whole answer where HTTP says so', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'))
    })
    await using door = await openTestDoor(upstream)
    assert.equal((await ask(door, alice, '/')).body, 'until the end')
  })
})
