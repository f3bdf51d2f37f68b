// Requests of HTTP/2 that are none, or that HTTP/1.1 behind the door would read as another: frame by frame.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  FLAG,
  FRAME,
  fieldBlock,
  frame,
  headersFrame,
  requestFields,
  type SeenFrame,
} from '../../../../tools/testing/http2-frames.ts'
import { CALLERS, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2, dialFrames } from '../support/http2-client.ts'
import { serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const PROTOCOL_ERROR = 1
const GET = requestFields('/')
type Fields = readonly (readonly [name: string, value: string])[]
const without = (name: string) => GET.filter(([own]) => own !== name)
const instead = (name: string, value: string): Fields => GET.map(([own, old]) => [own, own === name ? value : old])

const ok = () => serveHttp((_request, response) => response.end('the upstream'))
const endOf = (frames: readonly SeenFrame[], stream: number) =>
  frames.find(
    (seen) =>
      seen.stream === stream &&
      (seen.type === FRAME.reset || (seen.flags & FLAG.endStream && seen.type === FRAME.data)),
  )
const textOf = (frames: readonly SeenFrame[], stream: number) =>
  String(
    Buffer.concat(
      frames.filter((seen) => seen.type === FRAME.data && seen.stream === stream).map(({ payload }) => payload),
    ),
  )
const isProtocolError = (seen: SeenFrame | undefined) =>
  seen?.type === FRAME.reset && seen.payload.readUInt32BE() === PROTOCOL_ERROR

/** RFC 9113 §8.1.1: "MUST be treated as a stream error of type PROTOCOL_ERROR". */
const MALFORMED: readonly (readonly [name: string, fields: Fields])[] = [
  // §8.2.2
  ['Connection', [...GET, ['connection', 'close']]],
  ['Connection, which names a field', [...GET, ['connection', 'client-cert'], ['client-cert', 'x']]],
  ['Keep-Alive', [...GET, ['keep-alive', 'timeout=5']]],
  ['Proxy-Connection', [...GET, ['proxy-connection', 'close']]],
  ['Transfer-Encoding', [...GET, ['transfer-encoding', 'chunked']]],
  ['Upgrade', [...GET, ['upgrade', 'h2c']]],
  ['TE with more than trailers', [...GET, ['te', 'gzip']]],
  // §8.2.1
  ['a name in upper case', [...GET, ['X-Own', 'y']]],
  // §8.3
  ['a pseudo-field behind a field', [['x-own', 'y'], ...GET]],
  ['a pseudo-field of answers', [...GET, [':status', '200']]],
  ['a pseudo-field that nobody knows', [[':own', 'y'], ...GET]],
  ['no method', without(':method')],
  ['no scheme', without(':scheme')],
  ['no path', without(':path')],
  ['two paths', [...GET, [':path', '/b']]],
  ['two methods', [...GET, [':method', 'POST']]],
  ['two authorities', [...GET, [':authority', 'other']]],
  // §8.3.1
  ['an empty path', instead(':path', '')],
  ['CR LF in the path', instead(':path', '/ HTTP/1.1\r\nclient-cert: x\r\n\r\n')],
  ['a space in the path', instead(':path', '/a HTTP/1.1')],
  ['CR LF in the method', instead(':method', 'GET / HTTP/1.1\r\nx: y\r\n\r\nPOST')],
  ['a space in the method', instead(':method', 'GET /')],
  ['CR LF in the authority', instead(':authority', 'h\r\nclient-cert: x')],
  ['CONNECT with a path', instead(':method', 'CONNECT')],
  ['two hosts', [...without(':authority'), ['host', 'hello.localhost'], ['host', 'hello.localhost']]],
  ['no authority and no host', without(':authority')],
  ['a user in the authority', instead(':authority', 'alice@hello.localhost')],
  ['a path in the authority', instead(':authority', 'hello.localhost/x')],
  ['an absolute path form', instead(':path', 'https://hello.localhost/')],
  // RFC 9110 §8.6, RFC 9113 §8.1.1
  ['a length, and no content', [...GET, ['content-length', '5']]],
  ['two lengths', [...GET, ['content-length', '0'], ['content-length', '0']]],
  ['a list of lengths', [...GET, ['content-length', '0, 0']]],
  ['a length with a sign', [...GET, ['content-length', '+0']]],
]

/** §8.2.1 forbids these octets. Node leaves such a field out before anybody sees it, so that it cannot become two lines. */
const UNSPEAKABLE: readonly (readonly [name: string, field: readonly [string, string]])[] = [
  ['a space in a name', ['x own', 'forged']],
  ['a colon in a name', ['x:own', 'forged']],
  ['CR LF in a name', ['x\r\nclient-cert', 'forged']],
  ['CR LF in a value', ['x-own', 'forged\r\nclient-cert: forged']],
  ['CR LF and a request in a value', ['x-own', 'forged\r\n\r\nGET /admin HTTP/1.1\r\nhost: h\r\n\r\n']],
  ['a bare LF in a value', ['x-own', 'forged\nz']],
  ['a bare CR in a value', ['x-own', 'forged\rz']],
  ['NUL in a value', ['x-own', 'forged\0z']],
  ['a space before a value', ['x-own', ' forged']],
  ['a tab behind a value', ['x-own', 'forged\t']],
]

/** What HTTP/2 itself would allow, and the door does not. */
const REFUSED: readonly (readonly [name: string, fields: Fields])[] = [
  ['another host in Host', [...GET, ['host', 'other.localhost']]],
  ['the scheme http', instead(':scheme', 'http')],
  ['TRACE', instead(':method', 'TRACE')],
  ['a method in lower case', instead(':method', 'get')],
  ['a method that HTTP/1 could not say', instead(':method', 'OWN')],
  ['the whole server', [...instead(':method', 'OPTIONS').filter(([name]) => name !== ':path'), [':path', '*']]],
  ['a fragment', instead(':path', '/a#b')],
  ['octets above 127 in the path', instead(':path', '/caf\xe9')],
  ['another expectation', [...GET, ['expect', 'x']]],
]

suite('a malformed request in HTTP/2', () => {
  for (const [name, fields] of MALFORMED)
    test(`${name}: the stream is reset, the connection stays, nothing reaches the upstream`, async () => {
      await using upstream = await ok()
      await using door = await openTestDoor(upstream)
      const { socket, frames } = await dialFrames(door, alice)
      socket.write(headersFrame(1, fields))
      await until(() => endOf(frames, 1) !== undefined, 'the end of the stream')
      assert.ok(isProtocolError(endOf(frames, 1)), JSON.stringify(frames))
      assert.equal(upstream.reached, 0)
      socket.write(headersFrame(3, GET))
      await until(() => endOf(frames, 3) !== undefined, 'the next answer')
      assert.equal(textOf(frames, 3), 'the upstream')
      socket.destroy()
    })

  for (const [name, field] of UNSPEAKABLE)
    test(`${name}: the field goes no further`, async () => {
      let head = ''
      await using upstream = await serveOctets((socket) => {
        socket.on('data', (octets) => {
          head += octets
          if (head.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 204 No Content\r\n\r\n')
        })
      })
      await using door = await openTestDoor(upstream)
      const { socket, frames } = await dialFrames(door, alice)
      socket.write(headersFrame(1, [...GET, field, ['x-last', 'yes']]))
      await until(() => endOf(frames, 1) !== undefined || frames.some(({ stream }) => stream === 1), 'the answer')
      assert.match(head, /^x-last: yes\r$/m)
      assert.ok(!head.includes('forged'), head)
      assert.equal(head.match(/HTTP\/1\.1/g)?.length, 1)
      socket.destroy()
    })

  for (const [name, length, body] of [
    ['longer', '2', 'hello'],
    ['shorter', '9', 'hello'],
  ] as const)
    test(`content ${name} than its length: stream or connection end in an error, and the upstream takes it for no request`, async () => {
      let whole = 0
      await using upstream = await serveHttp((request) => {
        request.on('error', () => undefined)
        request.on('end', () => whole++)
        request.resume()
      })
      await using door = await openTestDoor(upstream)
      const { socket, frames } = await dialFrames(door, alice)
      socket.write(headersFrame(1, [...requestFields('/', 'POST'), ['content-length', length]], FLAG.endHeaders))
      socket.write(frame(FRAME.data, FLAG.endStream, 1, Buffer.from(body)))
      const isEnd = (seen: SeenFrame) => isProtocolError(seen) || seen.type === FRAME.goaway
      await until(() => frames.some(isEnd), 'the end of the stream or the connection')
      await until(() => upstream.open.size === 0, 'the upstream is let go')
      assert.equal(whole, 0)
      socket.destroy()
    })

  for (const [name, fields] of REFUSED)
    test(`${name}: 400 with the reference, and nothing reaches the upstream`, async () => {
      await using upstream = await ok()
      await using door = await openTestDoor(upstream)
      const { socket, frames } = await dialFrames(door, alice)
      socket.write(headersFrame(1, fields))
      await until(() => endOf(frames, 1) !== undefined, 'the end of the stream')
      const text = textOf(frames, 1)
      assert.match(text, /urn:countersign:ERR_DOOR_REQUEST/)
      assert.ok(text.includes(door.records[0]?.reference ?? 'none'))
      assert.equal(upstream.reached, 0)
      socket.destroy()
    })

  test('Host that says the same in another way is no other host', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames } = await dialFrames(door, alice)
    socket.write(headersFrame(1, [...GET, ['host', 'HELLO.localhost:443']]))
    await until(() => endOf(frames, 1) !== undefined, 'the end of the stream')
    assert.equal(textOf(frames, 1), 'the upstream')
    socket.destroy()
  })

  test('a head of more than 16 KiB is told so; one far beyond is reset', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames } = await dialFrames(door, alice)
    // §6.5.3: a limit that is set holds from when it was acknowledged.
    await until(() => frames.some(({ type }) => type === FRAME.settings), 'the settings of the door')
    socket.write(frame(FRAME.settings, FLAG.ack, 0))
    socket.write(headersFrame(1, [...GET, ['x-long', 'a'.repeat(12_000)]]))
    socket.write(frame(FRAME.headers, FLAG.endStream, 3, fieldBlock([...GET, ['x-long', 'a'.repeat(10_000)]])))
    socket.write(frame(FRAME.continuation, FLAG.endHeaders, 3, fieldBlock([['x-more', 'a'.repeat(10_000)]])))
    socket.write(frame(FRAME.headers, FLAG.endStream, 5, fieldBlock([...GET, ['x-long', 'a'.repeat(16_000)]])))
    socket.write(frame(FRAME.continuation, 0, 5, fieldBlock([['x-more', 'a'.repeat(16_000)]])))
    socket.write(frame(FRAME.continuation, FLAG.endHeaders, 5, fieldBlock([['x-more', 'a'.repeat(16_000)]])))
    // As long in its path, which HTTP/1 counts as well.
    socket.write(frame(FRAME.headers, FLAG.endStream, 7, fieldBlock(instead(':path', `/${'a'.repeat(10_000)}`))))
    socket.write(frame(FRAME.continuation, FLAG.endHeaders, 7, fieldBlock([['x-more', 'a'.repeat(10_000)]])))
    await until(() => [1, 3, 5, 7].every((stream) => endOf(frames, stream)), 'the end of the streams')
    assert.equal(textOf(frames, 1), 'the upstream')
    assert.match(textOf(frames, 3), /ERR_DOOR_LIMIT/)
    assert.match(textOf(frames, 7), /ERR_DOOR_LIMIT/)
    assert.equal(endOf(frames, 5)?.type, FRAME.reset)
    assert.equal(upstream.reached, 1)
    socket.destroy()
  })
})

