// An authority with a million certificates: whether it is as fast as with none, ready as soon, and how large it grows.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type RunningHouse, startHouse } from '../scenario/support/house.ts'
import { enrolled } from '../scenario/support/peers.ts'
import { newKey, requestFor } from '../tools/testing/keys.ts'
import { print } from './measurement.ts'
import { askAll } from './support/ask-all.ts'
import { keyOfSeed, nameOfSeed, partyOfSeed, SEEDED_DOORS, seed, serialOfSeed } from './support/seed.ts'

const COUNT = Number(process.env['COUNTERSIGN_BENCH_CERTIFICATES'] ?? 1_000_000)
const ROUNDS = 5
const CLIENTS = 32
const CERTIFICATES = 640
const QUESTIONS = 100
const config = { authority: { listen: '127.0.0.1:0' } }

const directory = await mkdtemp(join(tmpdir(), 'countersign-million-'))
const store = join(directory, 'countersign-data', 'store.db')
const told = (what: string) => process.stderr.write(`${what}\n`)
let asked = 0
let empty: number
let octetsBefore: number
try {
  {
    await using house = await startHouse({ directory, config })
    const officer = await enrolled(house, 'ops/bench', ['--profile', 'admin'])
    await enrolled(house, 'template', ['--profile', 'server', '--san', 'template.seed.example'])
    await enrolled(house, 'gone')
    const revoked = await house.run(['revoke', 'gone', '--reason', 'superseded'])
    if (revoked.code !== 0) throw new Error(revoked.stderr)
    const values = await rates(house, officer)
    print({ name: 'issued, with few', unit: 'per second', values })
    const starts = await settled(house)
    await house.stop()
    empty = starts
  }
  octetsBefore = await octetsOf()
  print({ name: 'ready, with few', unit: 'ms', values: await startTimes() })
  const began = performance.now()
  seed(store, { party: 'template', revoked: 'gone', count: COUNT })
  told(`${COUNT} certificates were put in, in ${Math.round((performance.now() - began) / 1000)} s`)
  {
    await using house = await startHouse({ directory, config, readyMs: 120_000 })
    const start = performance.now()
    await integrated(house, empty + COUNT)
    print({
      name: 'their entries, put into the ledger',
      unit: 'per second',
      values: [COUNT / ((performance.now() - start) / 1000)],
    })
    await house.stop()
  }
  print({ name: 'disk for each certificate', unit: 'octets', values: [((await octetsOf()) - octetsBefore) / COUNT] })
  print({
    name: 'ready, with all',
    unit: 'ms',
    values: await startTimes(),
    baselines: ['ready, with few'],
    goal: '< 1,000 ms',
  })
  await using house = await startHouse({ directory, config, readyMs: 120_000 })
  await questions(house)
  const values = await rates(house, {
    key: file('identity.key'),
    certificate: file('identity.pem'),
    trust: file('trust.pem'),
  })
  print({
    name: 'issued, with all',
    unit: 'per second',
    values,
    baselines: ['issued, with few'],
    goal: '≥ 0.9 × with few',
  })
  print({ name: 'memory, at most', unit: 'MB', values: [await peakMegabytes(house)], goal: '< 300 MB' })
} finally {
  await rm(directory, { recursive: true, force: true })
}

function file(name: string): string {
  return join(directory, 'parties', 'ops', 'bench', name)
}

/** Certificates a second, each round after the first. */
async function rates(
  house: RunningHouse,
  officer: { readonly key: string; readonly certificate: string; readonly trust: string },
): Promise<number[]> {
  const { hostname: host, port } = new URL(house.ready.authority.url)
  const trust = await readFile(officer.trust, 'utf8')
  const values: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const bodies = Array.from({ length: CERTIFICATES + CLIENTS }, () => {
      const party = `machines/m${++asked}`
      const san = [`dns:m${asked}.acme.example`]
      return JSON.stringify({ party, profile: 'server', san, request: requestFor(newKey()).toBase64() })
    })
    const rate = await askAll({
      ...{ host, port: Number(port), path: '/v1/certificates', trust },
      ...{ identity: { key: officer.key, certificate: officer.certificate }, clients: CLIENTS, bodies },
    })
    if (round > 0) values.push(rate)
  }
  return values
}

/** Milliseconds from the start of the process to its ready line. */
async function startTimes(): Promise<number[]> {
  const values: number[] = []
  for (let round = 0; round < 3; round++) {
    const before = performance.now()
    await using house = await startHouse({ directory, config, readyMs: 120_000 })
    values.push(performance.now() - before)
    await house.stop()
  }
  return values
}

