// Mutations of octets, from a seed, and readers that must survive them.
import assert from 'node:assert/strict'

/** For a longer run: `npm run -s fuzz`, which sets COUNTERSIGN_FUZZ_ROUNDS and COUNTERSIGN_FUZZ_SEED. */
export const ROUNDS: number = Number(process.env['COUNTERSIGN_FUZZ_ROUNDS'] ?? 4_000)
export const SEED: number = Number(process.env['COUNTERSIGN_FUZZ_SEED'] ?? 20_261_124)

/** What one input of some hundred octets may take, a pause of the machine included: a thousand times what it does take. */
const MAX_MILLISECONDS = 2_000

/** A reader and what is told of it. */
export interface Survivor {
  /** What it reads without an error; mutations start from these. */
  readonly seeds: readonly Uint8Array[]
  /** Reads, and gives what was read and what is written from its values, which must be the same; or nothing, where nothing writes it. */
  readonly again: (octets: Uint8Array) => readonly [read: Uint8Array, written: Uint8Array] | undefined
  readonly isDeclared: (error: unknown) => boolean
  /** How many mutations one input has, at most. */
  readonly mutations?: number
  /** What one input may take; {@link MAX_MILLISECONDS} unless given. */
  readonly maxMilliseconds?: number
}

/** Mutates for `rounds`: nothing but declared errors may come out, in bounded time, and what is read is written the same. */
export function survive(
  { seeds, again, isDeclared, mutations = 3, maxMilliseconds = MAX_MILLISECONDS }: Survivor,
  rounds: number = ROUNDS,
  seed: number = SEED,
): void {
  const below = numbersFrom(seed)
  let read = 0
  for (let round = 0; round < rounds; round++) {
    let octets = seeds[below(seeds.length)] ?? assert.fail('no seeds')
    for (let times = 1 + below(mutations); times > 0; times--) octets = mutate(octets, seeds, below)
    const where = `seed ${seed}, round ${round}: ${octets.length > 4096 ? octets.length : octets.toHex()}`
    const started = performance.now()
    let pair: ReturnType<Survivor['again']>
    try {
      pair = again(octets)
      read++
    } catch (error) {
      if (!isDeclared(error)) throw new Error(where, { cause: error })
    }
    assert.ok(performance.now() - started < maxMilliseconds, `too slow: ${where}`)
    if (pair !== undefined) assert.equal(pair[1].toHex(), pair[0].toHex(), where)
  }
  assert.ok(read > rounds / 100, 'hardly anything was read: the mutations are too coarse')
}

/** Numbers below `bound` from a seed (xorshift32), so that a failure can be had again. */
export function numbersFrom(seed: number): (bound: number) => number {
  let state = seed | 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

/** Changes, cuts, doubles or borrows a few octets. */
export function mutate(der: Uint8Array, others: readonly Uint8Array[], below: (bound: number) => number): Uint8Array {
  if (der.length === 0) return der
  const octets = [...der]
  const at = below(octets.length)
  const length = 1 + below(12)
  const other = others[below(others.length)] ?? der
  const from = below(other.length)
  switch (below(8)) {
    case 0:
      octets[at] = (octets[at] ?? 0) ^ (1 << below(8))
      break
    case 1:
      octets[at] = below(256)
      break
    case 2:
      octets.splice(at, length)
      break
    case 3:
      octets.splice(at, 0, ...octets.slice(at, at + length))
      break
    case 4:
      octets.splice(at, length, ...other.slice(from, from + length))
      break
    case 5:
      octets[at] = ((octets[at] ?? 0) + (below(2) === 0 ? 1 : 255)) & 0xff
      break
    case 6:
      octets[at] = [0x00, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0xff][below(8)] ?? 0
      break
    default:
      octets.length = at
  }
  return Uint8Array.from(octets)
}
