// What arrives at a listener and is not what it should be: the same in every run.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { randomOctets } from './random-octets.ts'

export type Named = Readonly<Record<string, Uint8Array>>

const ascii = (text: string) => Buffer.from(text, 'latin1')

/** Random octets of many lengths. */
export function noise(): Named {
  const lengths = [1, 2, 5, 6, 43, 100, 517, 1_000, 4_096, 16_389, 70_000, 2_000_000]
  return {
    nothing: new Uint8Array(),
    ...Object.fromEntries(lengths.map((length, seed) => [`${length} random octets`, randomOctets(length, seed + 1)])),
  }
}

/** The octets of a real ClientHello, cut short and changed. */
export async function badHellos(): Promise<Named> {
  const hello = await recordHello()
  const cut = [1, 4, 5, 6, 9, 11, 43, 44, 100, hello.length - 1].map(
    (length) => [`a ClientHello of ${length} octets`, hello.subarray(0, length)] as const,
  )
  const where = randomOctets(64, 11)
  const changed = Array.from({ length: 32 }, (_, i) => {
    const octets = Buffer.from(hello)
    const at = where.readUInt16BE(2 * i) % octets.length
    octets[at] = (octets[at] ?? 0) ^ 0xff
    return [`a ClientHello whose octet ${at} is another`, octets] as const
  })
  return {
    ...Object.fromEntries([...cut, ...changed]),
    // RFC 9846 §5.1: a record has at most 2^14 octets, a handshake message at most 2^24 - 1.
    'a record that says 65535 octets': Buffer.concat([ascii('\x16\x03\x01\xff\xff'), randomOctets(70_000, 12)]),
    'a hello that says 16 MiB': Buffer.concat([
      ascii('\x16\x03\x01\x40\x00\x01\xff\xff\xff\x03\x03'),
      ...Array.from({ length: 40 }, (_, seed) =>
        Buffer.concat([ascii('\x16\x03\x01\x40\x00'), randomOctets(16_384, seed + 20)]),
      ),
    ]),
    'empty records without end': ascii('\x16\x03\x01\x00\x00'.repeat(10_000)),
    'an alert': ascii('\x15\x03\x03\x00\x02\x02\x28'),
    'plain HTTP': ascii('GET / HTTP/1.1\r\nhost: x\r\n\r\n'),
  }
}

/** The octets of a TLS 1.3 client that says hello to nobody. */
async function recordHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ host: '127.0.0.1', port, servername: 'hello.localhost' }).on('error', () => undefined)
  const [socket] = await once(server, 'connection')
  const [hello] = await once(socket, 'data')
  client.destroy()
  socket.destroy()
  server.close()
  return hello
}

/** What is no HTTP/1.1 request (RFC 9112), or is one beyond every limit. */
export function badRequests(): Named {
  const head = 'GET / HTTP/1.1\r\nhost: hello.localhost\r\n'
  const texts = {
    'half a request line': 'GET /',
    'no version': 'GET /\r\n\r\n',
    'no host': 'GET / HTTP/1.1\r\n\r\n',
    'two hosts': `${head}host: other\r\n\r\n`,
    'a head without end': `${head}x: ${'a'.repeat(1_000_000)}`,
    'ten thousand fields': `${head}${'a: b\r\n'.repeat(10_000)}\r\n`,
    'a long target': `GET /${'a'.repeat(200_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    'a NUL in a field': `${head}x: a\0b\r\n\r\n`,
    'a space before the colon': `${head}x : y\r\n\r\n`,
    'a length that is none': `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`,
    'two lengths': `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd`,
    // RFC 9112 §6.3: this is how requests are smuggled.
    'a length and chunks': `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    'chunks that are none': `POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc`,
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  }
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, ascii(text)]))
}

/** Bodies that are not the JSON that an API asks for. */
export function badBodies(): Named {
  return {
    'an empty body': ascii(''),
    'half a body': ascii('{"party":'),
    'another shape': ascii('[]'),
    null: ascii('null'),
    'other types': ascii('{"party":1,"subject":[],"request":{},"id":null}'),
    'an array in an array in an array': ascii('['.repeat(30_000)),
    'a key of the prototype': ascii('{"__proto__":{"x":1},"constructor":{}}'),
    'a large number': ascii(`{"party":"a","ttlSeconds":${'9'.repeat(400)}}`),
    'no UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    'random octets': randomOctets(1_000, 13),
    'more than is taken': ascii(`{"party":"${'a'.repeat(200_000)}"}`),
  }
}

/** A request with a JSON body. */
export function post(path: string, body: Uint8Array): Buffer {
  return Buffer.concat([
    ascii(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`,
    ),
    body,
  ])
}

/** Sends `octets`, ends, and answers what came until the other side ended too. Throws when it does not within `withinMs`. */
export function exchange(socket: Duplex, octets: Uint8Array, withinMs = 12_000): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let answer = ''
  const timer = setTimeout(() => {
    socket.destroy()
    reject(new Error(`still open after ${withinMs} ms; so far ${JSON.stringify(answer.slice(0, 200))}`))
  }, withinMs)
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1')
  })
  // A reset is an end too: what counts is how the listener goes on.
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    clearTimeout(timer)
    resolve(answer)
  })
  socket.end(octets)
  return promise
}
