// 10,000 open sessions at one door: what an idle one costs in memory beside bare node:tls, and how soon those of a party
// that is revoked have ended, by the door's own clock and as the callers see it. For the last nothing to compare with is known.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startHouse } from '../scenario/support/house.ts'
import { mint } from '../scenario/support/mint.ts'
import { enrolled, type PartyFiles } from '../scenario/support/peers.ts'
import { print } from './measurement.ts'

const ROUNDS = 3
const ALL = 10_000
const ONES = 100
const BARE = 'bare node:tls, an idle session'
const here = (file: string) => fileURLToPath(new URL(`support/${file}`, import.meta.url))

interface Revoked {
  readonly calledAt: number
  /** Milliseconds after the call, one for each session. */
  readonly lastOctets: readonly number[]
  readonly cutMs: number
  readonly longestPauseMs: number
}

/** By the callers, milliseconds after the call. */
interface Seen {
  /** Those after the call, in which something came. */
  readonly received: readonly number[]
  readonly ended: number
}

await using house = await startHouse()
const party = await enrolled(house, 'bench', ['--san', 'dns:bench.localhost', '--profile', 'server'])
const [one, others] = [await mint(house, { party: 'one' }), await mint(house, { party: 'others' })]
const memory: Record<'bare' | 'gate', number[]> = { bare: [], gate: [] }
const cuts: Record<'one' | 'others', (Revoked & Seen)[]> = { one: [], others: [] }

for (let round = 0; round < ROUNDS; round++) {
  const bare = await startHolder('servers/hold-bare.ts', [party.certificate, party.key, party.trust])
  memory.bare.push((await fill(bare)).octetsEach)
  await bare.stop()
  const gate = await startHolder('servers/hold-gate.ts', [party.directory])
  const { octetsEach, ended } = await fill(gate)
  memory.gate.push(octetsEach)
  await gate.ask('send')
  await delay(1000)
  for (const who of ['one', 'others'] as const) {
    const revoked = (await gate.ask('revoke', who)) as Revoked
    const expected = who === 'one' ? ONES : ALL - ONES
    if (revoked.lastOctets.length !== expected)
      throw new Error(`${who}: ${revoked.lastOctets.length} sessions were cut`)
    const { endedAt, lastOctets } = await ended[who]
    const received = lastOctets.map((at) => Math.max(at - revoked.calledAt, 0))
    cuts[who].push({ ...revoked, received, ended: endedAt - revoked.calledAt })
  }
  await gate.stop()
}

const unit = 'ms after the call'
print({ name: BARE, unit: 'octets', values: memory.bare })
print({
  name: 'an idle session',
  unit: 'octets',
  values: memory.gate,
  baselines: [BARE],
  goal: '≤ 1.5 × bare node:tls',
})
for (const [who, name, stops, seen] of [
  ['one', `${ONES} of ${ALL}`, '< 100 ms', undefined],
  ['others', `the other ${ALL - ONES}`, '< 100 ms', '< 1,000 ms'],
] as const) {
  const all = cuts[who]
  for (const share of [0.5, 0.99, 1]) {
    const which = share === 1 ? 'max' : `p${share * 100}`
    const goal = share === 0.5 ? {} : { goal: stops }
    const received = all.map((cut) => quantile(cut.received, share))
    print({ name: `${name}: last octet received, ${which}`, unit, values: received, ...goal })
    const reset = all.map(({ lastOctets }) => quantile(lastOctets, share))
    print({ name: `${name}: connection reset, ${which}`, unit, values: reset })
  }
  print({ name: `${name}: all seen to end`, unit, values: all.map((cut) => cut.ended), ...(seen && { goal: seen }) })
  print({ name: `${name}: longest pause of the loop`, unit: 'ms', values: all.map((cut) => cut.longestPauseMs) })
}

interface Holder {
  readonly child: ChildProcess
  readonly port: number
  ask(command: string, argument?: string): Promise<unknown>
  stop(): Promise<void>
}

async function startHolder(program: string, args: readonly string[]): Promise<Holder> {
  const child = fork(here(program), [...args], {
    execArgv: ['--conditions=source', '--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    child,
    port,
    async ask(command, argument = '') {
      const answered = once(child, 'message')
      child.send([command, argument])
      const [answer] = (await answered) as [unknown]
      return answer
    },
    async stop() {
      const closed = once(child, 'close')
      child.kill()
      await closed
    },
  }
}

/** Opens all sessions; answers what each added to the process, and when those of each party will have ended. */
async function fill(holder: Holder): Promise<{ octetsEach: number; ended: Record<'one' | 'others', Promise<Ended>> }> {
  // What the first sessions of a process bring along is not theirs.
  const first = await crowd(holder, 200, others)
  await holder.ask('collect')
  const before = residentOctets(holder)
  const few = await crowd(holder, ONES, one)
  const many = await crowd(holder, ALL - ONES - 200, others)
  await delay(500)
  await holder.ask('collect')
  const octetsEach = (residentOctets(holder) - before) / (ALL - 200)
  const lastOf = async () => {
    const [early, late] = await Promise.all([first.ended, many.ended])
    const lastOctets = [...early.lastOctets, ...late.lastOctets]
    return { endedAt: Math.max(early.endedAt, late.endedAt), lastOctets }
  }
  return { octetsEach, ended: { one: few.ended, others: lastOf() } }
}

/** When the last of the sessions had ended, and the last octets of each came; epoch milliseconds. */
interface Ended {
  readonly endedAt: number
  readonly lastOctets: readonly number[]
}

async function crowd({ port }: Holder, count: number, as: PartyFiles): Promise<{ ended: Promise<Ended> }> {
  const args = [port, count, as.certificate, as.key].map(String)
  const child = spawn(process.execPath, [here('crowd.ts'), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  if ((JSON.parse(line) as { open: number }).open !== count) throw new Error(`not all are open: ${line}`)
  const ended = once(lines, 'line').then(([last]) => JSON.parse(String(last)) as Ended)
  return { ended }
}

function residentOctets({ child }: Holder): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  return Number(line) * 1024
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}
