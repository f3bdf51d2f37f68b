// Mutations of octets, from a seed.

/** For a longer run: COUNTERSIGN_FUZZ_ROUNDS and COUNTERSIGN_FUZZ_SEED. */
export const ROUNDS: number = Number(process.env['COUNTERSIGN_FUZZ_ROUNDS'] ?? 4_000)
export const SEED: number = Number(process.env['COUNTERSIGN_FUZZ_SEED'] ?? 20_261_124)

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
