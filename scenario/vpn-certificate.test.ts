// Stock clients of OpenVPN at a door for VPN, by their certificates alone: real packets to what rules let reach, and both
// sides' view of every refusal.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { PartyFiles } from './support/peers.ts'
import {
  clientLines,
  enrolledAll,
  OFFICE,
  reaches,
  reachesNot,
  startClient,
  startVpnHouse,
  VAULT,
  type VpnHouse,
  withVpn,
} from './support/vpn.ts'

const POLICY = `
meet:
  - {rule: staff come in, who: group:staff, what: service:office}
  - {rule: keepers open the vault, who: party:alice, what: service:vault}
`
const PARTIES = {
  alice: { kind: 'person', labels: ['group:staff'] },
  bob: { kind: 'person', labels: ['group:staff'] },
  carol: { kind: 'person' },
}
const REFERENCE = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/

suite('the door for VPN, by certificate', withVpn, () => {
  let vpn: VpnHouse
  let of: (name: string) => PartyFiles

  before(async () => {
    vpn = await startVpnHouse({ policy: POLICY, parties: PARTIES })
    of = await enrolledAll(vpn, Object.keys(PARTIES))
  })
  after(() => vpn?.[Symbol.asyncDispose]())

  test('what a rule lets reach is reached, and nothing else; sessions and the record show both proofs', async () => {
    const [at, there] = [await vpn.client(), await vpn.client()]
    await using alice = await startClient(at, clientLines(vpn, of('alice')))
    await using bob = await startClient(there, clientLines(vpn, of('bob')))
    await alice.says(/Initialization Sequence Completed/)
    await bob.says(/Initialization Sequence Completed/)
    assert.deepEqual([await reaches(at, OFFICE), await reaches(at, VAULT)], [true, true])
    there.sh('ip route add 10.2.0.0/16 via 10.8.0.1')
    assert.deepEqual([await reaches(there, OFFICE), await reachesNot(there, VAULT)], [true, true])
    // Nor the machine of the door, nor another caller.
    assert.equal(await reachesNot(at, '10.8.0.1'), true)
    const { stdout } = await vpn.house.run(['sessions', '--json'])
    const { sessions } = JSON.parse(stdout) as { sessions: readonly { caller: string }[] }
    assert.deepEqual(sessions.map(({ caller }) => caller).sort(), ['alice', 'bob'])
    const met = await vpn.house.event(({ event, caller }) => event === 'meeting' && caller === 'alice')
    const why = await vpn.house.run(['why', String(met['reference'])])
    assert.match(why.stdout, /alice, issued by/)
    assert.match(why.stdout, /vpn\.acme\.example, issued by/)
  })

  test('who may not come in is told why, with the reference that leads to the record', async () => {
    await using carol = await startClient(await vpn.client(), clientLines(vpn, of('carol')))
    const [line] = await carol.says(/AUTH_FAILED,.*/)
    assert.match(line, /ERR_POLICY_NOT_ALLOWED/)
    const reference = REFERENCE.exec(line)?.[0] ?? assert.fail(line)
    const why = await vpn.house.run(['why', reference])
    assert.match(why.stdout, /no rule lets carol in here/)
    assert.match(carol.said(), /SIGTERM\[soft,auth-failure\]/)
    await carol.ended()
  })

  test('who asks a doctor hears whether it answers, what this machine lacks, and that no page is there to be met', async () => {
    const url = vpn.house.ready.doors[0]?.url ?? ''
    const file = join(vpn.house.directory, 'standing.yaml')
    await writeFile(file, JSON.stringify(vpn.config).replace('10.99.0.1:0', `10.99.0.1:${vpn.port}`))
    const there = await vpn.house.run(['doctor', url, '--config', file])
    assert.equal(there.code, 0, there.stdout)
    assert.match(there.stdout, /✔ vpn +office has what it needs of this machine/)
    assert.match(there.stdout, /✔ reach +an OpenVPN server answers at UDP port \d+ in \d+ ms/)
    vpn.place.sh('echo 0 > /proc/sys/net/ipv4/ip_forward; ip addr add 10.8.0.77/29 dev lo')
    const [here, nobody, met] = await Promise.all([
      vpn.house.run(['doctor', '--config', 'countersign.yaml']),
      vpn.house.run(['doctor', 'openvpn://10.99.0.1:9']),
      vpn.house.run(['meet', url, '--trust', vpn.house.ready.trust]),
    ])
    vpn.place.sh('echo 1 > /proc/sys/net/ipv4/ip_forward; ip addr del 10.8.0.77/29 dev lo')
    assert.equal(here.code, 1)
    assert.match(here.stdout, /✘ vpn +office: 10\.8\.0\.0\/24 overlaps with 10\.8\.0\.77\/29 of lo/)
    assert.match(here.stdout, /! vpn +office: this machine forwards no packets/)
    assert.equal(nobody.code, 4)
    assert.match(nobody.stdout, /✘ reach +UDP port 9: nobody listens there \[ECONNREFUSED\]/)
    assert.equal(met.code, 2)
    assert.match(met.stderr, /is a door for VPN, which a client of OpenVPN meets[\s\S]*countersign vpn profile/)
  })
})
