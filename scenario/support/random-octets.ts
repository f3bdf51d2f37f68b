// Octets that look random and are the same in every run, so that what fails can be seen again.

/** `length` octets from `seed`. @see Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003 */
export function randomOctets(length: number, seed: number): Buffer {
  const octets = Buffer.alloc(length)
  // Any state but zero.
  let state = (seed * 2_654_435_761) >>> 0 || 1
  for (let index = 0; index < length; index++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    octets[index] = state >>> 24
  }
  return octets
}
