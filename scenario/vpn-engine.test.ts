// What a door for VPN stands: doors that are none, garbage on its port, an engine that is killed, and a house that is killed
// itself.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { startHouse } from './support/house.ts'
import { enrolled, type PartyFiles } from './support/peers.ts'
import {
  ACCESS_LOG,
  clientLines,
  engineOf,
  enrolledAll,
  OFFICE,
  reaches,
  startClient,
  startVpnHouse,
  type VpnHouse,
  withVpn,
} from './support/vpn.ts'

const POLICY = `
meet:
  - {rule: people come in, who: kind:person, what: service:office}
`
const PARTIES = Object.fromEntries(['alice', 'mallory'].map((name) => [name, { kind: 'person' }]))
const PATIENCE_MS = 30_000
/** A client that looks for another door soon where this one says nothing. */
const SOON = ['pull-filter ignore ping-restart', 'ping-restart 2']

suite('what a door for VPN stands', withVpn, () => {
  let vpn: VpnHouse
  let of: (name: string) => PartyFiles

  before(async () => {
    vpn = await startVpnHouse({ policy: POLICY, parties: PARTIES })
    of = await enrolledAll(vpn, ['alice', 'mallory'])
  })
  after(() => vpn?.[Symbol.asyncDispose]())

  const until = async (isSo: () => Promise<boolean>, what: string) => {
    for (const end = performance.now() + PATIENCE_MS; !(await isSo()); await delay(100))
      if (performance.now() > end) throw new Error(`not so after ${PATIENCE_MS} ms: ${what}`)
  }

  test('a client shows nothing to an impostor: neither a client of the same authority, nor another of its servers', async () => {
    const other = await enrolled(vpn.house, 'other', ['--san', 'dns:vpn.acme.example', '--profile', 'server'])
    const at = await vpn.client()
    for (const [files, says] of [
      [of('mallory'), /VERIFY (?:KU|EKU) ERROR|unsuitable certificate purpose/],
      [other, /VERIFY X509NAME ERROR: CN=other, must be door\/office/],
    ] as const) {
      const place = await vpn.client()
      await using impostor = await startClient(place, [
        ...['tls-server', 'dev null', 'proto udp4', 'port 1194', 'dh none', 'verb 3'],
        ...[`ca ${files.trust}`, `cert ${files.certificate}`, `key ${files.key}`],
      ])
      await impostor.says(/UDPv4 link remote/)
      const [, address = ''] = /inet (10\.99\.\S+)\//.exec(place.sh('ip -4 addr show eth0')) ?? []
      const lines = clientLines(vpn, of('alice')).map((line) => line.replace(/^remote .*/, `remote ${address} 1194`))
      await using alice = await startClient(at, lines)
      await alice.says(says)
      // Its next attempt: the one before is over, and no certificate came.
      await impostor.says(/(TLS: Initial packet[\s\S]*){2}/)
      assert.doesNotMatch(impostor.said(), /alice|VERIFY/)
    }
  })

  test('garbage on its port, and a client that stops in the middle, hold up nobody', async () => {
    const at = await vpn.client()
    await using before = await startClient(at, clientLines(vpn, of('alice')))
    await before.says(/Initialization Sequence Completed/)
    const script = `const { createSocket } = require('node:dgram'), { randomBytes } = require('node:crypto')
      const socket = createSocket('udp4')
      let left = 2000
      const send = () => left-- > 0 ? socket.send(randomBytes(1 + left % 1400), ${vpn.port}, '10.99.0.1', send) : socket.close()
      send()`
    const noise = (await vpn.client()).spawn(process.execPath, ['-e', script], { stdio: 'ignore' })
    const quiet = once(noise, 'close')
    // Each stops where it is: within the handshake, before it asks for its address, and when it has one.
    await using stalled = new AsyncDisposableStack()
    const place = await vpn.client()
    const nowhere = clientLines(vpn, of('alice'), ['ifconfig-noexec', 'route-noexec']).map((line) =>
      line === 'dev tun' ? 'dev null' : line,
    )
    for (const state of [
      /TLS: Initial packet/,
      /VERIFY OK/,
      /Control Channel: TLS/,
      /Initialization Sequence Completed/,
    ]) {
      const one = stalled.use(await startClient(place, nowhere))
      await one.says(state)
      one.process.kill('SIGSTOP')
    }
    await quiet
    await using next = await startClient(await vpn.client(), clientLines(vpn, of('mallory')))
    await next.says(/Initialization Sequence Completed/)
    await until(() => reaches(at, OFFICE), 'who was in before goes on')
  })

  test('an engine that is killed: nobody is in, sessions are accounted for, it is started, and clients come back', async () => {
    const at = await vpn.client()
    await using alice = await startClient(at, [...clientLines(vpn, of('alice')), ...SOON])
    await alice.says(/Initialization Sequence Completed/)
    process.kill(engineOf(vpn), 'SIGKILL')
    await vpn.house.event(({ event }) => event === 'vpn.engine-ended')
    const rules = vpn.place.sh('nft list set inet countersign_vpn_office may')
    assert.doesNotMatch(rules, /elements/)
    const accounts = join(vpn.house.directory, ACCESS_LOG)
    const isAccounted = async () =>
      /"event":"session\.done".*"code":"ERR_VPN_ENGINE"/.test(await readFile(accounts, 'utf8'))
    await until(isAccounted, 'her session is accounted for')
    await vpn.house.event(({ event }) => event === 'vpn.engine-started')
    await alice.says(/(Initialization Sequence Completed[\s\S]*){2}/, PATIENCE_MS)
    assert.equal(await reaches(at, OFFICE), true)
  })

  test('a house that is killed takes its engine along, and one that starts there again has its door', async () => {
    const pid = engineOf(vpn)
    await vpn.house.stop('SIGKILL')
    await until(async () => !existsSync(`/proc/${pid}`), 'the engine is gone')
    await using again = await startHouse({
      ...{ within: vpn.place.within, directory: vpn.house.directory, config: vpn.config },
    })
    const at = await vpn.client()
    const { port } = new URL(again.ready.doors[0]?.url ?? '')
    await using alice = await startClient(at, clientLines({ ...vpn, port: Number(port) }, of('alice')))
    await alice.says(/Initialization Sequence Completed/)
    assert.equal(await reaches(at, OFFICE), true)
    assert.deepEqual(await again.stop(), { code: 0, signal: null })
    assert.equal(vpn.place.sh('nft list tables').trim(), '')
  })
})
