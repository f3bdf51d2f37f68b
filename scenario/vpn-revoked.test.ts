// Who is revoked at the door for VPN: before, while packets flow, and where the client never hears of it. Of the packets,
// the last one counts, both ways.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { needs } from '../interop/peer.ts'
import type { Namespace } from '../tools/testing/namespaces.ts'
import { revokeNow } from './support/administer.ts'
import type { PartyFiles } from './support/peers.ts'
import {
  clientLines,
  enrolledAll,
  OFFICE,
  type Pings,
  reaches,
  reachesNot,
  startClient,
  startPings,
  startVpnHouse,
  VAULT,
  type VpnClient,
  type VpnHouse,
  withVpn,
} from './support/vpn.ts'

const VAULT_RULE = '  - {rule: keepers open the vault, who: kind:person, what: service:vault}\n'
const POLICY = `
meet:
  - {rule: people come in, who: kind:person, what: service:office}
`
const PARTIES = Object.fromEntries(['alice', 'bob', 'carol', 'dave'].map((name) => [name, { kind: 'person' }]))
/** The goal of the door. */
const LAST_PACKET_MS = 1_000
/** How long it is looked for packets that come all the same: the engine keeps an ended client for five seconds. */
const WATCHED_MS = 3_000

suite('who is revoked, at the door for VPN', { ...withVpn, ...needs('ping', 'iputils-ping') }, () => {
  let vpn: VpnHouse
  let of: (name: string) => PartyFiles

  before(async () => {
    vpn = await startVpnHouse({ policy: POLICY + VAULT_RULE, parties: PARTIES })
    of = await enrolledAll(vpn, Object.keys(PARTIES))
  })
  after(() => vpn?.[Symbol.asyncDispose]())

  /** Connected, with pings both ways. */
  async function flowing(name: string): Promise<Flowing> {
    await using opened = new AsyncDisposableStack()
    const at = await vpn.client()
    const client = opened.use(await startClient(at, clientLines(vpn, of(name))))
    await client.says(/Initialization Sequence Completed/)
    const [, own = ''] = /net_addr_v4_add: (\S+)\/24/.exec(client.said()) ?? []
    const pings = [startPings(at, OFFICE), startPings(vpn.behind, own)].map((ping) => opened.use(ping))
    for (const ping of pings) await ping.begins()
    const owned = opened.move()
    return { at, client, pings, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  }

  test('while packets flow: the last of both ways is before the receipt; the client reads why', async () => {
    await using it = await flowing('alice')
    const { client, pings } = it
    const receipt = await revokeNow(vpn.house, 'alice')
    assert.deepEqual(receipt.confirmed, ['authority', 'office'])
    assert.equal(receipt.cuts.length, 1)
    const [line] = await client.says(/Halt command was pushed by server.*/)
    assert.match(line, /ERR_CALLER_REVOKED, M-/)
    await client.ended()
    for (const ping of pings) {
      const last = await ping.last()
      assert.ok(last <= receipt.answeredAt, `${last - receipt.answeredAt} ms after the receipt`)
      assert.ok(last - receipt.calledAt < LAST_PACKET_MS)
    }
    const { stdout } = await vpn.house.run(['sessions', '--json'])
    assert.doesNotMatch(stdout, /alice/)
  })

  test('while packets flow, and nothing that the engine says reaches the client: none leaks', async () => {
    await using it = await flowing('bob')
    const { at, client, pings } = it
    // Five bits say what a packet is; 9 is data (P_DATA_V2).
    at.sh(
      `nft 'table ip deaf { chain in { type filter hook input priority 0; udp sport ${vpn.port} @th,64,5 != 9 drop; }; }'`,
    )
    const receipt = await revokeNow(vpn.house, 'bob')
    await delay(WATCHED_MS)
    assert.doesNotMatch(client.said(), /Halt command/)
    for (const ping of pings) {
      const last = await ping.last()
      assert.ok(last <= receipt.answeredAt, `${last - receipt.answeredAt} ms after the receipt`)
    }
  })

  test('before: it is told that it was, with the reference', async () => {
    await revokeNow(vpn.house, 'carol')
    await using carol = await startClient(await vpn.client(), clientLines(vpn, of('carol')))
    const [line] = await carol.says(/AUTH_FAILED,.*/)
    assert.match(line, /ERR_CALLER_REVOKED, M-/)
    const why = await vpn.house.run(['why', /M-\w{4}-\w{4}/.exec(line)?.[0] ?? ''])
    assert.match(why.stdout, /carol was revoked/)
  })

  test('a rule that goes takes its network along, and leaves the session; a lock ends it', async () => {
    await using it = await flowing('dave')
    const { at, client } = it
    assert.equal(await reaches(at, VAULT), true)
    await writeFile(join(vpn.scratch, 'policy.yaml'), POLICY)
    const reloaded = await vpn.house.run(['reload'])
    assert.equal(reloaded.code, 0, reloaded.stderr)
    assert.deepEqual([await reachesNot(at, VAULT), await reaches(at, OFFICE)], [true, true])
    await vpn.house.run(['lock', 'dave', '--reason', 'lost'])
    await client.says(/Halt command was pushed by server.*ERR_POLICY_LOCKED/)
    assert.equal(await reachesNot(at, OFFICE), true)
  })
})

/** A client through which packets go both ways. */
interface Flowing extends AsyncDisposable {
  readonly at: Namespace
  readonly client: VpnClient
  readonly pings: readonly Pings[]
}
