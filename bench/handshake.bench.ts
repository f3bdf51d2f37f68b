// Full mutual TLS 1.3 handshakes, one small HTTP answer each, per second of the server's CPU, in turns in one run:
// our gate, nginx (which checks path and CRL) and bare node:tls (which checks the path). All but one nginx write tickets,
// as is each one's default; no client uses one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../interop/peer.ts'
import { startHouse } from '../scenario/support/house.ts'
import { mint } from '../scenario/support/mint.ts'
import { enrolled, type PartyFiles } from '../scenario/support/peers.ts'
import { print } from './measurement.ts'
import { handshakesPerCpuSecond, type LoadedServer, startNode } from './support/load.ts'
import { startNginx } from './support/nginx.ts'

const ROUNDS = 5
const HANDSHAKES = 500
/** Until a server's code is compiled and its caches have what they will have. */
const WARM_UP = 1500

await using house = await startHouse()
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
const party = await enrolled(house, 'bench', ['--san', 'dns:bench.localhost', '--profile', 'server'])
const alice = await enrolled(house, 'alice')
const again = (count: number) => Array.from({ length: count }, () => alice)

const bare = await startNode('bare node:tls', 'servers/bare.ts', [party.certificate, party.key, party.trust])
const gate = await startNode('countersign', 'servers/gate.ts', [party.directory])
const program = findProgram('nginx')
const nginxes: LoadedServer[] = []
if (program !== undefined)
  for (const tickets of [true, false])
    nginxes.push(await startNginx(program, party, join(scratch, `nginx-${tickets}`), { tickets }))
const servers = [bare, ...nginxes, gate]
try {
  for (const server of servers) await handshakesPerCpuSecond(server, again(WARM_UP), scratch)
  const rates = new Map<LoadedServer, number[]>(servers.map((server) => [server, []]))
  const returning: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Nobody twice: what a server remembers of a caller would flatter it.
    const strangers = await mintStrangers()
    for (const server of servers) rates.get(server)?.push(await handshakesPerCpuSecond(server, strangers, scratch))
    returning.push(await handshakesPerCpuSecond(gate, again(HANDSHAKES), scratch))
  }
  const unit = 'per CPU-second'
  const beside = [bare, ...nginxes].map(({ name }) => name)
  print({ name: bare.name, unit, values: rates.get(bare) ?? [] })
  for (const nginx of nginxes) print({ name: nginx.name, unit, values: rates.get(nginx) ?? [], baselines: [bare.name] })
  if (nginxes.length === 0) print({ name: 'nginx', skipped: 'nginx is not installed' })
  const goal = `≥ 0.8 × ${bare.name}`
  print({ name: 'countersign, strangers', unit, values: rates.get(gate) ?? [], baselines: beside, goal })
  print({ name: 'countersign, one who returns', unit, values: returning, baselines: beside })
} finally {
  await Promise.all(servers.map((server) => server.stop()))
  await rm(scratch, { recursive: true, force: true })
}

async function mintStrangers(): Promise<PartyFiles[]> {
  const strangers: PartyFiles[] = []
  for (let i = 0; i < HANDSHAKES; i++) strangers.push(await mint(house, { party: `stranger-${i}` }))
  return strangers
}
