// A VPN: how long a stock client takes to connect, and how many packets go there and back in a second, at OpenVPN alone and at
// our door with the same OpenVPN as its engine, in turns in one run; and from revoke to the last packet.
import { revokeNow } from '../scenario/support/administer.ts'
import { enrolled } from '../scenario/support/peers.ts'
import {
  clientLines,
  enrolledAll,
  floods,
  OFFICE,
  startClient,
  startPings,
  startVpnHouse,
  type VpnClient,
} from '../scenario/support/vpn.ts'
import { print } from './measurement.ts'

const ROUNDS = 7
const PACKETS = 20_000
const REVOKED = ['r1', 'r2', 'r3', 'r4', 'r5']
const BARE = 'OpenVPN alone'
const DOOR = 'countersign'
const UP = /Initialization Sequence Completed/

const policy = 'meet:\n  - {rule: people come in, who: kind:person, what: service:office}\n'
const parties = Object.fromEntries(['alice', ...REVOKED].map((name) => [name, { kind: 'person' }]))
await using vpn = await startVpnHouse({ policy, parties })
const of = await enrolledAll(vpn, Object.keys(parties))
const server = await enrolled(vpn.house, 'bare', ['--san', 'dns:bare.localhost', '--profile', 'server'])
await using bare = await startClient(vpn.place, [
  ...[
    'mode server',
    'tls-server',
    'local 10.99.0.1',
    'port 1195',
    'proto udp4',
    'dev bare',
    'dev-type tun',
    'disable-dco',
  ],
  ...['topology subnet', 'ifconfig 10.7.0.1 255.255.255.0', 'ifconfig-pool 10.7.0.2 10.7.0.100 255.255.255.0'],
  ...['push "topology subnet"', 'push "route-gateway 10.7.0.1"', 'push "route 10.1.0.0 255.255.0.0"', 'dh none'],
  ...['duplicate-cn', 'keepalive 10 60', 'tls-version-min 1.3', 'verb 1', 'verb 3'],
  ...[`ca ${server.trust}`, `cert ${server.certificate}`, `key ${server.key}`],
])
await bare.says(UP)
const servers = [
  { name: BARE, port: 1195, door: 'bare' },
  { name: DOOR, port: vpn.port, door: 'door/office' },
]
const at = await vpn.client()

for (const [what, unit, measure, goal] of [
  ['connects', 'ms', async (_client: VpnClient, tookMs: number) => tookMs, `≤ 1.1 × ${BARE}`],
  ['packets there and back', 'per second', async () => floods(at, OFFICE, PACKETS), `≥ 0.95 × ${BARE}`],
] as const) {
  const values = servers.map(() => [] as number[])
  for (let round = -1; round < ROUNDS; round++)
    for (const [i, one] of servers.entries()) {
      const value = await connected(one, measure)
      if (round >= 0) values[i]?.push(value)
    }
  for (const [i, { name }] of servers.entries())
    print({
      ...{ name: `${what}: ${name}`, unit, values: values[i] ?? [] },
      ...(name === DOOR && { baselines: [`${what}: ${BARE}`], goal }),
    })
}

const lasts: number[] = []
for (const name of REVOKED) {
  await using client = await startClient(at, clientLines(vpn, of(name)))
  await client.says(UP)
  await using pings = startPings(at, OFFICE)
  await pings.begins()
  const { calledAt } = await revokeNow(vpn.house, name)
  await client.ended()
  lasts.push(Math.max(0, (await pings.last()) - calledAt))
}
print({ name: 'from revoke to the last packet', unit: 'ms', values: lasts, goal: '< 1,000 ms' })

/** Connects alice there, and measures. */
async function connected(
  { port, door }: (typeof servers)[number],
  measure: (client: VpnClient, tookMs: number) => Promise<number>,
): Promise<number> {
  const lines = clientLines({ ...vpn, port }, of('alice')).map((line) =>
    line.startsWith('verify-x509-name') ? `verify-x509-name ${door} name` : line,
  )
  const began = performance.now()
  await using client = await startClient(at, [...lines, 'explicit-exit-notify 1'])
  await client.says(UP)
  const tookMs = performance.now() - began
  const value = await measure(client, tookMs)
  client.process.kill('SIGTERM')
  await client.ended()
  return value
}
