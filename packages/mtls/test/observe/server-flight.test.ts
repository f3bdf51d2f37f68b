// The reader of a server's first flight, on flights that Node's own server sent, and on what is nearly one.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectRaw } from 'node:net'
import { before, suite, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { formatName, readName, writePem } from '@countersign/x509'
import { ROUNDS, survive } from '../../../../tools/testing/mutations.ts'
import { readCertificateRequest } from '../../src/observe/server-flight.ts'
import { tap } from '../../src/observe/tap.ts'
import { startCallee } from '../support/callee.ts'
import { door, issuing, root } from '../support/world.ts'

interface Flight {
  readonly octets: Uint8Array
  readonly secret: Uint8Array | undefined
}

const ca = [root, issuing].map(({ certificate }) => writePem('CERTIFICATE', certificate.der)).join('')

/** What Node's server sends to whoever asks, and the secret of the key log. */
async function capture(version: 'TLSv1.2' | 'TLSv1.3', requestCert: boolean): Promise<Flight> {
  await using callee = await startCallee(door, {
    ...{ minVersion: version, maxVersion: version, requestCert, rejectUnauthorized: false, ca },
  })
  const raw = connectRaw(callee.port, '127.0.0.1')
  const { duplex, said } = tap(raw)
  const socket = connectTls({ socket: duplex, rejectUnauthorized: false })
  let secret: Uint8Array | undefined
  socket.on('keylog', (line: Buffer) => {
    const [label, , hex = ''] = line.toString('latin1').trim().split(' ')
    if (label === 'SERVER_HANDSHAKE_TRAFFIC_SECRET') secret = Uint8Array.fromHex(hex)
  })
  await once(socket, 'secureConnect')
  socket.destroy()
  return { octets: new Uint8Array(said()), secret }
}

suite('a server’s first flight', () => {
  const flights: Record<string, Flight> = {}
  before(async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      for (const asks of [true, false]) flights[`${version} ${asks ? 'asks' : 'silent'}`] = await capture(version, asks)
  })
  const flight = (name: string) => flights[name] ?? assert.fail(name)
  const names = ({ octets, secret }: Flight) => {
    const request = readCertificateRequest(octets, secret)
    if (request === undefined || request === 'unreadable') return request
    return request.authorities.map((der) => formatName(readName(der)))
  }

  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    test(`${version}: the authorities, in their order`, () =>
      assert.deepEqual(names(flight(`${version} asks`)), ['CN=Acme Root', 'CN=Acme Issuing 1']))
    test(`${version}: nobody is asked`, () => assert.equal(names(flight(`${version} silent`)), undefined))
    test(`${version}: cut off anywhere, it is unreadable or says the same`, () => {
      const whole = flight(`${version} asks`)
      const told = JSON.stringify(names(whole))
      let unreadable = 0
      for (let end = 0; end < whole.octets.length; end++) {
        const got = names({ ...whole, octets: whole.octets.subarray(0, end) })
        if (got === 'unreadable') unreadable++
        else assert.equal(JSON.stringify(got), told, `cut at ${end}`)
      }
      assert.ok(unreadable > 100)
    })
  }

  test('without the secret, or under another one, TLS 1.3 is unreadable', () => {
    const { octets, secret } = flight('TLSv1.3 asks')
    assert.equal(readCertificateRequest(octets, undefined), 'unreadable')
    assert.equal(
      readCertificateRequest(
        octets,
        secret?.map((octet) => octet ^ 1),
      ),
      'unreadable',
    )
  })

  test('a protected record that is shorter than its tag, or empty', () => {
    const { octets, secret } = flight('TLSv1.3 asks')
    const helloEnd = 5 + Buffer.from(octets).readUInt16BE(3)
    for (const length of [0, 1, 15, 16]) {
      const short = Buffer.concat([
        octets.subarray(0, helloEnd),
        Buffer.from([23, 3, 3, 0, length]),
        Buffer.alloc(length),
      ])
      assert.equal(readCertificateRequest(short, secret), 'unreadable')
    }
  })

  test('what is larger than any flight is not looked at', () =>
    assert.equal(readCertificateRequest(new Uint8Array(262_145), undefined), 'unreadable'))

  test('no mutation of one makes it fail', () => {
    const { secret } = flight('TLSv1.3 asks')
    const survivor = {
      seeds: Object.values(flights).map(({ octets }) => octets),
      again: (octets: Uint8Array) => void readCertificateRequest(octets, secret),
      isDeclared: () => false,
    }
    survive(survivor, ROUNDS / 4)
  })
})
