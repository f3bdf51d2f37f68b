// A hundred stock clients at a door for VPN at once, and all of them again when its engine ends.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { PartyFiles } from './support/peers.ts'
import {
  clientLines,
  engineOf,
  enrolledAll,
  startClient,
  startVpnHouse,
  type VpnClient,
  type VpnHouse,
  withVpn,
} from './support/vpn.ts'

const POLICY = `
meet:
  - {rule: people come in, who: kind:person, what: service:office}
`
const STORM = 100
const PATIENCE_MS = 30_000

suite('a hundred clients of one door for VPN', withVpn, () => {
  let vpn: VpnHouse
  let of: (name: string) => PartyFiles

  before(async () => {
    vpn = await startVpnHouse({ policy: POLICY, parties: { mallory: { kind: 'person' } } })
    of = await enrolledAll(vpn, ['mallory'])
  })
  after(() => vpn?.[Symbol.asyncDispose]())

  const sessions = async (): Promise<number> => {
    const { stdout } = await vpn.house.run(['sessions', '--json'])
    return (JSON.parse(stdout) as { sessions: readonly unknown[] }).sessions.length
  }

  test(`${STORM} clients at once, and all of them again`, async () => {
    const place = await vpn.client()
    await using clients = new AsyncDisposableStack()
    const lines = clientLines(vpn, of('mallory'), ['ifconfig-noexec', 'route-noexec']).map((line) =>
      line === 'dev tun' ? 'dev null' : line,
    )
    const all: VpnClient[] = []
    for (let i = 0; i < STORM; i++) all.push(clients.use(await startClient(place, lines)))
    await Promise.all(all.map((one) => one.says(/Initialization Sequence Completed/, PATIENCE_MS)))
    // It tells them that it goes, and they come at once. It is ended as the house ends it, when it has a new certificate.
    const engine = engineOf(vpn)
    process.kill(engine, 'SIGTERM')
    await delay(500)
    process.kill(engine, 'SIGKILL')
    await Promise.all(all.map((one) => one.says(/(Initialization Sequence Completed[\s\S]*){2}/, PATIENCE_MS)))
    assert.equal(await sessions(), STORM)
  })
})
