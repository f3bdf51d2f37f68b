// Certificates per second through the API over mutual TLS: asked with a P-256 request, and durable, linted, searchable and in
// the ledger when they are answered. With the store in a file and in PostgreSQL, the key in a file and on a token, for one
// client and for many; beside the bare loop of that work on one core, and beside step-ca. In turns in one run.
import { mkdtemp, readFile, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writePem } from '@countersign/x509'
import { findProgram } from '../interop/peer.ts'
import { startPostgresql, withPostgresql } from '../interop/postgresql.ts'
import { type RunningHouse, startHouse } from '../scenario/support/house.ts'
import { enrolled } from '../scenario/support/peers.ts'
import { newKey, requestFor } from '../tools/testing/keys.ts'
import { softToken, withToken } from '../tools/testing/soft-token.ts'
import { print } from './measurement.ts'
import { askAll } from './support/ask-all.ts'
import { cpuSeconds } from './support/cpu.ts'
import { openFloor } from './support/floor.ts'
import { type StepCa, startStepCa } from './support/step-ca.ts'

const ROUNDS = 5
const MANY = 32
/** Certificates of one measurement, beside one for each client. */
const COUNTS = { one: 200, many: 960 } as const
/** statfs(2): TMPFS_MAGIC. */
const TMPFS = 0x01021994

if ((await statfs(tmpdir())).type === TMPFS)
  throw new Error(`${tmpdir()} is in memory, where nothing is durable: set TMPDIR to a folder on a disk`)

interface Candidate {
  readonly name: string
  readonly pid: number
  /** Certificates a second. */
  run(requests: readonly Uint8Array[], clients: number, round: number): Promise<number>
}

await using ends = new AsyncDisposableStack()
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
ends.defer(() => rm(scratch, { recursive: true, force: true }))
const values = new Map<string, number[]>()
const note = (name: string, value: number) => values.set(name, [...(values.get(name) ?? []), value])

const candidates: Candidate[] = []
const absent: [string, string][] = []
candidates.push(await ours('SQLite, key in a file', {}))
if (withToken.skip === undefined) candidates.push(await ours('SQLite, key on SoftHSM', { issuingKey: tokenUri() }))
else absent.push(['countersign, SQLite, key on SoftHSM', withToken.skip])
if (withPostgresql.skip === undefined) {
  const database = ends.use(await startPostgresql())
  candidates.push(await ours('PostgreSQL, key in a file', { store: database.url('postgres') }))
} else absent.push(['countersign, PostgreSQL', withPostgresql.skip])
const stepCa = findProgram('step-ca')
if (stepCa === undefined) absent.push(['step-ca', 'step-ca is not in the path'])
else
  for (const database of ['badgerv2', 'bbolt'] as const)
    candidates.push(
      foreign(`step-ca, ${database}`, ends.use(await startStepCa(stepCa, join(scratch, database), database))),
    )

const bare = openFloor(join(scratch, 'bare.db'))
ends.defer(() => bare.close())

// The first round warms code and caches and is not counted.
for (let round = 0; round <= ROUNDS; round++) {
  const requests = Array.from({ length: COUNTS.one + COUNTS.many + 1 + MANY }, () => requestFor(newKey()))
  for (const [clients, part] of [
    [1, requests.slice(0, COUNTS.one + 1)],
    [MANY, requests.slice(COUNTS.one + 1)],
  ] as const) {
    const label = clients === 1 ? 'one client' : `${clients} clients`
    const before = performance.now()
    for (let i = 0; i < part.length; i += clients) bare.issueFor(part.slice(i, i + clients))
    if (round > 0) note(`bare loop, ${label}`, (part.length / (performance.now() - before)) * 1000)
    for (const { name, pid, run } of candidates) {
      const cpu = await cpuSeconds([pid])
      const rate = await run(part, clients, round)
      if (round === 0) continue
      note(`${name}, ${label}`, rate)
      note(`${name}, ${label}: CPU`, (((await cpuSeconds([pid])) - cpu) / part.length) * 1000)
    }
  }
}
for (const [name, measured] of values) {
  const label = name.includes('one client') ? 'one client' : `${MANY} clients`
  if (name.endsWith(': CPU')) print({ name, unit: 'ms of CPU', values: measured })
  else if (!name.startsWith('countersign')) print({ name, unit: 'per second', values: measured })
  else
    print({
      name,
      unit: 'per second',
      values: measured,
      baselines: [
        `bare loop, ${label}`,
        ...(stepCa ? [`step-ca, badgerv2, ${label}`, `step-ca, bbolt, ${label}`] : []),
      ],
      goal: '≥ 0.5 × the bare loop, ≥ 3 × step-ca',
    })
}
for (const [name, skipped] of absent) print({ name, skipped })

/** A house of ours, with an administrator who asks. */
async function ours(name: string, authority: object): Promise<Candidate> {
  const directory = await mkdtemp(join(scratch, 'house-'))
  const config = { authority: { listen: '127.0.0.1:0', ...authority } }
  const house: RunningHouse = ends.use(await startHouse({ directory, config }))
  const officer = await enrolled(house, 'ops/bench', ['--profile', 'admin'])
  const { hostname: host, port } = new URL(house.ready.authority.url)
  const trust = await readFile(officer.trust, 'utf8')
  let asked = 0
  return {
    name: `countersign, ${name}`,
    pid: house.ready.pid,
    run: (requests, clients) => {
      const bodies = requests.map((request) => {
        const party = `machines/m${++asked}`
        return JSON.stringify({
          party,
          profile: 'server',
          san: [`dns:m${asked}.acme.example`],
          request: request.toBase64(),
        })
      })
      return askAll({ host, port: Number(port), path: '/v1/certificates', trust, identity: officer, clients, bodies })
    },
  }
}

function foreign(name: string, { port, trust, path, body, pid }: StepCa): Candidate {
  return {
    name,
    pid,
    run: (requests, clients, round) => {
      const bodies = requests.map((request, i) =>
        body(writePem('CERTIFICATE REQUEST', request), `m${round}-${i}.acme.example`),
      )
      return askAll({ host: 'localhost', port, path, trust, clients, bodies })
    },
  }
}

function tokenUri(): string {
  const token = softToken({ after: (work) => ends.defer(async () => void (await work())) })
  token.tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'issuing', '--id', '01')
  return token.uri('object=issuing')
}
