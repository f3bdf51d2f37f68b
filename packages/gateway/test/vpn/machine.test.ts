// What a machine lacks for a door for VPN: this one, asked for what it cannot give.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { examineMachine, overlapOf, type VpnNeeds } from '../../src/vpn/machine.ts'

/** TEST-NET-3, which no machine has. @see RFC 5737 §3 */
const NEEDS: VpnNeeds = { name: 'test', listen: { host: '127.0.0.1', port: 0 }, network: '203.0.113.0/24' }
const codes = async (needs: Partial<VpnNeeds>): Promise<readonly string[]> => {
  const faults = await examineMachine({ ...NEEDS, ...needs })
  for (const { text, next } of faults) assert.ok(text.length > 10 && next.length > 10)
  return faults.map(({ code = '' }) => code)
}

suite('what a door for VPN needs of the machine', () => {
  test('a port that somebody has is named, and one that is free is not', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const listen = { host: '127.0.0.1', port: socket.address().port }
    assert.ok((await codes({ listen })).includes('EADDRINUSE'))
    const closed = once(socket, 'close')
    socket.close()
    await closed
    assert.ok(!(await codes({ listen })).includes('EADDRINUSE'))
    assert.ok((await codes({ listen: { host: '203.0.113.1', port: 0 } })).includes('EADDRNOTAVAIL'))
  })

  test('where its device is there, the door stands: its port is its own', async () => {
    assert.ok(!(await codes({ device: 'lo', listen: { host: '203.0.113.1', port: 0 } })).includes('EADDRNOTAVAIL'))
  })

  test('addresses of callers that this machine has too', () => {
    assert.equal(overlapOf(NEEDS), undefined)
    assert.match(
      overlapOf({ ...NEEDS, network: '127.0.4.0/24' }) ?? '',
      /^127\.0\.4\.0\/24 overlaps with 127\.0\.0\.1\/8 of lo$/,
    )
    assert.equal(overlapOf({ ...NEEDS, network: '127.0.4.0/24', device: 'lo' }), undefined)
  })
})
