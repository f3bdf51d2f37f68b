// HTTP/2 through the door, seen by Node's own client and an upstream of HTTP/1.1.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { constants } from 'node:http2'
import { suite, test } from 'node:test'
import { CALLERS, issuing, openTestDoor, readAll } from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2 } from '../support/http2-client.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const sha256 = (octets: Buffer | string) => createHash('sha256').update(octets).digest('hex')
const byteSequence = (der: Uint8Array) => `:${Buffer.from(der).toString('base64')}:`
const GET = { ':path': '/', ':authority': 'hello.localhost' }

/** An upstream that answers with the request as it saw it. */
const mirror = () =>
  serveHttp((request, response) => {
    void seen(request).then((view) => response.end(JSON.stringify(view)))
  })
async function seen(request: IncomingMessage) {
  const body = await readAll(request)
  const { method, url, rawHeaders, rawTrailers, httpVersion } = request
  return { method, url, rawHeaders, rawTrailers, httpVersion, body }
}
type Seen = Awaited<ReturnType<typeof seen>>
const valuesOf = ({ rawHeaders }: Seen, name: string) =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)

suite('a request in HTTP/2', () => {
  test('reaches the upstream in HTTP/1.1, with what proves the caller', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    assert.equal(client.session.alpnProtocol, 'h2')
    const { status, body } = await askHttp2(client.session, { ...GET, ':path': '/a?b=c', 'x-own': 'yes' })
    assert.equal(status, 200)
    const view = JSON.parse(body) as Seen
    assert.equal(view.method, 'GET')
    assert.equal(view.url, '/a?b=c')
    assert.deepEqual(valuesOf(view, 'client-cert'), [byteSequence(alice.certificate.der)])
    assert.deepEqual(valuesOf(view, 'client-cert-chain'), [byteSequence(issuing.certificate.der)])
    assert.deepEqual(valuesOf(view, 'host'), ['hello.localhost'])
    assert.deepEqual(valuesOf(view, 'x-own'), ['yes'])
    // RFC 9110 §7.6.3: the version in which it was received.
    assert.deepEqual(valuesOf(view, 'via'), ['2.0 countersign'])
    assert.deepEqual(
      view.rawHeaders.filter((_, i) => i % 2 === 0 && view.rawHeaders[i]?.startsWith(':')),
      [],
    )
  })

  test('with a body and a length arrives as it was sent', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const { body } = await askHttp2(client.session, { ':path': '/', ':method': 'POST', 'content-length': '5' }, 'hello')
    const view = JSON.parse(body) as Seen
    assert.equal(view.body, 'hello')
    assert.deepEqual(valuesOf(view, 'content-length'), ['5'])
    assert.deepEqual(valuesOf(view, 'transfer-encoding'), [])
  })

  test('ten megabytes without a length arrive as they were sent, and come back', async () => {
    await using upstream = await serveHttp((request, response) => void request.pipe(response))
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const sent = Buffer.alloc(10_000_000, 'abcdefghijklm')
    const { body } = await askHttp2(client.session, { ':path': '/', ':method': 'POST' }, sent)
    assert.equal(sha256(Buffer.from(body, 'latin1')), sha256(sent))
  })

  // RFC 9113 §8.2.3
  test('has its cookies put together again', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const { body } = await askHttp2(client.session, { ':path': '/', cookie: ['a=1', 'b=2', 'c=3'] })
    assert.deepEqual(valuesOf(JSON.parse(body) as Seen, 'cookie'), ['a=1; b=2; c=3'])
  })

  test('leaves its trailers at the door', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const stream = client.session.request({ ':path': '/', ':method': 'POST' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'client-cert': ':AAAA:', 'x-sum': '1' }))
    stream.end('body')
    let text = ''
    for await (const chunk of stream.setEncoding('latin1')) text += chunk
    const view = JSON.parse(text) as Seen
    assert.equal(view.body, 'body')
    assert.deepEqual(view.rawTrailers, [])
    assert.deepEqual(valuesOf(view, 'client-cert'), [byteSequence(alice.certificate.der)])
  })

  test('that waits to be told to go on is told, and its body arrives', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const stream = client.session.request({ ':path': '/', ':method': 'POST', expect: '100-continue' })
    await new Promise((resolve) => stream.once('continue', resolve))
    stream.end('body')
    let text = ''
    for await (const chunk of stream.setEncoding('latin1')) text += chunk
    assert.equal((JSON.parse(text) as Seen).body, 'body')
  })

  for (const name of [
    'client-cert',
    'client_cert',
    'x-forwarded-for',
    'x_forwarded_client_cert',
    "client'cert",
    'remote_user',
  ])
    test(`what the caller writes about itself in ${name} does not arrive`, async () => {
      await using upstream = await mirror()
      await using door = await openTestDoor(upstream)
      using client = await connectHttp2(door, alice)
      const { status, body } = await askHttp2(client.session, [':path', '/', name, 'forged-1', name, 'forged-2'])
      assert.equal(status, 200)
      assert.ok(!body.includes('forged'), body)
    })

  test('goes beside fifty others on one connection', async () => {
    const waiting: (() => void)[] = []
    await using upstream = await serveHttp((request, response) => {
      waiting.push(() => response.end(request.url))
      if (waiting.length === 50) for (const answer of waiting) answer()
    })
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const paths = Array.from({ length: 50 }, (_, i) => `/${i}`)
    const answers = await Promise.all(paths.map((path) => askHttp2(client.session, { ':path': path })))
    assert.deepEqual(
      answers.map(({ body }) => body),
      paths,
    )
    assert.equal(door.records.length, 1)
  })
})

