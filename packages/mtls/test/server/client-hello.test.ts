import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClientHelloReader } from '../../src/server/client-hello.ts'
import type { ClientHello } from '../../src/server/client-hello-message.ts'
import {
  alpnExtension,
  ascii,
  helloMessage,
  join,
  RFC_8448,
  record,
  records,
  serverNameExtension,
  type TestExtension,
  versionsExtension,
} from './hello-octets.ts'

const GREASE = 0x3a3a

function read(octets: Uint8Array): ClientHello | undefined {
  return createClientHelloReader().push(octets)
}

function readExtensions(...extensions: TestExtension[]): ClientHello | undefined {
  return read(record(helloMessage({ extensions })))
}

suite('createClientHelloReader', () => {
  test('reads the hello of RFC 8448', () => {
    assert.deepEqual(read(RFC_8448), {
      random: Uint8Array.fromHex('cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7'),
      serverName: 'server',
      supportedVersions: [0x0304],
      alpn: [],
    })
  })

  test('cut in two anywhere, it is the same hello, and never early', () => {
    const whole = read(RFC_8448)
    for (let cut = 1; cut < RFC_8448.length; cut++) {
      const reader = createClientHelloReader()
      assert.equal(reader.push(RFC_8448.subarray(0, cut)), undefined)
      assert.deepEqual(reader.push(RFC_8448.subarray(cut)), whole)
      assert.deepEqual(reader.octets(), RFC_8448)
    }
  })

  test('octet by octet, in records of any size, it is the same hello', () => {
    const whole = read(RFC_8448)
    const message = RFC_8448.subarray(5)
    for (const size of [1, 2, 3, 4, 5, 64, 195, 196]) {
      const octets = records(message, size)
      const reader = createClientHelloReader()
      octets.forEach((octet, i) => {
        const hello = reader.push(Uint8Array.of(octet))
        if (i < octets.length - 1) assert.equal(hello, undefined)
        else assert.deepEqual(hello, whole)
      })
      assert.deepEqual(reader.octets(), octets)
    }
  })

  test('what follows in later records is kept for TLS and not read', () => {
    const reader = createClientHelloReader()
    const octets = join(RFC_8448, record(ascii('early data'), 23))
    assert.equal(reader.push(octets)?.serverName, 'server')
    assert.deepEqual(reader.octets(), octets)
  })

  test('the random is a copy: TLS may do with the octets what it likes', () => {
    const octets = RFC_8448.slice()
    const hello = read(octets)
    octets.fill(0)
    assert.equal(hello?.random[0], 0xcb)
  })

  test('values that nobody knows (GREASE) are no fault', () => {
    const hello = readExtensions(
      [GREASE, new Uint8Array(0)],
      versionsExtension(GREASE, 0x0304, 0x0303),
      alpnExtension('\xfa\xfa', 'h2', 'http/1.1'),
    )
    assert.deepEqual(hello?.supportedVersions, [GREASE, 0x0304, 0x0303])
    assert.deepEqual(hello?.alpn, ['\xfa\xfa', 'h2', 'http/1.1'])
  })

  test('a hello of before TLS 1.3 offers no versions, with or without extensions', () => {
    assert.deepEqual(read(record(helloMessage({ extensions: null })))?.supportedVersions, [])
    assert.deepEqual(readExtensions()?.supportedVersions, [])
  })

  test('the server name is in lower case', () => {
    assert.equal(readExtensions(serverNameExtension('WWW.Acme.EXAMPLE'))?.serverName, 'www.acme.example')
  })

  test('a hello with a large ticket is read, the largest allowed too', () => {
    const ticket: TestExtension = [41, new Uint8Array(12_000)]
    assert.ok(read(records(helloMessage({ extensions: [versionsExtension(0x0304), ticket] }), 16_384)))
    const overhead = helloMessage({ extensions: [[41, new Uint8Array(0)]] }).length - 4
    const largest = helloMessage({ extensions: [[41, new Uint8Array(65_536 - overhead)]] })
    assert.ok(read(records(largest, 16_384)))
  })
})