suite('a caller of HTTP/2 that the gate refuses', () => {
  for (const [name, caller, code] of [
    ['nobody', undefined, 'ERR_CALLER_NO_CERTIFICATE'],
    ['another authority’s', CALLERS.foreign, 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['an expired one', CALLERS.late, 'ERR_CALLER_EXPIRED'],
    ['one that is not on the list', CALLERS.bob, 'ERR_CALLER_NOT_ALLOWED'],
  ] as const)
    test(`${name} is told why, and let go`, async () => {
      await using upstream = await ok()
      await using door = await openTestDoor(upstream)
      using client = await connectHttp2(door, caller)
      const answer = await askHttp2(client.session, { ':path': '/' })
      assert.equal(answer.status, 403)
      assert.equal(answer.headers['content-type'], 'application/problem+json')
      assert.equal((JSON.parse(answer.body) as { code: string }).code, code)
      assert.ok(answer.body.includes(door.records[0]?.reference ?? 'none'))
      await until(() => client.session.destroyed, 'the end of the connection')
      assert.equal(upstream.reached, 0)
    })

  test('sees a page in a browser, and no body is waited for', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door)
    const stream = client.session.request({ ':path': '/', ':method': 'POST', accept: 'text/html' })
    stream.on('error', () => undefined)
    stream.write('the beginning of a body')
    let text = ''
    for await (const chunk of stream.setEncoding('utf8')) text += chunk
    assert.match(text, /No client certificate was presented/)
    assert.match(text, /<\/html>/)
  })

  test('HEAD is told by the status alone', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door)
    const answer = await askHttp2(client.session, { ':path': '/', ':method': 'HEAD' })
    assert.deepEqual([answer.status, answer.body], [403, ''])
  })

  test('frames that are none end the connection', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door)
    socket.write(frame(FRAME.data, 0, 1, Buffer.from('before any head')))
    await closed
    assert.ok(frames.some(({ type }) => type === FRAME.goaway))
    assert.equal(upstream.reached, 0)
  })

  test('who says nothing is gone with the door', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { closed } = await dialFrames(door)
    await until(() => door.records.length === 1, 'the record')
    await door.door.close()
    await closed
  })
})
