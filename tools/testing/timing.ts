// Whether a comparison tells by its time where two values differ.

/** Calls in one sample: longer than the clock is coarse. */
const CALLS = 200
const SAMPLES = 301

/**
 * How much longer `compare` takes on `far` than on `near`, as the ratio of medians. Samples of both are taken in turns, so
 * that what else runs on the machine slows both.
 */
export function timeRatio<T>(compare: (value: T) => boolean, near: T, far: T): number {
  const times: [number[], number[]] = [[], []]
  let seen = 0
  for (let sample = -SAMPLES; sample < 2 * SAMPLES; sample++) {
    const which = (sample & 1) as 0 | 1
    const value = which === 0 ? near : far
    const started = performance.now()
    for (let call = 0; call < CALLS; call++) if (compare(value)) seen++
    // The first third only warms the engine up.
    if (sample >= 0) times[which].push(performance.now() - started)
  }
  if (seen > 0) throw new Error('values that differ were found the same')
  return median(times[1]) / median(times[0])
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] as number
}
