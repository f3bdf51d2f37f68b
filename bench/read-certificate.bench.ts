// Reading a certificate whole, every extension decoded, beside Node's own class and the JavaScript libraries: a typical
// leaf that no reader has seen, in turns in one run. No public key is imported. And what 100,000 of them take of memory.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { print } from './measurement.ts'
import { READERS } from './support/certificate-readers.ts'
import { freshLeaves } from './support/leaves.ts'

const ROUNDS = 9
/** The JavaScript libraries take milliseconds for each. */
const CERTIFICATES = { fast: 2_000, slow: 50 }
const KEPT = { fast: 100_000, slow: 1_000 }
const MEMORY_ROUNDS = 3
const MEMORY = fileURLToPath(new URL('support/parsed-memory.ts', import.meta.url))

type Name = keyof typeof READERS
const names = Object.keys(READERS) as Name[]
const paceOf = (name: Name) => (name === 'pkijs' || name === '@peculiar/x509' ? 'slow' : 'fast')
const others = names.filter((name) => name !== 'countersign')

const times = new Map<Name, number[]>(names.map((name) => [name, []]))
let sink: unknown
// The first three rounds compile code and are not counted.
for (let round = -3; round < ROUNDS; round++)
  for (const name of names) {
    const read: (der: Uint8Array) => unknown = READERS[name]
    const leaves = freshLeaves(CERTIFICATES[paceOf(name)])
    const start = performance.now()
    for (const der of leaves) sink = read(der)
    const microseconds = (1_000 * (performance.now() - start)) / leaves.length
    if (round >= 0) times.get(name)?.push(microseconds)
  }
if (sink === undefined) throw new Error('nothing was read')

for (const name of others) print({ name, unit: 'µs', values: times.get(name) ?? [] })
const goal = 'fastest, ≤ 10 µs'
print({ name: 'countersign', unit: 'µs', values: times.get('countersign') ?? [], baselines: others, goal })

const octets = new Map<Name, number[]>(names.map((name) => [name, []]))
for (let round = 0; round < MEMORY_ROUNDS; round++)
  for (const name of names) {
    const args = ['--conditions=source', MEMORY, name, String(KEPT[paceOf(name)])]
    octets.get(name)?.push(Number(execFileSync(process.execPath, args, { encoding: 'utf8' })))
  }
const kept = (name: Name) => `${name}, kept`
for (const name of others) print({ name: kept(name), unit: 'octets each', values: octets.get(name) ?? [] })
print({
  name: kept('countersign'),
  unit: 'octets each',
  values: octets.get('countersign') ?? [],
  baselines: others.map(kept),
  goal: '≤ node:crypto',
})