suite('an answer in HTTP/2', () => {
  test('has status, copies of fields, and trailers', async () => {
    await using upstream = await serveHttp((_request, response) => {
      response.writeHead(207, ['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'Trailer', 'X-Sum', 'X-Up', 'caf\u00e9'])
      response.write('part')
      response.addTrailers({ 'X-Sum': '42', 'Client-Cert': ':AAAA:' })
      response.end()
    })
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const answer = await askHttp2(client.session, GET)
    assert.equal(answer.status, 207)
    assert.deepEqual(answer.headers['set-cookie'], ['a=1', 'b=2'])
    assert.equal(answer.headers['x-up'], 'caf\u00e9')
    assert.equal(answer.headers['transfer-encoding'], undefined)
    assert.equal(answer.headers.connection, undefined)
    assert.equal(answer.body, 'part')
    assert.equal(answer.trailers['x-sum'], '42')
    assert.equal(answer.trailers['client-cert'], undefined)
  })

  for (const status of [204, 304])
    test(`${status} has no body`, async () => {
      await using upstream = await serveHttp((_request, response) => response.writeHead(status, { ETag: '"1"' }).end())
      await using door = await openTestDoor(upstream)
      using client = await connectHttp2(door, alice)
      const answer = await askHttp2(client.session, GET)
      assert.deepEqual([answer.status, answer.headers.etag, answer.body], [status, '"1"', ''])
      assert.equal(answer.rstCode, constants.NGHTTP2_NO_ERROR)
    })

  test('to HEAD has the length of what GET would bring, and no body', async () => {
    await using upstream = await serveHttp((_request, response) =>
      response.writeHead(200, { 'Content-Length': 1234 }).end(),
    )
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const answer = await askHttp2(client.session, { ':path': '/', ':method': 'HEAD' })
    assert.deepEqual([answer.status, answer.headers['content-length'], answer.body], [200, '1234', ''])
  })

  test('comes after the interim answers', async () => {
    await using upstream = await serveHttp((_request, response) => {
      response.writeEarlyHints({ link: '</a.css>; rel=preload' })
      response.writeProcessing()
      response.end('done')
    })
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const answer = await askHttp2(client.session, GET)
    assert.deepEqual(answer.interim, [103, 102])
    assert.deepEqual([answer.status, answer.body], [200, 'done'])
  })

  test('that breaks off at the upstream is a stream reset, and the connection stays', async () => {
    await using upstream = await serveOctets((socket) => {
      socket.once('data', (request) => {
        const length = String(request).startsWith('GET /whole') ? 2 : 100
        socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nok`)
      })
    })
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const broken = await askHttp2(client.session, GET)
    assert.deepEqual([broken.status, broken.rstCode], [200, constants.NGHTTP2_INTERNAL_ERROR])
    assert.equal((await askHttp2(client.session, { ':path': '/whole' })).body, 'ok')
  })

  test('of nobody is 502 with the reference', async () => {
    const upstream = await serveHttp(() => undefined)
    await upstream[Symbol.asyncDispose]()
    await using door = await openTestDoor({ url: upstream.url })
    using client = await connectHttp2(door, alice)
    const answer = await askHttp2(client.session, GET)
    assert.equal(answer.status, 502)
    assert.match(answer.body, /ERR_DOOR_UPSTREAM/)
    assert.ok(answer.body.includes(door.records[0]?.reference ?? 'none'))
  })

  test('of the door itself shows the meeting, and no upstream hears of it', async () => {
    await using upstream = await mirror()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const answer = await askHttp2(client.session, { ':path': '/.well-known/countersign/meeting' })
    assert.equal(answer.status, 200)
    assert.equal((JSON.parse(answer.body) as { reference: string }).reference, door.records[0]?.reference)
    assert.equal(upstream.reached, 0)
  })
})
