// What the engine says, read: the examples of its own notes, surprises, and octets of all kinds.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLineReader } from '../../src/vpn/lines.ts'
import {
  MAX_VARIABLE_OCTETS,
  MAX_VARIABLES,
  type Notification,
  type ReadingState,
  stepReading,
} from '../../src/vpn/notifications.ts'

/** All that is said by a text, in chunks of `size`. */
function readAll(text: string | Uint8Array, size = 7, maxOctets?: number): readonly Notification[] {
  const octets = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const lines = createLineReader(maxOctets)
  const said: Notification[] = []
  let state: ReadingState = {}
  for (let from = 0; from < octets.length; from += size)
    for (const line of lines.push(octets.subarray(from, from + size))) {
      const read = stepReading(state, line)
      state = read.state
      if (read.said) said.push(read.said)
    }
  return said
}

const CONNECT = '>CLIENT:CONNECT,3,1\r\n>CLIENT:ENV,n_clients=0\r\n>CLIENT:ENV,tls_id_0=CN=alice\r\n>CLIENT:ENV,END\r\n'

suite('what the engine says', () => {
  test('a caller that connects, whole, however the octets come', () => {
    const values = new Map([
      ['n_clients', '0'],
      ['tls_id_0', 'CN=alice'],
    ])
    for (const size of [1, 2, 7, 4096])
      assert.deepEqual(readAll(CONNECT, size), [{ kind: 'connect', cid: 3, kid: 1, variables: { ok: true, values } }])
  })

  test('each kind, and what is not known is passed over', () => {
    const text = [
      '>INFO:OpenVPN Management Interface Version 5 -- type help',
      '>HOLD:Waiting for hold release:0',
      'SUCCESS: hold release succeeded',
      'ERROR: client-auth command failed',
      '>STATE:1795844874,CONNECTED,SUCCESS,10.8.0.1,,,10.99.0.1,1194',
      '>BYTECOUNT_CLI:3,2010,2166',
      '>LOG:1795844874,N,a message, with a comma',
      '>FATAL:it is over',
      '>CLIENT:ADDRESS,3,10.8.0.6,1',
      '>CLIENT:CR_RESPONSE,3,1,c2Vjcmv0',
      '>CLIENT:ENV,END',
      '>CLIENT:ENV,stray=1',
      '>SOMETHING:NEW,of the next version',
      '',
    ].join('\n')
    assert.deepEqual(readAll(text), [
      { kind: 'unknown' },
      { kind: 'hold' },
      { kind: 'answer', ok: true, text: 'hold release succeeded' },
      { kind: 'answer', ok: false, text: 'client-auth command failed' },
      { kind: 'state', state: 'CONNECTED' },
      { kind: 'bytes', cid: 3, received: 2010, sent: 2166 },
      { kind: 'log', text: 'a message, with a comma' },
      { kind: 'fatal', text: 'it is over' },
      { kind: 'unknown' },
      { kind: 'unknown' },
      { kind: 'unknown' },
      { kind: 'unknown' },
    ])
  })

  const variables = (lines: readonly string[]) =>
    `>CLIENT:CONNECT,3,1\n${lines.map((line) => `>CLIENT:ENV,${line}\n`).join('')}>CLIENT:ENV,END\n`
  for (const [what, lines] of [
    ['more variables than are read', Array.from({ length: MAX_VARIABLES + 1 }, (_, i) => `UV_${i}=x`)],
    ['longer ones', Array.from({ length: 9 }, (_, i) => `UV_${i}=${'x'.repeat(MAX_VARIABLE_OCTETS / 8)}`)],
    ['one that is longer than a line', [`UV_A=${'x'.repeat(20_000)}`]],
    ['two of one name', ['username=alice', 'username=bob']],
    ['one without a name', ['=x']],
    ['one whose name is none', ['a b=x']],
    ['one that is none', ['x']],
  ] as const)
    test(`${what}: this caller is refused, and the next is read`, () => {
      const [first, second, ...more] = readAll(`${variables(lines)}${CONNECT}`, 4096)
      assert.deepEqual(first, { kind: 'connect', cid: 3, kid: 1, variables: { ok: false } })
      assert.ok(second?.kind === 'connect' && second.variables.ok)
      assert.deepEqual(more, [])
    })

  test('a notification that another one interrupts is lost, and the other is whole', () => {
    const [only, ...more] = readAll(`>CLIENT:CONNECT,1,0\n>CLIENT:ENV,a=b\n${CONNECT}`)
    assert.ok(only?.kind === 'connect' && only.cid === 3 && only.variables.ok)
    assert.deepEqual(more, [])
  })

  test('octets of all kinds do nothing but be read', () => {
    let seed = 7
    const next = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
      return seed / 2 ** 31
    }
    const parts = [
      ...CONNECT.split('\r\n'),
      '>CLIENT:ENV,',
      '\n',
      ',',
      '=',
      '\0',
      '\u00ff',
      '>CLIENT:',
      'END',
      '9'.repeat(30),
    ]
    for (let round = 0; round < 2_000; round++) {
      const text = Array.from({ length: 12 }, () => parts[Math.floor(next() * parts.length)]).join(
        next() < 0.5 ? '' : '\n',
      )
      for (const said of readAll(text, 1 + Math.floor(next() * 64), 256))
        if ('cid' in said) assert.ok(Number.isSafeInteger(said.cid) && said.cid >= 0)
    }
  })
})
