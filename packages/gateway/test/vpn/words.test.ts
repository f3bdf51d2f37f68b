// What goes to the engine, and what a client gives: nothing within a text ends it.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { clientAuth, clientDeny, clientHalt, clientOptions, quoted } from '../../src/vpn/commands.ts'
import { readCredentials } from '../../src/vpn/credentials.ts'
import { refusalOfVerifyError } from '../../src/vpn/engine-refusals.ts'
import {
  addressAt,
  createAddressPool,
  formatNetwork,
  maskOf,
  type Network,
  networkAround,
  overlap,
  readNetwork,
} from '../../src/vpn/network.ts'

suite('commands', () => {
  test('as the notes of OpenVPN have them', () => {
    assert.equal(clientAuth(1, 2, []), 'client-auth-nt 1 2\n')
    assert.equal(
      clientAuth(1, 2, ['push "x"']),
      'client-pending-auth 1 2 admitted 60\nclient-auth 1 2\npush "x"\nEND\n',
    )
    assert.equal(clientDeny(1, 2, 'no', 'revoked; ask'), 'client-deny 1 2 "no" "revoked; ask"\n')
    assert.equal(clientHalt(7, 'revoked'), 'client-kill 7 "HALT,revoked"\n')
  })

  test('what the engine is told of a caller', () => {
    const within = readNetwork('10.8.0.0/24') ?? assert.fail()
    const networks = ['10.1.0.0/16', '0.0.0.0/0']
    assert.deepEqual(clientOptions({ address: '10.8.0.2', within, networks, token: 'x_-' }), [
      'ifconfig-push 10.8.0.2 255.255.255.0',
      'push "route 10.1.0.0 255.255.0.0"',
      'push "route 0.0.0.0 0.0.0.0"',
      'push "auth-token x_-"',
    ])
    assert.equal(clientOptions({ address: '10.8.0.2', within, networks: [] }).length, 1)
  })

  test('no text ends its quotes, begins a line or is longer than the engine reads', () => {
    assert.equal(quoted('a"b\\c\'d\ne\u00e9'), '"a_b_c_d_e_"')
    assert.ok(quoted('x'.repeat(5_000)).length < 1_000)
  })
})

suite('credentials', () => {
  const read = (username: string, password: string) =>
    readCredentials(
      new Map([
        ['username', username],
        ['password', password],
      ]),
    )
  test('password and code by the static challenge, as in the notes of OpenVPN', () => {
    assert.deepEqual(read('foo', 'SCRV1:YmFy:ODY3NTMwOQ=='), { account: 'foo', password: 'bar', code: '8675309' })
    assert.deepEqual(read('foo', 'token'), { account: 'foo', password: 'token' })
    assert.equal(read('', ''), 'none')
    assert.equal(readCredentials(new Map()), 'none')
  })
  for (const [what, username, password] of [
    ['no name', '', 'bar'],
    ['no password', 'foo', ''],
    ['a challenge without a password', 'foo', 'SCRV1::MTIz'],
    ['a challenge of one part', 'foo', 'SCRV1:YmFy'],
    ['a challenge of three parts', 'foo', 'SCRV1:YmFy:YmFy:YmFy'],
    ['what is not base64', 'foo', 'SCRV1:YmFy*:YmFy'],
    ['base64 in two ways', 'foo', 'SCRV1:YmFy:YmF='],
    ['what is not UTF-8', 'foo', 'SCRV1:/w==:YmFy'],
    ['a name without end', 'f'.repeat(5_000), 'bar'],
    ['a password without end', 'foo', 'b'.repeat(5_000)],
  ] as const)
    test(`${what} is malformed`, () => {
      assert.equal(read(username, password), undefined)
    })
})

suite('networks', () => {
  const network = (text: string): Network => readNetwork(text) ?? assert.fail(text)
  test('are read and written', () => {
    for (const text of ['10.8.0.0/24', '0.0.0.0/0', '192.168.4.4/30', '255.255.255.255/32'])
      assert.equal(formatNetwork(network(text)), text)
    assert.equal(maskOf(network('10.8.0.0/22')), '255.255.252.0')
    assert.equal(addressAt(network('10.8.0.0/16'), 257), '10.8.1.1')
  })
  for (const text of [
    '10.8.0.1/24',
    '10.8.0.0',
    '10.8.0.0/33',
    '10.8.0.0/-1',
    '10.8.0/24',
    'x/24',
    '::/0',
    '10.8.0.0/24/1',
    '10.8.0.0/08',
  ])
    test(`${text} is none`, () => {
      assert.equal(readNetwork(text), undefined)
    })
  test('an address as an interface has it is of one', () => {
    for (const [text, is] of [
      ['10.8.0.5/24', '10.8.0.0/24'],
      ['10.255.255.255/8', '10.0.0.0/8'],
      ['192.168.1.1/32', '192.168.1.1/32'],
      ['192.168.1.1/0', '0.0.0.0/0'],
    ] as const)
      assert.equal(formatNetwork(networkAround(text) ?? assert.fail(text)), is)
    for (const text of ['fe80::1/64', '10.8.0.5', '10.8.0.5/33', '']) assert.equal(networkAround(text), undefined)
  })
  test('overlap where they have an address in common', () => {
    assert.ok(overlap(network('10.1.0.0/16'), network('10.1.2.0/24')))
    assert.ok(!overlap(network('10.1.0.0/16'), network('10.2.0.0/16')))
  })
  test('an address is of one caller; what was freed is taken last', () => {
    const pool = createAddressPool(network('10.8.0.0/29'))
    const all = Array.from({ length: pool.size }, () => pool.take())
    assert.deepEqual(all, ['10.8.0.2', '10.8.0.3', '10.8.0.4', '10.8.0.5', '10.8.0.6'])
    assert.equal(pool.take(), undefined)
    pool.free('10.8.0.4')
    pool.free('10.8.0.4')
    pool.free('10.8.0.2')
    assert.deepEqual([pool.take(), pool.take(), pool.take()], ['10.8.0.4', '10.8.0.2', undefined])
  })
})

suite('what OpenSSL refuses in the handshake', () => {
  test('is read from the log of the engine', () => {
    assert.deepEqual(
      refusalOfVerifyError('10.9.0.2:4711 VERIFY ERROR: depth=0, error=certificate has expired: CN=late, serial=1'),
      {
        address: '10.9.0.2:4711',
        code: 'ERR_CALLER_EXPIRED',
        note: 'OpenVPN: certificate has expired: CN=late, serial=1',
      },
    )
    const unknown = '10.9.0.2:1 VERIFY ERROR: depth=1, error=path length constraint exceeded: CN=x'
    assert.equal(refusalOfVerifyError(unknown)?.code, 'ERR_CALLER_INVALID_PATH')
  })
  for (const text of [
    '10.9.0.2:1 VERIFY OK: depth=0, CN=x',
    'VERIFY ERROR: depth=0',
    '',
    'x VERIFY ERROR: depth=0, error=',
  ])
    test(`not "${text}"`, () => {
      assert.equal(refusalOfVerifyError(text), undefined)
    })
})
