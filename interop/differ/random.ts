// Choices from a seed, so that a chain can be had again from its number.

export interface Random {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number
  /** True once in `times`. */
  once(times: number): boolean
  pick<T>(choices: readonly T[]): T
  /** Some of `choices`, each at most once, in their order; at least `least` and at most `most`. */
  some<T>(choices: readonly T[], least: number, most: number): readonly T[]
}

/** Starts from `seed`, a whole number (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const below = (bound: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
  return {
    below,
    once: (times) => below(times) === 0,
    pick<T>(choices: readonly T[]): T {
      if (choices.length === 0) throw new RangeError('there is nothing to pick from')
      return choices[below(choices.length)] as T
    },
    some(choices, least, most) {
      const left = choices.map((_, i) => i)
      const count = Math.min(least + below(most - least + 1), choices.length)
      const taken = Array.from({ length: count }, () => left.splice(below(left.length), 1)[0])
      return choices.filter((_, i) => taken.includes(i))
    },
  }
}
