// What is no ClientHello, each fault by its code. RFC 9846 §4.2.2 and §5.1.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClientHelloReader } from '../../src/server/client-hello.ts'
import {
  CLIENT_HELLO_ERRORS,
  ClientHelloError,
  type ClientHelloErrorCode,
} from '../../src/server/client-hello-error.ts'
import {
  alpnExtension,
  ascii,
  handshake,
  helloMessage,
  join,
  number,
  RFC_8448,
  record,
  records,
  serverNameExtension,
  type TestExtension,
  vector,
  versionsExtension,
} from './hello-octets.ts'

const read = (octets: Uint8Array) => createClientHelloReader().push(octets)

interface Refused {
  readonly title: string
  readonly octets: Uint8Array
  readonly code: ClientHelloErrorCode
}

const body = helloMessage().subarray(4)
const withBody = (octets: Uint8Array) => record(handshake(1, octets))
const withExtension = (extension: TestExtension) => record(helloMessage({ extensions: [extension] }))
const serverNames = (...parts: Uint8Array[]): TestExtension => [0, vector(2, ...parts)]
const hostName = (text: string) => join(number(0, 1), vector(2, ascii(text)))

const REFUSED: readonly Refused[] = [
  { title: 'HTTP', octets: ascii('GET / HTTP/1.1\r\n\r\n'), code: 'ERR_CLIENT_HELLO_RECORD_TYPE' },
  { title: 'SSH', octets: ascii('S'), code: 'ERR_CLIENT_HELLO_RECORD_TYPE' },
  { title: 'an SSL 2.0 hello', octets: Uint8Array.fromHex('802e0100'), code: 'ERR_CLIENT_HELLO_RECORD_TYPE' },
  { title: 'an alert', octets: record(Uint8Array.of(2, 40), 21), code: 'ERR_CLIENT_HELLO_RECORD_TYPE' },
  {
    title: 'another record between two fragments',
    octets: join(record(helloMessage().subarray(0, 9)), record(Uint8Array.of(1), 20)),
    code: 'ERR_CLIENT_HELLO_RECORD_TYPE',
  },
  { title: 'an empty record', octets: record(new Uint8Array(0)), code: 'ERR_CLIENT_HELLO_RECORD_LENGTH' },
  {
    title: 'an empty record between two fragments',
    octets: join(record(helloMessage().subarray(0, 9)), record(new Uint8Array(0))),
    code: 'ERR_CLIENT_HELLO_RECORD_LENGTH',
  },
  {
    title: 'a record of 16,385 octets, at its header',
    octets: Uint8Array.fromHex('1603014001'),
    code: 'ERR_CLIENT_HELLO_RECORD_LENGTH',
  },
  { title: 'a ServerHello', octets: record(handshake(2, body)), code: 'ERR_CLIENT_HELLO_MESSAGE_TYPE' },
  {
    title: 'a ServerHello, at its first octet',
    octets: Uint8Array.fromHex('160301010002'),
    code: 'ERR_CLIENT_HELLO_MESSAGE_TYPE',
  },
  {
    title: 'a second message in the same record',
    octets: record(join(helloMessage(), handshake(20))),
    code: 'ERR_CLIENT_HELLO_ALIGNMENT',
  },
  {
    title: 'a hello of 65,537 octets, at its header',
    octets: Uint8Array.fromHex('160301400001010001'),
    code: 'ERR_CLIENT_HELLO_LIMIT',
  },
  {
    title: 'a hello in 1,025 records',
    octets: records(helloMessage({ extensions: [[41, new Uint8Array(2000)]] }), 1),
    code: 'ERR_CLIENT_HELLO_LIMIT',
  },
  { title: 'an empty hello', octets: withBody(new Uint8Array(0)), code: 'ERR_CLIENT_HELLO_LENGTH' },
  {
    title: 'an octet after the extensions',
    octets: withBody(join(body, number(0, 1))),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'one octet of extensions length',
    octets: withBody(join(helloMessage({ extensions: null }).subarray(4), number(0, 1))),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'a session id of 33 octets',
    octets: record(helloMessage({ sessionId: new Uint8Array(33) })),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'no cipher suites',
    octets: record(helloMessage({ cipherSuites: new Uint8Array(0) })),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'no compression methods',
    octets: record(helloMessage({ compression: new Uint8Array(0) })),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'no versions in supported_versions',
    octets: withExtension([43, vector(1)]),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  { title: 'half a version', octets: withExtension([43, vector(1, number(3, 3))]), code: 'ERR_CLIENT_HELLO_LENGTH' },
  {
    title: 'an octet after the versions',
    octets: withExtension([43, join(vector(1, number(0x0304, 2)), number(0, 1))]),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  { title: 'an empty list of protocols', octets: withExtension([16, vector(2)]), code: 'ERR_CLIENT_HELLO_LENGTH' },
  {
    title: 'an empty protocol',
    octets: withExtension([16, vector(2, vector(1), vector(1, ascii('h2')))]),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'an octet after the protocols',
    octets: withExtension([16, join(vector(2, vector(1, ascii('h2'))), number(0, 1))]),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'a server_name that is empty, as a server answers it',
    octets: withExtension([0, new Uint8Array(0)]),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  {
    title: 'an octet after the server names',
    octets: withExtension([0, join(vector(2, hostName('a')), number(0, 1))]),
    code: 'ERR_CLIENT_HELLO_LENGTH',
  },
  { title: 'an empty host name', octets: withExtension(serverNames(hostName(''))), code: 'ERR_CLIENT_HELLO_LENGTH' },
  {
    title: 'two host names',
    octets: withExtension(serverNames(hostName('a'), hostName('b'))),
    code: 'ERR_CLIENT_HELLO_SERVER_NAME',
  },
  {
    title: 'a name of another type',
    octets: withExtension(serverNames(number(1, 1), vector(2, ascii('a')))),
    code: 'ERR_CLIENT_HELLO_SERVER_NAME',
  },
  {
    title: 'a host name with a zero octet',
    octets: withExtension(serverNames(hostName('a\0b'))),
    code: 'ERR_CLIENT_HELLO_SERVER_NAME',
  },
  {
    title: 'a host name with a trailing dot',
    octets: withExtension(serverNames(hostName('a.'))),
    code: 'ERR_CLIENT_HELLO_SERVER_NAME',
  },
  {
    title: 'a host name of 256 octets',
    octets: withExtension(serverNames(hostName('a'.repeat(256)))),
    code: 'ERR_CLIENT_HELLO_SERVER_NAME',
  },
  {
    title: 'an extension twice',
    octets: record(helloMessage({ extensions: [serverNameExtension('a'), serverNameExtension('b')] })),
    code: 'ERR_CLIENT_HELLO_DUPLICATE',
  },
]

suite('refused ClientHello', () => {
  for (const { title, octets, code } of REFUSED)
    test(title, () => assert.throws(() => read(octets), { name: 'ClientHelloError', code }))

  test('every code has a case', () => {
    assert.deepEqual(new Set(REFUSED.map(({ code }) => code)), new Set(Object.keys(CLIENT_HELLO_ERRORS)))
  })

  test('an inner length that is one off is refused wherever it stands', () => {
    // Every octet of these is a length: +1 and -1 must each be refused, never read otherwise.
    const extensions = [serverNameExtension('acme.example'), versionsExtension(0x0304), alpnExtension('h2')]
    const message = helloMessage({ extensions })
    const lengths = lengthOffsets(message)
    assert.equal(lengths.length, 13)
    for (const at of lengths)
      for (const change of [1, -1]) {
        const wrong = message.with(at, (message[at] ?? 0) + change)
        assert.notEqual(outcomeOf(record(wrong)), 'hello', `offset ${at}, ${change}`)
      }
  })

  test('truncated anywhere, it is waited for', () => {
    const octets = record(helloMessage())
    for (let length = 0; length < octets.length; length++) assert.equal(read(octets.subarray(0, length)), undefined)
  })

  test('any octets are a hello, more to come, or a ClientHelloError', () => {
    let state = 1
    // xorshift32, so that a failure can be run again
    const next = () => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state >>> 0
    }
    const outcomes = new Set<string>()
    for (let round = 0; round < 20_000; round++) {
      const octets = RFC_8448.slice()
      for (let flips = next() % 4; flips >= 0; flips--) octets[next() % octets.length] = next() % 256
      outcomes.add(outcomeOf(octets))
    }
    assert.deepEqual(outcomes, new Set(['hello', 'more', 'refused']))
  })
})

function outcomeOf(octets: Uint8Array): 'hello' | 'more' | 'refused' {
  try {
    return read(octets) === undefined ? 'more' : 'hello'
  } catch (error) {
    if (error instanceof ClientHelloError) return 'refused'
    throw error
  }
}

/** Where the lowest octet of each length stands in a hello message made by `helloMessage`. */
function lengthOffsets(message: Uint8Array): number[] {
  const offsets = [3]
  let at = 4 + 2 + 32
  for (const lengthOctets of [1, 2, 1]) {
    at += lengthOctets
    offsets.push(at - 1)
    at += message[at - 1] ?? 0
  }
  at += 2
  offsets.push(at - 1)
  while (at < message.length) {
    const type = message[at + 1] ?? 0
    at += 4
    offsets.push(at - 1)
    const end = at + (message[at - 1] ?? 0)
    if (type === 0) offsets.push(at + 1, at + 4)
    if (type === 43) offsets.push(at)
    if (type === 16) offsets.push(at + 1, at + 2)
    at = end
  }
  return offsets
}
