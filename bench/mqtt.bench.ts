import { startHouse } from '../scenario/support/house.ts'
import { enrolled } from '../scenario/support/peers.ts'
import { startMosquitto } from '../tools/testing/mosquitto.ts'
import { freePort } from '../tools/testing/ports.ts'
import { print } from './measurement.ts'
import { cpuSeconds } from './support/cpu.ts'
import { type LoadedServer, runLoad, startNode } from './support/load.ts'

const ROUNDS = 5
const BARE = 'mosquitto'
const GOAL = '≥ 0.5 × mosquitto'

await using house = await startHouse()
const server = await enrolled(house, 'bench-door', ['--san', 'dns:bench.localhost', '--profile', 'server'])
const caller = await enrolled(house, 'bench')
const port = await freePort()
const ownTls = [
  ...[`listener ${port} 127.0.0.1`, `certfile ${server.certificate}`, `keyfile ${server.key}`],
  ...[`cafile ${server.trust}`, 'require_certificate true', 'use_identity_as_username true'],
]
// As root, since it reads the key after it has become who it is told to be.
await using bare = await startMosquitto(ownTls, 'root')
await using behind = await startMosquitto()
const config = JSON.stringify({
  kind: 'mqtt',
  broker: { path: behind.path },
  topics: [{ filter: 'bench/#', publish: true, subscribe: true }],
})
const door = await startNode('countersign', 'servers/door.ts', [server.directory, config])
const servers = [
  { name: BARE, port, pids: [bare.pid] },
  { ...door, pids: [...door.pids, behind.pid] },
]
try {
  for (const [what, act, count, qos] of [
    ['connections', 'connects', 400, 0],
    ['messages at QoS 0', 'messages', 20_000, 0],
    ['messages at QoS 1', 'messages', 10_000, 1],
  ] as const) {
    const rates = servers.map(() => [] as number[])
    for (const one of servers) await load(one, act, Math.round(count / 4), qos)
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, one] of servers.entries()) rates[i]?.push(await load(one, act, count, qos))
    for (const [i, { name }] of servers.entries())
      print({
        ...{ name: `${what}: ${name}`, unit: 'per CPU-second', values: rates[i] ?? [] },
        ...(name !== BARE && { baselines: [`${what}: ${BARE}`], goal: GOAL }),
      })
  }
} finally {
  await door.stop()
}

async function load(
  { name, port, pids }: Pick<LoadedServer, 'name' | 'port' | 'pids'>,
  act: 'connects' | 'messages',
  count: number,
  qos: 0 | 1,
): Promise<number> {
  const before = cpuSeconds(pids)
  const args = [act, port, count, qos, caller.certificate, caller.key, caller.trust].map(String)
  const { done } = (await runLoad('mqtt.ts', args)) as { done: number }
  if (done !== count) throw new Error(`${name}: ${done} of ${count}`)
  return done / (cpuSeconds(pids) - before)
}
