// A ledger of 1,000,000 entries of 300 octets: what an entry costs in it and at its beginning, a proof, and the offline
// verifier beside the hashes that it must make. What is written is on the disk before its checkpoint, and that too.
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatVerifierKey } from '@countersign/authority'
import { newSigning, openLedgerIn } from '../tools/testing/ledger.ts'
import { print } from './measurement.ts'

const SIZE = 1_000_000
const MILLION = SIZE.toLocaleString('en')
const ENTRY_OCTETS = 300
const BATCH = 10_000
const ROUNDS = 5
const PROOFS = 500
const SINGLES = 100
const VERIFY = fileURLToPath(new URL('support/verify-ledger.ts', import.meta.url))
/** statfs(2): TMPFS_MAGIC. */
const TMPFS = 0x01021994

if ((await statfs(tmpdir())).type === TMPFS)
  throw new Error(`${tmpdir()} is in memory, where nothing is durable: set TMPDIR to a folder on a disk`)

function entryOf(index: number): Uint8Array {
  const entry = new Uint8Array(ENTRY_OCTETS)
  new DataView(entry.buffer).setUint32(0, index)
  return entry
}
const entriesOf = (from: number, count: number) => Array.from({ length: count }, (_, i) => entryOf(from + i))
const millisecondsOf = async (work: () => Promise<unknown>) => {
  const start = performance.now()
  await work()
  return performance.now() - start
}
const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? 0

const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
try {
  const signing = newSigning()
  const ledger = await openLedgerIn(join(scratch, 'large'), signing)
  const small = await openLedgerIn(join(scratch, 'small'), signing)
  await small.append(0, entriesOf(0, 1_000))

  const rates: number[] = []
  while (ledger.checkpoint.size < SIZE) {
    const at = ledger.checkpoint.size
    const entries = entriesOf(at, BATCH)
    rates.push((1_000 * BATCH) / (await millisecondsOf(() => ledger.append(at, entries))))
  }
  print({ name: `append, ${BATCH.toLocaleString('en')} at once`, unit: 'per second', values: rates })

  const singles = { small: [] as number[], large: [] as number[] }
  for (let round = 0; round <= ROUNDS; round++)
    for (const [size, of] of [
      ['small', small],
      ['large', ledger],
    ] as const) {
      const times: number[] = []
      for (let i = 0; i < SINGLES; i++) {
        const at = of.checkpoint.size
        times.push(await millisecondsOf(() => of.append(at, [entryOf(at)])))
      }
      // The first round warms the code and is not counted.
      if (round > 0) singles[size].push(quantile(times, 0.5))
    }
  const SMALL = 'append one, among 1,000'
  print({ name: SMALL, unit: 'ms', values: singles.small })
  const MANY = `append one, among ${MILLION}`
  print({ name: MANY, unit: 'ms', values: singles.large, baselines: [SMALL], goal: 'the same' })

  const proofs = { any: [] as number[], anySlow: [] as number[], last: [] as number[] }
  for (let round = 0; round <= ROUNDS; round++) {
    const { size } = ledger.checkpoint
    const any: number[] = []
    const last: number[] = []
    for (let i = 0; i < PROOFS; i++) {
      // Steps through the whole, so that no tile of leaves is met twice while it is remembered.
      any.push(await millisecondsOf(() => ledger.prove((i * 104_729 + round) % size)))
      last.push(await millisecondsOf(() => ledger.prove(size - 1 - (i % 200))))
    }
    if (round === 0) continue
    proofs.any.push(quantile(any, 0.5))
    proofs.anySlow.push(quantile(any, 0.99))
    proofs.last.push(quantile(last, 0.5))
  }
  print({ name: 'proof of any entry', unit: 'ms', values: proofs.any, goal: '< 1 ms' })
  print({ name: 'proof of any entry, 99th percentile', unit: 'ms', values: proofs.anySlow })
  print({ name: 'proof of one of the last 200', unit: 'ms', values: proofs.last, goal: '< 1 ms' })

  const floor: number[] = []
  const verified: number[] = []
  const memory = { small: [] as number[], large: [] as number[] }
  const verify = (name: string): { readonly seconds: number; readonly megabytes: number } => {
    const args = ['--conditions=source', VERIFY, join(scratch, name), formatVerifierKey(signing.key)]
    return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  }
  for (let round = 0; round < 3; round++) {
    const [entry, children] = [new Uint8Array(1 + ENTRY_OCTETS), new Uint8Array(65)]
    const hashing = await millisecondsOf(async () => {
      for (let i = 0; i < ledger.checkpoint.size; i++) {
        hash('sha256', entry, 'buffer')
        hash('sha256', children, 'buffer')
      }
    })
    floor.push(hashing / 1_000)
    const { seconds, megabytes } = verify('large')
    verified.push(seconds)
    memory.large.push(megabytes)
    memory.small.push(verify('small').megabytes)
  }
  const FLOOR = 'the hashes of all'
  print({ name: FLOOR, unit: 's', values: floor })
  print({
    name: `verify ${MILLION}`,
    unit: 's',
    values: verified,
    baselines: [FLOOR],
    goal: '< 60 s',
  })
  const FEW = 'verify 1,000, memory at most'
  print({ name: FEW, unit: 'MB', values: memory.small })
  print({ name: `verify ${MILLION}, memory at most`, unit: 'MB', values: memory.large, baselines: [FEW] })
} finally {
  await rm(scratch, { recursive: true, force: true })
}
