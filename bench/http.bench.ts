// What a request costs the process in the middle: mutual TLS in, plain HTTP upstream, kept connections on both sides, in
// turns in one run: our web door, nginx, and undici's dispatch behind bare `https`, which checks and strips nothing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../interop/peer.ts'
import { startHouse } from '../scenario/support/house.ts'
import { enrolled } from '../scenario/support/peers.ts'
import { print } from './measurement.ts'
import { cpuSeconds } from './support/cpu.ts'
import { type LoadedServer, runLoad, startNode } from './support/load.ts'
import { startNginx } from './support/nginx.ts'

const ROUNDS = 5
const CONNECTIONS = 16
const SIZES = [
  { path: '/1kB', requests: 5000, stretch: 0.4 },
  { path: '/100kB', requests: 2000, stretch: 0.65 },
] as const
const WARM_UP = 10_000

await using house = await startHouse()
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
const party = await enrolled(house, 'bench', ['--san', 'dns:bench.localhost', '--profile', 'server'])
const alice = await enrolled(house, 'alice')
const upstream = await startNode('upstream', 'servers/http-upstream.ts', [])
const url = `http://127.0.0.1:${upstream.port}`
const program = findProgram('nginx')
const { certificate, key, trust } = party
const bare = await startNode('bare dispatch', 'servers/bare-dispatch.ts', [certificate, key, trust, url])
const nginx = program && (await startNginx(program, party, join(scratch, 'nginx'), { name: 'nginx', upstream: url }))
const config = JSON.stringify({ kind: 'web', upstream: { url } })
const door = await startNode('countersign', 'servers/door.ts', [party.directory, config])
const servers = [bare, ...(nginx ? [nginx] : []), door]
try {
  if (!nginx) print({ name: 'nginx', skipped: 'nginx is not installed' })
  for (const { path, requests, stretch } of SIZES) {
    for (const server of servers) await microsecondsEach(server, path, WARM_UP)
    const costs = new Map<LoadedServer, number[]>(servers.map((server) => [server, []]))
    for (let round = 0; round < ROUNDS; round++)
      for (const server of servers) costs.get(server)?.push(await microsecondsEach(server, path, requests))
    const named = ({ name }: LoadedServer) => `${path.slice(1)}: ${name}`
    for (const server of servers) {
      const beside = {
        baselines: servers.filter((other) => other !== door).map(named),
        goal: `≤ ${round2(1 / 0.95)} × bare; stretch ≤ ${round2(1 / stretch)} × nginx`,
      }
      const values = costs.get(server) ?? []
      print({ name: named(server), unit: 'µs of CPU', values, ...(server === door && beside) })
    }
  }
} finally {
  await Promise.all([...servers, upstream].map((server) => server.stop()))
  await rm(scratch, { recursive: true, force: true })
}

async function microsecondsEach(server: LoadedServer, path: string, requests: number): Promise<number> {
  const before = cpuSeconds(server.pids)
  const args = [server.port, CONNECTIONS, requests, path, alice.certificate, alice.key].map(String)
  const { done } = (await runLoad('requests.ts', args)) as { done: number }
  if (done !== requests) throw new Error(`${server.name}: ${done} of ${requests} requests were answered`)
  return ((cpuSeconds(server.pids) - before) / requests) * 1e6
}

function round2(value: number): number {
  return Math.round(value * 100) / 100
}
