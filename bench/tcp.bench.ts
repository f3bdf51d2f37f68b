// What a gigabyte costs the process in the middle: mutual TLS in, plain TCP upstream, in turns in one run: our TCP door,
// stunnel, and `pipeline` behind bare node:tls.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../interop/peer.ts'
import { startHouse } from '../scenario/support/house.ts'
import { enrolled } from '../scenario/support/peers.ts'
import { print } from './measurement.ts'
import { cpuSeconds } from './support/cpu.ts'
import { type LoadedServer, runLoad, startNode } from './support/load.ts'
import { startStunnel } from './support/stunnel.ts'

const ROUNDS = 5
const OCTETS = 1_000_000_000
const WARM_UP = 300_000_000

await using house = await startHouse()
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
const party = await enrolled(house, 'bench', ['--san', 'dns:bench.localhost', '--profile', 'server'])
const alice = await enrolled(house, 'alice')
const upstream = await startNode('upstream', 'servers/octets-upstream.ts', [])
const { certificate, key, trust } = party
const bare = await startNode('bare pipeline', 'servers/bare-pipeline.ts', [
  certificate,
  key,
  trust,
  String(upstream.port),
])
const program = findProgram('stunnel')
const stunnel = program && (await startStunnel(program, party, join(scratch, 'stunnel'), upstream.port))
const config = JSON.stringify({ kind: 'tcp', upstream: { host: '127.0.0.1', port: upstream.port } })
const door = await startNode('countersign', 'servers/door.ts', [party.directory, config])
const servers = [bare, ...(stunnel ? [stunnel] : []), door]
try {
  if (!stunnel) print({ name: 'stunnel', skipped: 'stunnel is not installed' })
  const costs = new Map<LoadedServer, number[]>(servers.map((server) => [server, []]))
  for (const server of servers) await carry(server, WARM_UP)
  for (let round = 0; round < ROUNDS; round++)
    for (const server of servers) costs.get(server)?.push(await carry(server, OCTETS))
  for (const server of servers) {
    const beside = {
      baselines: servers.filter((other) => other !== door).map(({ name }) => name),
      goal: '≤ 1 × stunnel',
    }
    const values = costs.get(server) ?? []
    print({ name: server.name, unit: 'ms of CPU per GB', values, ...(server === door && beside) })
  }
} finally {
  await Promise.all([...servers, upstream].map((server) => server.stop()))
  await rm(scratch, { recursive: true, force: true })
}

/** Carries `octets` to a caller; answers milliseconds of CPU per gigabyte. */
async function carry(server: LoadedServer, octets: number): Promise<number> {
  const before = cpuSeconds(server.pids)
  const args = [server.port, octets, alice.certificate, alice.key].map(String)
  const { came, cipher } = (await runLoad('octets.ts', args)) as { came: number; cipher: string }
  if (came !== octets || cipher !== 'TLS_AES_256_GCM_SHA384')
    throw new Error(`${server.name}: ${came} of ${octets} octets came by ${cipher}`)
  return ((cpuSeconds(server.pids) - before) / octets) * 1e12
}
