// Callers that have been met, and try what HTTP/2 makes cheap for them and dear for the door. RFC 9113 §10.5.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  FLAG,
  FRAME,
  fieldBlock,
  frame,
  headersFrame,
  requestFields,
  resetFrame,
  type SeenFrame,
} from '../../../../tools/testing/http2-frames.ts'
import { CALLERS, openTestDoor, type TestDoor, until } from '../../../../tools/testing/web-house.ts'
import { askHttp2, connectHttp2, dialFrames } from '../support/http2-client.ts'
import { serveHttp } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const GET = requestFields('/')
const CANCEL = 8
const REFUSED_STREAM = 7
const ENHANCE_YOUR_CALM = 11

const silent = () => serveHttp(() => undefined)
const ok = () => serveHttp((_request, response) => response.end('ok'))
const codeOf = (frames: readonly SeenFrame[]) =>
  frames.findLast(({ type }) => type === FRAME.goaway)?.payload.readUInt32BE(4)
const streamIds = (count: number) => Array.from({ length: count }, (_, i) => 2 * i + 1)
/** An octet 32-bit number, as window updates and settings have it. */
const number32 = (value: number) => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(value)
  return octets
}

/** RFC 9113 §6.3: depends on nothing, of the usual weight. */
const priorityFrame = (id: number) => frame(FRAME.priority, 0, id, Buffer.of(0, 0, 0, 0, 15))

/** The connection is ended, and why is noted once with the reference. Whoever reads sees the reason; a flood may meet a reset. */
async function assertStopped(door: TestDoor, frames: readonly SeenFrame[], closed: Promise<void>): Promise<void> {
  await closed
  assert.ok([ENHANCE_YOUR_CALM, undefined].includes(codeOf(frames)), `code ${codeOf(frames)}`)
  await until(() => door.sessions.size === 0, 'the session ends')
  assert.deepEqual(
    door.logs.map(({ event, fields }) => [event, fields['code'], fields['reference']]),
    [['request.refused', 'ERR_DOOR_FLOOD', door.records[0]?.reference]],
  )
}

suite('a flood', () => {
  // CVE-2023-44487
  test('of streams that are reset as they open ends the connection; the upstream hears of few', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    socket.write(Buffer.concat(streamIds(2_000).flatMap((id) => [headersFrame(id, GET), resetFrame(id, CANCEL)])))
    await assertStopped(door, frames, closed)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
    assert.ok(upstream.reached <= 100, `${upstream.reached} requests reached the upstream`)
  })

  test('of streams that are reset one after another ends the connection', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    for (const id of streamIds(400)) {
      socket.write(headersFrame(id, GET))
      await new Promise((resolve) => setImmediate(resolve))
      socket.write(resetFrame(id, CANCEL))
    }
    await assertStopped(door, frames, closed)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  // CVE-2025-8671: to be made to reset streams that count no more, while the upstream still works for them.
  for (const [name, increment] of [
    ['by nothing', 0],
    ['beyond its limit', 2 ** 31 - 1],
  ] as const)
    test(`of windows that grow ${name} ends the connection at the first`, async () => {
      await using upstream = await silent()
      await using door = await openTestDoor(upstream)
      const { socket, frames, closed } = await dialFrames(door, alice)
      socket.write(headersFrame(1, GET))
      socket.write(frame(FRAME.windowUpdate, 0, 1, number32(increment)))
      await closed
      assert.notEqual(codeOf(frames), undefined)
      await until(() => upstream.open.size === 0, 'the upstream is let go')
      assert.deepEqual(
        door.logs.map(({ fields }) => fields['code']),
        ['ERR_DOOR_REQUEST'],
      )
    })

  test('of pings ends the connection', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    socket.resume().write(Buffer.concat(Array.from({ length: 3_000 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))))
    await assertStopped(door, frames, closed)
  })

  test('of settings ends the connection', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    socket.write(Buffer.concat(Array.from({ length: 500 }, () => frame(FRAME.settings, 0, 0))))
    await assertStopped(door, frames, closed)
  })

  // CVE-2019-9513
  test('of priorities ends the connection', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    socket.write(Buffer.concat(streamIds(12_000).map(priorityFrame)))
    await closed
    assert.ok([ENHANCE_YOUR_CALM, undefined].includes(codeOf(frames)), `code ${codeOf(frames)}`)
    // Node says of a flood that nghttp2 found by itself no more than of a frame that breaks the rules.
    assert.deepEqual(
      door.logs.map(({ event, fields }) => [event, fields['code']]),
      [['request.refused', 'ERR_DOOR_REQUEST']],
    )
  })

  // CVE-2024-27983
  test('of continuations without end ends the connection', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    socket.write(headersFrame(1, GET, FLAG.endStream))
    for (let i = 0; i < 1_000 && !socket.destroyed; i++)
      socket.write(frame(FRAME.continuation, 0, 1, fieldBlock([['x-more', 'y']])))
    await closed
    assert.notEqual(codeOf(frames), undefined)
    assert.equal(upstream.reached, 0)
  })

  test('of empty frames of content ends the connection', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { socket, frames, closed } = await dialFrames(door, alice)
    socket.write(headersFrame(1, requestFields('/', 'POST'), FLAG.endHeaders))
    socket.write(Buffer.concat(Array.from({ length: 5_000 }, () => frame(FRAME.data, 0, 1))))
    await assertStopped(door, frames, closed)
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('of requests at once is taken a hundred at a time', async () => {
    await using upstream = await silent()
    await using door = await openTestDoor(upstream)
    const { socket, frames } = await dialFrames(door, alice)
    socket.write(Buffer.concat(streamIds(110).map((id) => headersFrame(id, GET))))
    const refused = () => frames.filter(({ type }) => type === FRAME.reset)
    await until(() => upstream.reached === 100 && refused().length === 10, 'a hundred requests, ten refusals')
    assert.deepEqual(new Set(refused().map(({ payload }) => payload.readUInt32BE())), new Set([REFUSED_STREAM]))
    socket.destroy()
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('of a compressed head: a table that repeats itself is measured unpacked', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames } = await dialFrames(door, alice)
    // RFC 7541 §6.2.1: into the table once, and then 250 times by one octet each, which is 62.
    const entry = Buffer.concat([
      Buffer.of(0x40, 1),
      Buffer.from('x'),
      Buffer.of(127, 0x81, 0x1e),
      Buffer.alloc(4_000, 'y'),
    ])
    const block = Buffer.concat([fieldBlock(GET), entry, Buffer.alloc(200, 0x80 | 62)])
    socket.write(frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, 1, block))
    await until(() => frames.some(({ stream }) => stream === 1), 'the answer')
    assert.ok(frames.some(({ type, stream }) => type === FRAME.reset && stream === 1))
    assert.equal(upstream.reached, 0)
    socket.destroy()
  })
})

