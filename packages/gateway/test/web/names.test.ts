// The names of a door: what each asks of its callers, before TLS begins and as long as the connection lasts.
import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { suite, test } from 'node:test'
import { connect } from 'node:tls'
import type { Holder } from '../../../../tools/testing/pki.ts'
import { ask, CALLERS, clientOptions, openTestDoor, type TestDoor } from '../../../../tools/testing/web-house.ts'
import { createNames, plainHost } from '../../src/web/names.ts'
import { askHttp2 } from '../support/http2-client.ts'
import { serveHttp } from '../support/plain-upstream.ts'

const { alice } = CALLERS
const HOSTS = ['open.localhost', 'ask.localhost', 'shut.localhost', 'shut2.localhost']
const SETTING = {
  hosts: HOSTS,
  callers: { 'open.localhost': 'none', 'ask.localhost': 'ask' },
  allow: ['alice', 'nobody'],
} as const

const echo = () => serveHttp((request, response) => response.end(JSON.stringify(request.rawHeaders)))
/** The certificate of the test door is for its first name; what is tried here is the door's side. */
const as = (servername: string, host = servername) => ({
  servername,
  rejectUnauthorized: false,
  headers: { Host: host },
})
const codeOf = ({ body }: { readonly body: string }) => (JSON.parse(body) as { code?: string }).code

suite('the names of a door', () => {
  for (const [written, plain] of [
    ['a.example', 'a.example'],
    ['A.Example', 'a.example'],
    ['a.example.', 'a.example'],
    ['a.example:8443', 'a.example'],
    ['a.example.:443', 'a.example'],
    ['a.example:', 'a.example'],
    ['192.0.2.7:1', '192.0.2.7'],
    ['[2001:DB8::1]:443', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
  ] as const)
    test(`${written} is ${plain}`, () => assert.equal(plainHost(written), plain))

  test('none, and one that is not ours, is asked as the first', () => {
    const names = createNames(['ask.example', 'shut.example'], { 'ask.example': 'ask' })
    assert.equal(names.callersOf(undefined), 'ask')
    assert.equal(names.callersOf('elsewhere.example'), 'ask')
    assert.equal(names.callersOf('shut.example'), 'require')
  })

  for (const [serverName, host, may] of [
    ['shut.example', 'shut.example', true],
    ['shut.example', 'other.example', true],
    ['shut.example', undefined, true],
    ['shut.example', 'open.example', false],
    ['open.example', 'shut.example', false],
    ['open.example', 'elsewhere.example', false],
    ['shut.example', 'elsewhere.example', false],
    [undefined, 'shut.example', true],
    [undefined, 'open.example', false],
    ['shut.example', 'shut.example.evil.example', false],
    ['shut.example', '', false],
    ['shut.example', '[::1]', false],
  ] as const)
    test(`a connection for ${serverName} ${may ? 'carries' : 'does not carry'} a request for ${host}`, () => {
      const names = createNames(['shut.example', 'other.example', 'open.example'], { 'open.example': 'none' })
      assert.equal(names.mayCarry(serverName, host), may)
    })

  test('that callers speaks of are names of the door', () => {
    assert.throws(() => createNames(['a.example'], { 'b.example': 'ask' }), /b\.example/)
  })
})

suite('a name that takes no certificates', () => {
  test('asks for none: whoever has one is nobody, and the upstream is told nothing', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    const answer = await ask(door, alice, '/', as('open.localhost'))
    assert.equal(answer.status, 200)
    assert.doesNotMatch(answer.body, /client-cert/i)
    assert.equal(door.records[0]?.caller.certificate, undefined)
  })

  test('lets nobody in where the list does not name it', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, { ...SETTING, allow: ['alice', '*'] })
    const answer = await ask(door, alice, '/', as('open.localhost'))
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'ERR_CALLER_NO_CERTIFICATE'])
    assert.equal(upstream.reached, 0)
  })

  test('gives no ticket for a name that requires one', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    const session = await ticketOf(door, 'open.localhost')
    const socket = connect({ host: '127.0.0.1', port: door.port, ...clientOptions(), ...as('shut.localhost'), session })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    assert.equal(socket.isSessionReused(), false)
    socket.destroy()
  })
})

