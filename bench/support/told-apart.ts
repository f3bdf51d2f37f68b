// Whether two samples are told apart: the test of Mann and Whitney, which asks nothing of how they are distributed.

/** What came of it. */
export interface Comparison {
  /** How often one of the first is larger than one of the second; 0.5 where they are alike. */
  readonly auc: number
  /** In standard deviations of the hypothesis that they are alike. */
  readonly z: number
}

/** @see Mann, Whitney: "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other" (1947) */
export function compare(first: readonly number[], second: readonly number[]): Comparison {
  const all = [
    ...first.map((value) => ({ value, isFirst: true })),
    ...second.map((value) => ({ value, isFirst: false })),
  ]
  all.sort((a, b) => a.value - b.value)
  let ranks = 0
  for (let from = 0; from < all.length; ) {
    let to = from
    while (all[to]?.value === all[from]?.value && to < all.length) to++
    // Those that are equal have the mean of their ranks.
    const rank = (from + 1 + to) / 2
    for (let i = from; i < to; i++) if (all[i]?.isFirst) ranks += rank
    from = to
  }
  const [n, m] = [first.length, second.length]
  const u = ranks - (n * (n + 1)) / 2
  return { auc: u / (n * m), z: (u - (n * m) / 2) / Math.sqrt((n * m * (n + m + 1)) / 12) }
}
