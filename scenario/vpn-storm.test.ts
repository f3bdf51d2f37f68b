// A hundred stock clients at a door for VPN at once, and all of them again when its engine ends.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
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
/** Whoever gets no answer of an engine that has so many at once asks again after a minute, by its own clock (`hand-window`). */
const SECOND_TRY_MS = 100_000

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
    // It tells them that it goes, and they come at once.
    process.kill(engineOf(vpn), 'SIGTERM')
    await Promise.all(all.map((one) => one.says(/(Initialization Sequence Completed[\s\S]*){2}/, SECOND_TRY_MS)))
    assert.equal(await sessions(), STORM)
  })
})
