// How streams and connections of HTTP/2 end: by the caller, by a cut, by a drain.
import assert from 'node:assert/strict'
import { constants } from 'node:http2'
import { suite, test } from 'node:test'
import { FLAG, FRAME, frame, headersFrame, requestFields, resetFrame } from '../../../../tools/testing/http2-frames.ts'
import { CALLERS, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2, dialFrames } from '../support/http2-client.ts'
import { serveHttp } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const GET = { ':path': '/', ':authority': 'hello.localhost' }

suite('a caller that leaves a stream', () => {
  test('takes its request along, and nothing else', async () => {
    await using upstream = await serveHttp((request, response) => {
      if (request.url === '/other') response.end('other')
      else response.write('first')
    })
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const stream = client.session.request(GET)
    await new Promise((resolve) => stream.once('data', resolve))
    assert.equal(upstream.open.size, 1)
    stream.close(constants.NGHTTP2_CANCEL)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    assert.equal((await askHttp2(client.session, { ':path': '/other' })).body, 'other')
  })

  for (const [name, code] of [
    ['an error', constants.NGHTTP2_CANCEL],
    ['none', constants.NGHTTP2_NO_ERROR],
  ] as const)
    test(`within its body, with ${name}: the upstream sees that it is not whole`, async () => {
      let outcome = 'open'
      await using upstream = await serveHttp((request) => {
        request.on('error', () => {
          outcome = 'broken'
        })
        request.on('end', () => {
          outcome = 'whole'
        })
        request.resume()
      })
      await using door = await openTestDoor(upstream)
      const { socket } = await dialFrames(door, alice)
      socket.write(headersFrame(1, requestFields('/', 'POST'), FLAG.endHeaders))
      socket.write(frame(FRAME.data, 0, 1, Buffer.from('part')))
      await until(() => upstream.reached === 1, 'the upload')
      socket.write(resetFrame(1, code))
      await until(() => outcome !== 'open', 'the end at the upstream')
      assert.equal(outcome, 'broken')
      socket.destroy()
    })
})

suite('an HTTP/2 connection', () => {
  test('is cut with all its streams, on both sides', async () => {
    await using upstream = await serveHttp((_request, response) => void response.write('for ever'))
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const asked = [askHttp2(client.session, GET), askHttp2(client.session, GET)]
    await until(() => upstream.open.size === 2, 'the streams')
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await Promise.all(asked)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    assert.equal(door.sessions.size, 0)
    // That it was cut, and no fault beside it.
    assert.deepEqual(
      door.logs.map(({ event, fields }) => [event, fields['code']]),
      [['session.cut', 'ERR_CALLER_REVOKED']],
    )
  })

  // RFC 9113 §6.8
  test('says at a drain up to where it goes: what is under way is answered, what comes after it did not happen', async () => {
    let finish: (() => void) | undefined
    await using upstream = await serveHttp((_request, response) => {
      finish = () => response.end('done')
    })
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    socket.write(headersFrame(1, requestFields('/')))
    await until(() => finish !== undefined, 'the running request')
    const drained = door.door.drain(5_000)
    await until(() => frames.some(({ type }) => type === FRAME.goaway), 'the farewell')
    socket.write(headersFrame(3, requestFields('/late')))
    await new Promise((resolve) => setTimeout(resolve, 50))
    finish?.()
    await Promise.all([drained, closed])
    const goaways = frames.filter(({ type }) => type === FRAME.goaway).map(({ payload }) => payload.toString('hex'))
    assert.deepEqual([...new Set(goaways)], ['0000000100000000'])
    const data = frames
      .filter(({ type }) => type === FRAME.data)
      .map(({ stream, payload }) => [stream, String(payload)])
    assert.deepEqual(data, [[1, 'done']])
    assert.equal(upstream.reached, 1)
    assert.equal(door.sessions.size, 0)
  })

  test('without a request ends at a drain', async () => {
    await using upstream = await serveHttp((_request, response) => response.end('ok'))
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    const began = performance.now()
    await door.door.drain(5_000)
    assert.ok(performance.now() - began < 2_000)
    await until(() => client.session.destroyed, 'the end of the connection')
  })
})
