// Mutual TLS 1.3 handshakes, full and resumed, one small HTTP answer each, per second of the server's CPU, in turns in one
// run: our gate, nginx and HAProxy (which check path and CRL where they are full, and nothing where they are resumed) and
// bare node:tls (which checks the path). All but one nginx write tickets, as is each one's default.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../interop/peer.ts'
import { startHouse } from '../scenario/support/house.ts'
import { mint } from '../scenario/support/mint.ts'
import { enrolled, type PartyFiles } from '../scenario/support/peers.ts'
import { print } from './measurement.ts'
import { startHaproxy } from './support/haproxy.ts'
import { handshakesPerCpuSecond, type LoadedServer, startNode } from './support/load.ts'
import { startNginx } from './support/nginx.ts'

const ROUNDS = 5
const HANDSHAKES = 500
const RESUMED = 1000
/** Until a server's code is compiled and its caches have what they will have. */
const WARM_UP = 1500

await using house = await startHouse()
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
const party = await enrolled(house, 'bench', ['--san', 'dns:bench.localhost', '--profile', 'server'])
const alice = await enrolled(house, 'alice')
const again = (count: number) => Array.from({ length: count }, () => alice)

const bare = await startNode('bare node:tls', 'servers/bare.ts', [party.certificate, party.key, party.trust])
const gate = await startNode('countersign', 'servers/gate.ts', [party.directory])
const others: LoadedServer[] = []
const nginx = findProgram('nginx')
const haproxy = findProgram('haproxy')
if (nginx !== undefined) {
  others.push(await startNginx(nginx, party, join(scratch, 'nginx'), { name: 'nginx' }))
  others.push(
    await startNginx(nginx, party, join(scratch, 'nginx-full'), { name: 'nginx without tickets', tickets: false }),
  )
}
if (haproxy !== undefined) others.push(await startHaproxy(haproxy, party, join(scratch, 'haproxy')))
const servers = [bare, ...others, gate]
const resumable = servers.filter(({ name }) => name !== 'nginx without tickets')
try {
  for (const server of servers) await handshakesPerCpuSecond(server, again(WARM_UP), scratch)
  for (const server of resumable) await handshakesPerCpuSecond(server, again(WARM_UP), scratch, 'resumed')
  const full = new Map<LoadedServer, number[]>(servers.map((server) => [server, []]))
  const resumed = new Map<LoadedServer, number[]>(resumable.map((server) => [server, []]))
  const returning: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Nobody twice: what a server remembers of a caller would flatter it.
    const strangers = await mintStrangers()
    for (const server of servers) full.get(server)?.push(await handshakesPerCpuSecond(server, strangers, scratch))
    returning.push(await handshakesPerCpuSecond(gate, again(HANDSHAKES), scratch))
    for (const server of resumable)
      resumed.get(server)?.push(await handshakesPerCpuSecond(server, again(RESUMED), scratch, 'resumed'))
  }
  for (const program of ['nginx', 'haproxy'])
    if (findProgram(program) === undefined) print({ name: program, skipped: `${program} is not installed` })
  const unit = 'per CPU-second'
  const goal = nginx === undefined ? `≥ 0.8 × ${bare.name}` : '≥ 1 × nginx'
  const beside = [bare, ...others].map(({ name }) => name)
  for (const server of [bare, ...others]) {
    const baselines = server === bare ? [] : [bare.name]
    print({ name: server.name, unit, values: full.get(server) ?? [], baselines })
  }
  print({ name: 'countersign, strangers', unit, values: full.get(gate) ?? [], baselines: beside, goal })
  print({ name: 'countersign, one who returns', unit, values: returning, baselines: beside, goal })
  const named = (name: string) => `${name}, resumed`
  for (const server of resumable) {
    const baselines = resumable.slice(0, resumable.indexOf(server)).map(({ name }) => named(name))
    const aim = server === gate ? { goal: goal.replace('nginx', named('nginx')) } : {}
    print({ name: named(server.name), unit, values: resumed.get(server) ?? [], baselines, ...aim })
  }
} finally {
  await Promise.all(servers.map((server) => server.stop()))
  await rm(scratch, { recursive: true, force: true })
}

async function mintStrangers(): Promise<PartyFiles[]> {
  const strangers: PartyFiles[] = []
  for (let i = 0; i < HANDSHAKES; i++) strangers.push(await mint(house, { party: `stranger-${i}` }))
  return strangers
}