suite('a caller that gives no window', () => {
  test('holds back the upstream, and lets it go when it leaves', async () => {
    let sent = 0
    await using upstream = await serveHttp((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const pour = () => {
        while (sent < 200_000_000 && !response.destroyed) {
          sent += chunk.length
          if (!response.write(chunk)) return void response.once('drain', pour)
        }
      }
      pour()
    })
    await using door = await openTestDoor(upstream)
    const { socket, frames } = await dialFrames(door, alice)
    // §6.5.2: SETTINGS_INITIAL_WINDOW_SIZE 0
    socket.write(frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0])))
    socket.write(headersFrame(1, GET))
    await until(() => frames.some(({ type }) => type === FRAME.headers), 'the head of the answer')
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.ok(sent < 24_000_000, `${sent} octets were taken from the upstream`)
    assert.ok(!frames.some(({ type, payload }) => type === FRAME.data && payload.length > 0))
    socket.destroy()
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })
})

suite('a caller of good will', () => {
  test('may say of a thousand streams how it would have them, as RFC 7540 has it', async () => {
    await using upstream = await ok()
    await using door = await openTestDoor(upstream)
    const { socket, frames } = await dialFrames(door, alice)
    socket.write(Buffer.concat([...streamIds(1_000).map(priorityFrame), headersFrame(2_001, GET)]))
    await until(() => frames.some(({ type, stream }) => type === FRAME.data && stream === 2_001), 'the answer')
    socket.destroy()
  })

  test('may leave a page with fifty requests open, three times over', async () => {
    await using upstream = await serveHttp((request, response) => {
      if (request.url === '/') response.end('ok')
    })
    await using door = await openTestDoor(upstream)
    using client = await connectHttp2(door, alice)
    for (let page = 0; page < 3; page++) {
      const streams = Array.from({ length: 50 }, () =>
        client.session.request({ ':path': '/slow' }).on('error', () => undefined),
      )
      await until(() => upstream.open.size >= 50, 'the requests')
      for (const stream of streams) stream.close(CANCEL)
      await until(() => upstream.open.size === 0, 'the upstream is let go')
    }
    assert.equal((await askHttp2(client.session, { ':path': '/' })).body, 'ok')
  })
})