/** Asks by each column, a hundred times another value: the time of each answer. */
async function questions(house: RunningHouse): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (query: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const path = query.startsWith('/') ? query : `/v1/certificates?${query}`
    const sent = request({ agent, socketPath: join(house.data, 'admin.sock'), path }, (answer) => {
      text(answer).then((body) => (answer.statusCode === 200 ? resolve(body) : reject(new Error(body))), reject)
    })
    sent.on('error', reject).end()
    const body = await promise
    return JSON.parse(body) as { certificates: { party: string }[]; next?: string }
  }
  const random = (i: number) => (i * 7_919 + 13) % COUNT
  const ago = (i: number) => Temporal.Now.instant().subtract({ hours: 24 * (1 + (i % 40)) })
  const soon = (i: number) => Temporal.Now.instant().add({ hours: 24 * (1 + (i % 60)) })
  const rows: readonly (readonly [string, (n: number, i: number) => string, boolean])[] = [
    ['party', (n) => `party=${encodeURIComponent(partyOfSeed(n))}`, true],
    ['name', (n) => `name=${nameOfSeed(n)}`, true],
    ['beginning of a name', (n) => `namePrefix=s${n}.`, true],
    ['serial number', (n) => `serial=${serialOfSeed(n)}`, true],
    ['key', (n) => `spkiSha256=${keyOfSeed(n).toHex()}`, true],
    ['profile', () => 'profile=server', false],
    ['issuer', () => 'issuer=authority%2Fissuing', false],
    ['state valid', () => 'state=valid', false],
    ['state revoked', () => 'state=revoked', false],
    ['end', (_, i) => `expiresBefore=${soon(i)}`, false],
    ['profile and end', (_, i) => `profile=server&expiresBefore=${soon(i)}`, false],
    ['door that it was last seen at', (n) => `door=web${n % SEEDED_DOORS}`, false],
    ['seen since', (_, i) => `seenSince=${ago(i)}`, false],
    ['not seen since', (_, i) => `notSeenSince=${ago(i)}`, false],
    ['never seen', () => 'neverSeen=true', false],
    ['overdue, its end', (_, i) => `/v1/expiring?before=${soon(i)}`, false],
    ['the outage budget', () => '/v1/outage-budget', false],
    ['the keys of a party', (n) => `/v1/parties/${encodeURIComponent(partyOfSeed(n))}/keys`, false],
    ['party and state', (n) => `party=${encodeURIComponent(partyOfSeed(n))}&state=valid`, false],
  ]
  try {
    for (const [what, queryOf, one] of rows) {
      const values: number[] = []
      let next: string | undefined
      for (let i = 0; i < QUESTIONS; i++) {
        const asked = queryOf(random(i), i)
        const isWhole = asked.startsWith('/') && !asked.includes('?')
        const query = isWhole ? asked : `${asked}&limit=100${next === undefined || one ? '' : `&after=${next}`}`
        const before = performance.now()
        const answer = await ask(query)
        values.push(performance.now() - before)
        if (one && answer.certificates[0]?.party !== partyOfSeed(random(i))) throw new Error(`${query} was not found`)
        // Every second question is for the page behind, of the same question.
        next = /end|since|door/.test(what) || i % 10 === 9 ? undefined : answer.next
      }
      values.sort((a, b) => a - b)
      const p95 = values[Math.floor(values.length * 0.95)] ?? Number.NaN
      print({ name: `search by ${what}, p95`, unit: 'ms', values: [p95], goal: '< 20 ms' })
    }
  } finally {
    agent.destroy()
  }
}

/** Entries in the ledger, when it has stopped growing. */
async function settled(house: RunningHouse): Promise<number> {
  for (let last = -1; ; ) {
    const size = await ledgerSize(house)
    if (size === last) return size
    last = size
    await delay(2_000)
  }
}

async function integrated(house: RunningHouse, size: number): Promise<void> {
  while ((await ledgerSize(house)) < size) await delay(100)
}

/** The second line of the checkpoint. @see C2SP tlog-checkpoint */
async function ledgerSize(house: RunningHouse): Promise<number> {
  return Number((await readFile(join(house.data, 'ledger', 'checkpoint'), 'utf8')).split('\n')[1])
}

/** Of the data directory: store and ledger. */
async function octetsOf(): Promise<number> {
  const { stdout } = await promisify(execFile)('du', [
    '--summarize',
    '--block-size=1',
    join(directory, 'countersign-data'),
  ])
  return Number.parseInt(stdout, 10)
}

/** The most that it has had in memory. @see proc(5), VmHWM */
async function peakMegabytes(house: RunningHouse): Promise<number> {
  const status = await readFile(`/proc/${house.ready.pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}
