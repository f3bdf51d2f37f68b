// Each side at the pace of the slower: what the door holds in memory stays small however much is sent.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { suite, test } from 'node:test'
import { CALLERS, dial, openTestDoor, until } from '../../../../tools/testing/web-house.ts'
import { type PlainUpstream, serveHttp, serveOctets } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const CHUNK = Buffer.alloc(64 * 1024, 'x')
// Kernel buffers on both connections and one high-water mark each in between; on loopback some megabytes.
const MOST_OCTETS = 24_000_000
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** Waits until `count` has not grown for a tenth of a second. */
async function settled(count: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = count()
    if (now === last) return now
    last = now
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Writes as fast as it is taken, until `total` or the end. */
function pour(to: Writable, total: number, taken: (octets: number) => void): void {
  let left = total
  const more = () => {
    while (left > 0 && !to.destroyed) {
      left -= CHUNK.length
      taken(CHUNK.length)
      if (!to.write(CHUNK)) return
    }
  }
  to.on('drain', more)
  to.on('error', () => to.destroy())
  more()
}

/** An upstream that did not read learns of the end when it reads. */
async function letGo({ open }: PlainUpstream): Promise<void> {
  for (const socket of open) socket.resume()
  await until(() => open.size === 0, 'the upstream is let go')
}

suite('a reader that does not read', () => {
  test('holds the upstream’s answer back', async () => {
    let sent = 0
    await using upstream = await serveHttp((_request, response) => {
      response.writeHead(200)
      pour(response, 200_000_000, (octets) => {
        sent += octets
      })
    })
    await using door = await openTestDoor(upstream)
    const { socket } = await dial(door, alice)
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    await until(() => sent > 0, 'the answer begins')
    assert.ok((await settled(() => sent)) < MOST_OCTETS, `${sent} octets were taken from the upstream`)
    socket.destroy()
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })

  test('gets all of it when it reads', async () => {
    const total = 400 * CHUNK.length
    await using upstream = await serveHttp((_request, response) => {
      response.writeHead(200, { 'Content-Length': total })
      pour(response, total, () => undefined)
    })
    await using door = await openTestDoor(upstream)
    const { socket, soFar } = await dial(door, alice)
    socket.pause()
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.resume()
    await once(socket, 'close')
    assert.equal(soFar().length - soFar().indexOf('\r\n\r\n') - 4, total)
  })

  test('of a WebSocket holds the upstream back', async () => {
    let sent = 0
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => {
        socket.write(SWITCH)
        pour(socket, 200_000_000, (octets) => {
          sent += octets
        })
      })
    })
    await using door = await openTestDoor(upstream)
    const { socket } = await dial(door, alice)
    socket.write(HANDSHAKE)
    await until(() => sent > 0, 'the tunnel')
    socket.pause()
    assert.ok((await settled(() => sent)) < MOST_OCTETS + 200_000, `${sent} octets were taken from the upstream`)
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await until(() => upstream.open.size === 0, 'the upstream is let go')
  })
})

suite('an upstream that does not read', () => {
  test('holds the caller’s body back', async () => {
    let sent = 0
    await using upstream = await serveOctets((socket) => socket.pause())
    await using door = await openTestDoor(upstream)
    const { socket } = await dial(door, alice)
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000000\r\n\r\n')
    pour(socket, 200_000_000, (octets) => {
      sent += octets
    })
    await until(() => sent > 0, 'the body begins')
    assert.ok((await settled(() => sent)) < MOST_OCTETS, `${sent} octets were taken from the caller`)
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await letGo(upstream)
  })

  test('of a WebSocket holds the caller back', async () => {
    let sent = 0
    await using upstream = await serveOctets((socket) => {
      socket.once('data', () => {
        socket.write(SWITCH)
        socket.pause()
      })
    })
    await using door = await openTestDoor(upstream)
    const { socket, soFar } = await dial(door, alice)
    socket.write(HANDSHAKE)
    await until(() => soFar().includes(' 101 '), 'the tunnel')
    pour(socket, 200_000_000, (octets) => {
      sent += octets
    })
    assert.ok((await settled(() => sent)) < MOST_OCTETS, `${sent} octets were taken from the caller`)
    await door.sessions.list()[0]!.cut('ERR_CALLER_REVOKED')
    await letGo(upstream)
  })
})