suite('a name that asks', () => {
  test('meets who has a certificate as who it is', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    assert.match((await ask(door, alice, '/', as('ask.localhost'))).body, /Client-Cert/)
    assert.equal(door.records[0]?.caller.name, 'alice')
  })

  test('meets who has none as nobody', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    const headers = { Host: 'ask.localhost', 'Client-Cert': ':AAAA:' }
    const answer = await ask(door, undefined, '/', { ...as('ask.localhost'), headers })
    assert.equal(answer.status, 200)
    assert.doesNotMatch(answer.body, /AAAA/)
  })

  for (const [name, caller, code] of [
    ['an expired certificate', CALLERS.late, 'ERR_CALLER_EXPIRED'],
    ['one of another authority', CALLERS.foreign, 'ERR_CALLER_UNKNOWN_ISSUER'],
    ['one that is not on the list', CALLERS.bob, 'ERR_CALLER_NOT_ALLOWED'],
  ] as const)
    test(`refuses ${name}: it is not taken for nobody`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream, SETTING)
      const answer = await ask(door, caller, '/', as('ask.localhost'))
      assert.deepEqual([answer.status, codeOf(answer)], [403, code])
      assert.equal(upstream.reached, 0)
    })
})

suite('a name that requires a certificate', () => {
  test('refuses nobody, beside a name that does not', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    const answer = await ask(door, undefined, '/', as('shut.localhost'))
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'ERR_CALLER_NO_CERTIFICATE'])
    assert.equal(upstream.reached, 0)
  })

  test('is the first where the caller names none', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    const answer = await ask(door, undefined, '/', as('', 'hello.localhost'))
    assert.equal(codeOf(answer), 'ERR_CALLER_NO_CERTIFICATE')
  })
})

suite('a request for another name than the connection', () => {
  for (const [serverName, host, caller] of [
    ['open.localhost', 'shut.localhost', undefined],
    ['open.localhost', 'SHUT.localhost.:8443', undefined],
    ['open.localhost', 'ask.localhost', undefined],
    ['ask.localhost', 'shut.localhost', alice],
    ['shut.localhost', 'open.localhost', alice],
    ['shut.localhost', 'elsewhere.example', alice],
    ['', 'open.localhost', alice],
  ] as const satisfies readonly (readonly [string, string, Holder | undefined])[]) {
    test(`${host} on a connection for ${serverName || 'none'}: 421 with the reference, and the upstream hears nothing`, async () => {
      await using upstream = await echo()
      await using door = await openTestDoor(upstream, SETTING)
      const answer = await ask(door, caller, '/', as(serverName, host))
      assert.deepEqual([answer.status, codeOf(answer)], [421, 'ERR_DOOR_MISDIRECTED'])
      assert.ok(answer.body.includes(door.records[0]?.reference ?? 'none'))
      assert.equal(upstream.reached, 0)
    })

    if (serverName !== '')
      test(`${host} on a connection for ${serverName}: so it is in HTTP/2, and the connection stays`, async () => {
        await using upstream = await echo()
        await using door = await openTestDoor(upstream, SETTING)
        const session = connectHttp2('https://hello.localhost', {
          createConnection: () =>
            connect({
              host: '127.0.0.1',
              port: door.port,
              ...clientOptions(caller),
              ...as(serverName),
              ALPNProtocols: ['h2'],
            }),
        })
        const wrong = await askHttp2(session, { ':path': '/', ':authority': host })
        assert.deepEqual([wrong.status, codeOf(wrong)], [421, 'ERR_DOOR_MISDIRECTED'])
        assert.equal(upstream.reached, 0)
        const right = await askHttp2(session, { ':path': '/', ':authority': serverName })
        assert.equal(right.status, 200)
        session.destroy()
      })
  }

  test('of the same profile is carried', async () => {
    await using upstream = await echo()
    await using door = await openTestDoor(upstream, SETTING)
    assert.equal((await ask(door, alice, '/', as('shut.localhost', 'shut2.localhost'))).status, 200)
  })
})

/** TLS 1.3 hands out tickets behind the handshake. */
async function ticketOf({ port }: TestDoor, servername: string): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, ...clientOptions(), ...as(servername) })
  const session = await new Promise<Buffer>((resolve) => socket.once('session', resolve))
  socket.destroy()
  return session
}
